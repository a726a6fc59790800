// with_postgres COMMAND ARGUMENTS...: runs a command while a throw-away PostgreSQL server is up,
// and exits as the command did.
//
// The command finds urls of an empty database in MIG_TEST_POSTGRES_URL (Unix socket) and
// MIG_TEST_POSTGRES_TCP_URL (password).
#include <cstdlib>

#include "tests/servers/postgres_server.h"
#include "tests/servers/run_with.h"

int main(int count, char** arguments) {
  if (count < 2) return mig::UsageOfWith("with_postgres");
  mig::PostgresServer server({.tcp = true});
  setenv("MIG_TEST_POSTGRES_URL", server.Url().c_str(), 1);
  setenv("MIG_TEST_POSTGRES_TCP_URL", server.TcpUrlWithPassword().c_str(), 1);
  return mig::RunWith("with_postgres", arguments + 1);
}
