#include "tests/servers/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace mig {
namespace {

namespace fs = std::filesystem;

// A zombie has closed its sockets.
bool IsDead(pid_t pid) {
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string text(std::istreambuf_iterator<char>(stat), {});
  std::size_t name_end = text.rfind(')');
  return name_end == std::string::npos || text.substr(name_end, 3) == ") Z";
}

const passwd* FindUser(const char* user) {
  const passwd* found = getpwnam(user);
  return found != nullptr ? found : getpwnam("nobody");
}

}  // namespace

void NoServer(std::string_view engine, const std::string& what) {
  std::fprintf(stderr, "no %s for the tests: %s\n", std::string(engine).c_str(), what.c_str());
  std::exit(1);
}

void Shell(std::string_view engine, const std::string& script) {
  int status = std::system(("set -e; cd /; exec 3>&1; { " + script + "; } >&2").c_str());
  if (status != 0) NoServer(engine, script);
}

std::string MakeServerFolder(std::string_view engine) {
  std::string folder = (fs::temp_directory_path() / fmt::format("mig-{}-XXXXXX", engine)).string();
  if (mkdtemp(folder.data()) == nullptr) NoServer(engine, "cannot make " + folder);
  chmod(folder.c_str(), 0755);
  return folder;
}

void EnsureServerTemplate(const std::string& path, const std::function<void()>& make) {
  const fs::path cache = fs::path(path).parent_path();
  fs::create_directories(cache);
  int lock = open((cache / "lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666);
  if (lock < 0 || flock(lock, LOCK_EX) != 0) NoServer("server", "cannot lock " + cache.string());
  if (!fs::exists(path)) make();
  close(lock);
}

std::string AsServerUser(const char* user) {
  if (geteuid() != 0) return "";
  const passwd* found = FindUser(user);
  return fmt::format("setpriv --reuid={} --regid={} --clear-groups ", found->pw_uid, found->pw_gid);
}

std::string GiveToServerUser(const char* user, const std::string& folder) {
  if (geteuid() != 0) return "true";
  const passwd* found = FindUser(user);
  return fmt::format("chown -R {}:{} {}", found->pw_uid, found->pw_gid, folder);
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
  if (!bound) NoServer("server", "no free port");
  return std::to_string(ntohs(address.sin_port));
}

std::string UrlEncodedPath(std::string path) {
  for (std::size_t at = 0; (at = path.find('/', at)) != std::string::npos;)
    path.replace(at, 1, "%2F");
  return path;
}

bool KillServer(pid_t pid) {
  if (pid <= 0 || kill(pid, SIGKILL) != 0) return false;
  while (!IsDead(pid)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return true;
}

void Supervisor::Start(std::string script) {
  script = "cd /; trap '' INT TERM HUP; " + script;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) NoServer("server", "no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  char sh[] = "/bin/sh", c[] = "-c";
  char* arguments[] = {sh, c, script.data(), nullptr};
  if (posix_spawn(&shell_, sh, &actions, &attributes, arguments, environ) != 0)
    NoServer("server", "no shell");
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(ends[0]);
  lifeline_ = ends[1];
}

Supervisor::~Supervisor() {
  if (shell_ < 0) return;
  close(lifeline_);
  waitpid(shell_, nullptr, 0);
}

}  // namespace mig
