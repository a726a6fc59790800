// with_mariadb [--no-sync] COMMAND ARGUMENTS...: runs a command while a throw-away MariaDB server
// is up, and exits as the command did. The server starts again whenever it is killed. With
// --no-sync it does not wait for the disk.
//
// The command finds urls without a database in MIG_TEST_MARIADB_URL (Unix socket) and
// MIG_TEST_MARIADB_TCP_URL (password), and the file that holds the server's process id in
// MIG_TEST_MARIADB_PID.
#include <cstdlib>

#include "tests/servers/mariadb_server.h"
#include "tests/servers/run_with.h"

int main(int, char** arguments) {
  const mig::WithArguments asked = mig::ParseWith(arguments);
  if (asked.command == nullptr) return mig::UsageOfWith("with_mariadb");
  mig::MariadbServer server({.tcp = true, .flush = asked.sync, .revive = true});
  setenv("MIG_TEST_MARIADB_URL", server.Url().c_str(), 1);
  setenv("MIG_TEST_MARIADB_TCP_URL", server.TcpUrlWithPassword().c_str(), 1);
  setenv("MIG_TEST_MARIADB_PID", server.pid_file().c_str(), 1);
  return mig::RunWith("with_mariadb", asked.command);
}
