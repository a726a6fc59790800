#include "tests/servers/postgres_server.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

namespace mig {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Changes when the commands that make the template do.
constexpr char kTemplate[] = MIG_SERVER_CACHE "/postgres-template-1";
constexpr char kPassword[] = "hunter2-Zaunkoenig";
constexpr char kUser[] = "postgres";
constexpr auto kStartTimeout = 60s;

[[noreturn]] void Die(const std::string& what) { NoServer("PostgreSQL", what); }

std::string ServerPrograms() {
  std::vector<fs::path> versions;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", missing)) {
    if (fs::exists(entry.path() / "bin/initdb")) versions.push_back(entry.path() / "bin");
  }
  if (versions.empty()) Die("no /usr/lib/postgresql/*/bin/initdb is installed");
  return std::max_element(versions.begin(), versions.end())->string();
}

// A cluster whose superuser has a password, and a certificate for TLS. Built aside by the user who
// may, then moved into place.
void MakeTemplate() {
  std::string folder = MakeServerFolder("postgres");
  std::ofstream(folder + "/password") << kPassword << "\n";
  std::string initdb = fmt::format(
      "{}{}/initdb -D {}/data -U postgres --pwfile={}/password --auth-local=trust "
      "--auth-host=scram-sha-256 -E UTF8 --locale=C.UTF-8 --wal-segsize=1 --no-sync >{}/log",
      AsServerUser(kUser), ServerPrograms(), folder, folder, folder);
  std::string certificate = fmt::format(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 "
      "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
      "-keyout {0}/data/server.key -out {0}/data/server.crt 2>{0}/log; chmod 600 "
      "{0}/data/server.key; chmod 644 {0}/data/server.crt",
      folder);
  Shell("PostgreSQL", fmt::format("{}; {}; {}; cp -a {}/data {}.new; mv -T {}.new {}; rm -rf {}",
                                  GiveToServerUser(kUser, folder), initdb, certificate, folder,
                                  kTemplate, kTemplate, kTemplate, folder));
}

}  // namespace

PostgresServer::PostgresServer(const Options& options) {
  EnsureServerTemplate(kTemplate, MakeTemplate);
  folder_ = MakeServerFolder("postgres");
  if (options.tcp || options.tls) port_ = FreePort();
  // The template is never open while it is copied, so a plain copy is a consistent cluster.
  Shell("PostgreSQL",
        fmt::format("cp -a {} {}/data; {}", kTemplate, folder_, GiveToServerUser(kUser, folder_)));
  Launch(options);
  AwaitReady();
}

void PostgresServer::Launch(const Options& options) {
  std::string server = fmt::format(
      "{}{}/postgres -D {}/data -k {} -p {} -c listen_addresses={} -c fsync={} -c ssl={}",
      AsServerUser(kUser), ServerPrograms(), folder_, folder_, port_,
      options.tcp || options.tls ? "127.0.0.1" : "''", options.fsync ? "on" : "off",
      options.tls ? "on" : "off");
  for (const std::string& setting : options.settings) server += " -c " + setting;
  supervisor_.Start(fmt::format(
      "{} </dev/null >{}/log 2>&1 & read -r _; kill -QUIT $! 2>/dev/null; wait; rm -rf {}", server,
      folder_, folder_));
}

void PostgresServer::AwaitReady() const {
  std::string conninfo =
      fmt::format("host={} port={} user=postgres dbname=postgres", folder_, port_);
  auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  while (PQping(conninfo.c_str()) != PQPING_OK) {
    if (std::chrono::steady_clock::now() > deadline) {
      std::ifstream log(folder_ + "/log");
      Die("it does not answer:\n" + std::string(std::istreambuf_iterator<char>(log), {}));
    }
    std::this_thread::sleep_for(10ms);
  }
}

std::string PostgresServer::Url(const std::string& database) const {
  return fmt::format("postgresql://postgres@/{}?host={}&port={}", database, UrlEncodedPath(folder_),
                     port_);
}

std::string PostgresServer::TcpUrl(const std::string& database) const {
  return fmt::format("postgresql://postgres@127.0.0.1:{}/{}", port_, database);
}

std::string PostgresServer::TcpUrlWithPassword(const std::string& database) const {
  return fmt::format("postgresql://postgres:{}@127.0.0.1:{}/{}", kPassword, port_, database);
}

std::string PostgresServer::Password() { return kPassword; }

void PostgresServer::Kill() {
  pid_t pid = 0;
  std::ifstream(folder_ + "/data/postmaster.pid") >> pid;
  if (!KillServer(pid)) Die("it cannot be killed");
}

}  // namespace mig
