#include "cli/pager.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include "cli/file.h"

extern char** environ;

namespace mig {
namespace {

volatile pid_t running_pager = 0;

// Ctrl-C is the pager's as long as it runs: less stops what it does and stays, and would be left
// behind, beside the shell, by a process that ends.
void OnInterrupt(int) {
  const int saved = errno;
  const bool stays = ::waitpid(running_pager, nullptr, WNOHANG) == 0;
  errno = saved;
  if (stays) return;
  std::signal(SIGINT, SIG_DFL);
  ::raise(SIGINT);
}

std::string CommandLine() {
  for (const char* name : {"MIG_PAGER", "PAGER"}) {
    if (const char* value = std::getenv(name)) return value;
  }
  const char* path = std::getenv("PATH");
  return FindProgram(path == nullptr ? "" : path, "less").empty() ? "" : "less";
}

// What the shell runs: the pager, and where there is none such, which then has read nothing, `cat`.
// The shell outlives the pager, and so must not end of a Ctrl-C that the pager survives.
std::string ScriptOf(const std::string& command_line) {
  return "trap : INT\n" + command_line +
         "\ncase $? in 126|127) echo 'warning: the pager cannot be run' >&2; cat ;; esac\n";
}

// A shell that runs the command line with `input` as its stdin; 0 when it cannot be started. It
// gets SIGPIPE and SIGINT as if we had not changed them.
pid_t Spawn(const std::string& command_line, int input) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t defaults;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::sigemptyset(&defaults);
  ::sigaddset(&defaults, SIGPIPE);
  ::sigaddset(&defaults, SIGINT);
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  ::setenv("LESS", "FRX", 0);
  std::string shell = "/bin/sh", option = "-c", line = ScriptOf(command_line);
  char* const words[] = {shell.data(), option.data(), line.data(), nullptr};
  pid_t child = 0;
  if (::posix_spawn(&child, shell.c_str(), &actions, &attributes, words, environ) != 0) child = 0;
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return child;
}

}  // namespace

std::unique_ptr<Pager> Pager::Start() {
  const std::string command_line = CommandLine();
  if (::isatty(STDOUT_FILENO) != 1 || command_line.empty() || command_line == "cat") return nullptr;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return nullptr;
  const pid_t child = Spawn(command_line, ends[0]);
  ::close(ends[0]);
  const int terminal = child > 0 ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3) : -1;
  if (terminal >= 0) ::dup2(ends[1], STDOUT_FILENO);
  ::close(ends[1]);
  return terminal < 0 ? nullptr : std::unique_ptr<Pager>(new Pager(child, terminal));
}

Pager::Pager(pid_t child, int terminal) : child_(child), terminal_(terminal) {
  running_pager = child;
  std::signal(SIGINT, OnInterrupt);
}

Pager::~Pager() {
  ::dup2(terminal_, STDOUT_FILENO);  // closes the pipe: the pager sees the end
  ::close(terminal_);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
  std::signal(SIGINT, SIG_DFL);
}

}  // namespace mig
