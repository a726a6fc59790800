#include "tests/servers/postgres_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace mig {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Changes when the commands that make the template do.
constexpr char kTemplate[] = MIG_SERVER_CACHE "/postgres-template-1";
constexpr char kPassword[] = "hunter2-Zaunkoenig";
constexpr auto kStartTimeout = 60s;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "no PostgreSQL for the tests: %s\n", what.c_str());
  std::exit(1);
}

std::string ServerPrograms() {
  std::vector<fs::path> versions;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", missing)) {
    if (fs::exists(entry.path() / "bin/initdb")) versions.push_back(entry.path() / "bin");
  }
  if (versions.empty()) Die("no /usr/lib/postgresql/*/bin/initdb is installed");
  return std::max_element(versions.begin(), versions.end())->string();
}

// Root may not run a server: the words that make a command run as someone who may, or none.
const passwd* ServerUser() {
  const passwd* user = getpwnam("postgres");
  return user != nullptr ? user : getpwnam("nobody");
}

std::string AsServerUser() {
  if (geteuid() != 0) return "";
  const passwd* user = ServerUser();
  return fmt::format("setpriv --reuid={} --regid={} --clear-groups ", user->pw_uid, user->pw_gid);
}

std::string GiveToServerUser(const std::string& folder) {
  if (geteuid() != 0) return "true";
  const passwd* user = ServerUser();
  return fmt::format("chown -R {}:{} {}", user->pw_uid, user->pw_gid, folder);
}

void Shell(const std::string& script) {
  int status = std::system(("set -e; cd /; exec 3>&1; { " + script + "; } >&2").c_str());
  if (status != 0) Die(script);
}

std::string MakeFolder() {
  std::string folder = (fs::temp_directory_path() / "mig-postgres-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) Die("cannot make " + folder);
  chmod(folder.c_str(), 0755);
  return folder;
}

// A cluster whose superuser has a password, and a certificate for TLS. Built aside by the user who
// may, then moved into place.
void MakeTemplate() {
  std::string folder = MakeFolder();
  std::ofstream(folder + "/password") << kPassword << "\n";
  std::string initdb = fmt::format(
      "{}{}/initdb -D {}/data -U postgres --pwfile={}/password --auth-local=trust "
      "--auth-host=scram-sha-256 -E UTF8 --locale=C.UTF-8 --wal-segsize=1 --no-sync >{}/log",
      AsServerUser(), ServerPrograms(), folder, folder, folder);
  std::string certificate = fmt::format(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 "
      "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
      "-keyout {0}/data/server.key -out {0}/data/server.crt 2>{0}/log; chmod 600 "
      "{0}/data/server.key; chmod 644 {0}/data/server.crt",
      folder);
  Shell(fmt::format("{}; {}; {}; cp -a {}/data {}.new; mv -T {}.new {}; rm -rf {}",
                    GiveToServerUser(folder), initdb, certificate, folder, kTemplate, kTemplate,
                    kTemplate, folder));
}

void EnsureTemplate() {
  fs::create_directories(MIG_SERVER_CACHE);
  int lock = open(MIG_SERVER_CACHE "/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0666);
  if (lock < 0 || flock(lock, LOCK_EX) != 0) Die("cannot lock " MIG_SERVER_CACHE);
  if (!fs::exists(kTemplate)) MakeTemplate();
  close(lock);
}

std::string FreePort() {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  bool bound = bind(listener, any, size) == 0 && getsockname(listener, any, &size) == 0;
  close(listener);
  if (!bound) Die("no free port");
  return std::to_string(ntohs(address.sin_port));
}

std::string UrlEncoded(std::string text) {
  for (std::size_t at = 0; (at = text.find('/', at)) != std::string::npos;)
    text.replace(at, 1, "%2F");
  return text;
}

// A zombie has closed its sockets.
bool IsDead(pid_t pid) {
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string text(std::istreambuf_iterator<char>(stat), {});
  std::size_t name_end = text.rfind(')');
  return name_end == std::string::npos || text.substr(name_end, 3) == ") Z";
}

}  // namespace

PostgresServer::PostgresServer(const Options& options) {
  EnsureTemplate();
  folder_ = MakeFolder();
  if (options.tcp || options.tls) port_ = FreePort();
  // The template is never open while it is copied, so a plain copy is a consistent cluster.
  Shell(fmt::format("cp -a {} {}/data; {}", kTemplate, folder_, GiveToServerUser(folder_)));
  Launch(options);
  AwaitReady();
}

// The supervisor is a shell that waits for its standard input to end, which it does when we close
// it or die.
void PostgresServer::Launch(const Options& options) {
  std::string server = fmt::format(
      "{}{}/postgres -D {}/data -k {} -p {} -c listen_addresses={} -c fsync={} -c ssl={}",
      AsServerUser(), ServerPrograms(), folder_, folder_, port_,
      options.tcp || options.tls ? "127.0.0.1" : "''", options.fsync ? "on" : "off",
      options.tls ? "on" : "off");
  for (const std::string& setting : options.settings) server += " -c " + setting;
  std::string script = fmt::format(
      "cd /; trap '' INT TERM HUP; {} </dev/null >{}/log 2>&1 & read -r _; kill -QUIT $! 2>/dev/null; wait; rm "
      "-rf {}",
      server, folder_, folder_);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) Die("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  char sh[] = "/bin/sh", c[] = "-c";
  char* arguments[] = {sh, c, script.data(), nullptr};
  if (posix_spawn(&supervisor_, sh, &actions, &attributes, arguments, environ) != 0)
    Die("no shell");
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(ends[0]);
  lifeline_ = ends[1];
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

PostgresServer::~PostgresServer() {
  close(lifeline_);
  waitpid(supervisor_, nullptr, 0);
}

std::string PostgresServer::Url(const std::string& database) const {
  return fmt::format("postgresql://postgres@/{}?host={}&port={}", database, UrlEncoded(folder_),
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
  if (pid <= 0 || kill(pid, SIGKILL) != 0) Die("it cannot be killed");
  while (!IsDead(pid)) std::this_thread::sleep_for(1ms);
}

}  // namespace mig
