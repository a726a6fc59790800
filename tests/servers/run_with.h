// The second half of with_postgres and with_mariadb: running a command beside a server.
#pragma once

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

namespace mig {

inline int UsageOfWith(const char* program) {
  std::fprintf(stderr, "usage: %s COMMAND ARGUMENTS...\n", program);
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
