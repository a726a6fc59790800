// A throw-away MariaDB server of the installed version for one test process: as postgres_server.h,
// for MariaDB. As root, the server runs as user mysql, or as nobody where there is none.
#pragma once

#include <string>
#include <vector>

#include "tests/servers/server_process.h"

namespace mig {

class MariadbServer {
 public:
  struct Options {
    bool tcp = false;     // also listens on a free port of 127.0.0.1, with a password
    bool tls = false;     // with a self-signed certificate for localhost, over TCP
    bool flush = true;    // false: commits are not synced
    bool revive = false;  // starts again whenever it dies
    std::vector<std::string> settings = {};  // name=value
  };

  // A server that answers. Ends the process with a message when none can be started.
  explicit MariadbServer(const Options& options);
  MariadbServer(const MariadbServer&) = delete;

  // Urls of a database, or of none, for the superuser `root`: over the socket, which asks for no
  // password, and over TCP, without the password and with it. A password for the url as well as in
  // plain.
  std::string Url(const std::string& database = "") const;
  std::string TcpUrl(const std::string& database = "") const;
  std::string TcpUrlWithPassword(const std::string& database = "") const;
  static std::string Password();

  const std::string& folder() const { return folder_; }
  std::string socket() const { return folder_ + "/socket"; }
  std::string pid_file() const { return folder_ + "/pid"; }
  const std::string& port() const { return port_; }
  std::string certificate() const { return folder_ + "/data/server.crt"; }

  // Kills the server without any farewell (SIGKILL): its socket stays behind.
  void Kill();

 private:
  void Launch(const Options& options);
  void AwaitReady() const;

  std::string folder_;
  std::string port_ = "3306";
  Supervisor supervisor_;
};

}  // namespace mig
