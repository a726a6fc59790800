// The second half of with_postgres and with_mariadb: running a command beside a server.
#pragma once

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

namespace mig {

struct WithArguments {
  bool sync = true;          // --no-sync: commits do not wait for the disk
  char** command = nullptr;  // with its arguments; none was given: null
};

inline WithArguments ParseWith(char** arguments) {
  WithArguments parsed;
  if (*++arguments != nullptr && std::string_view(*arguments) == "--no-sync") {
    parsed.sync = false;
    ++arguments;
  }
  if (*arguments != nullptr) parsed.command = arguments;
  return parsed;
}

inline int UsageOfWith(const char* program) {
  std::fprintf(stderr, "usage: %s [--no-sync] COMMAND ARGUMENTS...\n", program);
  return 2;
}

// Runs the command in this process's environment; its exit status.
inline int RunWith(const char* program, char** command) {
  pid_t child = 0;
  if (posix_spawnp(&child, command[0], nullptr, nullptr, command, environ) != 0) {
    std::fprintf(stderr, "%s: %s cannot be run\n", program, command[0]);
    return 127;
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace mig
