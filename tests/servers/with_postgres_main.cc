// with_postgres COMMAND ARGUMENTS...: runs a command while a throw-away PostgreSQL server is up,
// and exits as the command did.
//
// The command finds urls of an empty database in MIG_TEST_POSTGRES_URL (Unix socket) and
// MIG_TEST_POSTGRES_TCP_URL (password).
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "tests/servers/postgres_server.h"

int main(int count, char** arguments) {
  if (count < 2) {
    std::fputs("usage: with_postgres COMMAND ARGUMENTS...\n", stderr);
    return 2;
  }
  mig::PostgresServer server({.tcp = true});
  setenv("MIG_TEST_POSTGRES_URL", server.Url().c_str(), 1);
  setenv("MIG_TEST_POSTGRES_TCP_URL", server.TcpUrlWithPassword().c_str(), 1);
  pid_t child = 0;
  int failure = posix_spawnp(&child, arguments[1], nullptr, nullptr, arguments + 1, environ);
  if (failure != 0) {
    std::fprintf(stderr, "with_postgres: %s cannot be run\n", arguments[1]);
    return 127;
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
