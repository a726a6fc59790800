#include "tests/servers/mariadb_server.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>

namespace mig {
namespace {

using namespace std::chrono_literals;

// Changes when the commands that make the template do.
constexpr char kTemplate[] = MIG_SERVER_CACHE "/mariadb-template-1";
constexpr char kPassword[] = "hunter2-Zaunkoenig";
constexpr char kUser[] = "mysql";
constexpr auto kStartTimeout = 60s;
// Small files: each server copies them.
constexpr char kSizes[] =
    "--innodb-log-file-size=8M --innodb-buffer-pool-size=64M --innodb-undo-tablespaces=0 "
    "--innodb-data-file-path=ibdata1:5M:autoextend "
    "--innodb-temp-data-file-path=ibtmp1:1M:autoextend "
    "--aria-log-file-size=8M --performance-schema=off";

[[noreturn]] void Die(const std::string& what) { NoServer("MariaDB", what); }

// A data directory whose root has no password at the socket and one over TCP, and a certificate for
// TLS.
void MakeTemplate() {
  std::string folder = MakeServerFolder("mariadb");
  std::ofstream(folder + "/users.sql") << fmt::format(
      "FLUSH PRIVILEGES;\nSET PASSWORD FOR root@'127.0.0.1' = PASSWORD('{}');\n", kPassword);
  std::string install = fmt::format(
      "{0}mariadb-install-db --no-defaults --datadir={1}/data "
      "--auth-root-authentication-method=normal "
      "--skip-test-db --skip-name-resolve --extra-file={1}/users.sql {2} >{1}/log 2>&1 || {{ cat "
      "{1}/log; false; }}",
      AsServerUser(kUser), folder, kSizes);
  std::string certificate = fmt::format(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 "
      "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
      "-keyout {0}/data/server.key -out {0}/data/server.crt 2>{0}/log; chmod 644 {0}/data/server.*",
      folder);
  Shell("MariaDB", fmt::format("{}; {}; {}; cp -a {}/data {}.new; mv -T {}.new {}; rm -rf {}",
                               GiveToServerUser(kUser, folder), install, certificate, folder,
                               kTemplate, kTemplate, kTemplate, folder));
}

bool Accepts(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), std::min(path.size(), sizeof address.sun_path - 1));
  int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool accepted = connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(client);
  return accepted;
}

}  // namespace

MariadbServer::MariadbServer(const Options& options) {
  EnsureServerTemplate(kTemplate, MakeTemplate);
  folder_ = MakeServerFolder("mariadb");
  if (options.tcp || options.tls) port_ = FreePort();
  Shell("MariaDB", fmt::format("cp -a {0} {1}/data; mkdir {1}/tmp; {2}", kTemplate, folder_,
                               GiveToServerUser(kUser, folder_)));
  Launch(options);
  AwaitReady();
}

void MariadbServer::Launch(const Options& options) {
  // A server that starts removes what others of the same tmpdir have there.
  std::string server = fmt::format(
      "{0}mariadbd --no-defaults --datadir={1}/data --tmpdir={1}/tmp --socket={2} --pid-file={3} "
      "--port={4} --skip-name-resolve {5} --innodb-flush-log-at-trx-commit={6} {7}",
      AsServerUser(kUser), folder_, socket(), pid_file(), port_,
      options.tcp || options.tls ? "--bind-address=127.0.0.1" : "--skip-networking",
      options.flush ? 1 : 0, kSizes);
  if (options.tls)
    server += fmt::format(" --ssl-cert={0}/data/server.crt --ssl-key={0}/data/server.key", folder_);
  for (const std::string& setting : options.settings) server += " --" + setting;
  supervisor_.Start(fmt::format(
      "while :; do {0} </dev/null >>{1}/log 2>&1; [ -e {1}/once ] && break; done & "
      "{2}read -r _; touch {1}/once; kill -KILL $(cat {3}) 2>/dev/null; wait; rm -rf {1}",
      server, folder_, options.revive ? "" : fmt::format("touch {}/once; ", folder_), pid_file()));
}

void MariadbServer::AwaitReady() const {
  auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  while (!Accepts(socket())) {
    if (std::chrono::steady_clock::now() > deadline) {
      std::ifstream log(folder_ + "/log");
      Die("it does not answer:\n" + std::string(std::istreambuf_iterator<char>(log), {}));
    }
    std::this_thread::sleep_for(10ms);
  }
}

std::string MariadbServer::Url(const std::string& database) const {
  return fmt::format("mariadb://root@/{}?unix_socket={}", database, UrlEncodedPath(socket()));
}

std::string MariadbServer::TcpUrl(const std::string& database) const {
  return fmt::format("mariadb://root@127.0.0.1:{}/{}", port_, database);
}

std::string MariadbServer::TcpUrlWithPassword(const std::string& database) const {
  return fmt::format("mariadb://root:{}@127.0.0.1:{}/{}", kPassword, port_, database);
}

std::string MariadbServer::Password() { return kPassword; }

void MariadbServer::Kill() {
  pid_t pid = 0;
  std::ifstream(pid_file()) >> pid;
  if (!KillServer(pid)) Die("it cannot be killed");
}

}  // namespace mig
