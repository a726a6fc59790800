// A throw-away PostgreSQL server of the installed version for one test process.
//
// The cluster is copied from a template that is initialised once per build directory; it lives in a
// temporary folder, listens on a Unix socket there, and ends, folder included, with this object or
// with this process, however that dies. As root, the server runs as user postgres, or as nobody
// where there is none.
#pragma once

#include <string>
#include <vector>

#include "tests/servers/server_process.h"

namespace mig {

class PostgresServer {
 public:
  struct Options {
    bool tcp = false;  // also listens on a free port of 127.0.0.1, with password (scram-sha-256)
    bool tls = false;  // with a self-signed certificate for localhost, over TCP
    bool fsync = true;
    std::vector<std::string> settings = {};  // name=value
  };

  // A server that answers. Ends the process with a message when none can be started.
  explicit PostgresServer(const Options& options);
  PostgresServer(const PostgresServer&) = delete;

  // Urls of a database for the superuser `postgres`: over the socket, which asks for no password,
  // and over TCP, without the password and with it. A password for the url as well as in plain.
  std::string Url(const std::string& database = "postgres") const;
  std::string TcpUrl(const std::string& database = "postgres") const;
  std::string TcpUrlWithPassword(const std::string& database = "postgres") const;
  static std::string Password();

  const std::string& folder() const { return folder_; }  // of the socket, too
  const std::string& port() const { return port_; }
  std::string certificate() const { return folder_ + "/data/server.crt"; }

  // Kills the server without any farewell (SIGKILL): its socket stays behind.
  void Kill();

 private:
  void Launch(const Options& options);
  void AwaitReady() const;

  std::string folder_;
  std::string port_ = "5432";
  Supervisor supervisor_;
};

}  // namespace mig
