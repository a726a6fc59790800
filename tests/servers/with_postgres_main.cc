// with_postgres [--no-sync] COMMAND ARGUMENTS...: runs a command while a throw-away PostgreSQL
// server is up, and exits as the command did. With --no-sync the server does not wait for the disk.
//
// The command finds urls of an empty database in MIG_TEST_POSTGRES_URL (Unix socket) and
// MIG_TEST_POSTGRES_TCP_URL (password).
#include <cstdlib>

#include "tests/servers/postgres_server.h"
#include "tests/servers/run_with.h"

int main(int, char** arguments) {
  const mig::WithArguments asked = mig::ParseWith(arguments);
  if (asked.command == nullptr) return mig::UsageOfWith("with_postgres");
  mig::PostgresServer server({.tcp = true, .fsync = asked.sync});
  setenv("MIG_TEST_POSTGRES_URL", server.Url().c_str(), 1);
  setenv("MIG_TEST_POSTGRES_TCP_URL", server.TcpUrlWithPassword().c_str(), 1);
  return mig::RunWith("with_postgres", asked.command);
}
