// with_mariadb COMMAND ARGUMENTS...: runs a command while a throw-away MariaDB server is up, and
// exits as the command did. The server starts again whenever it is killed.
//
// The command finds urls without a database in MIG_TEST_MARIADB_URL (Unix socket) and
// MIG_TEST_MARIADB_TCP_URL (password), and the file that holds the server's process id in
// MIG_TEST_MARIADB_PID.
#include <cstdlib>

#include "tests/servers/mariadb_server.h"
#include "tests/servers/run_with.h"

int main(int count, char** arguments) {
  if (count < 2) return mig::UsageOfWith("with_mariadb");
  mig::MariadbServer server({.tcp = true, .revive = true});
  setenv("MIG_TEST_MARIADB_URL", server.Url().c_str(), 1);
  setenv("MIG_TEST_MARIADB_TCP_URL", server.TcpUrlWithPassword().c_str(), 1);
  setenv("MIG_TEST_MARIADB_PID", server.pid_file().c_str(), 1);
  return mig::RunWith("with_mariadb", arguments + 1);
}
