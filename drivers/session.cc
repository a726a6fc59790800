#include "drivers/session.h"

#include "drivers/mariadb_session.h"
#include "drivers/postgres_session.h"
#include "drivers/sqlite_session.h"

namespace mig {

Result<void> Session::ExecuteBeforeReset(std::vector<SqlCommand> commands) {
  return ExecuteAll(commands, {});
}

Result<void> Session::CommitWith(std::vector<SqlCommand> commands) {
  TRY(ExecuteAll(commands, {}));
  return Commit();
}

Result<std::unique_ptr<Session>> OpenSession(const TargetUrl& url, IfMissing if_missing) {
  switch (url.dialect) {
    case Dialect::kSqlite:
      return SqliteSession::Open(url.path, if_missing);
    case Dialect::kPostgresql:
      return PostgresSession::Open(url);
    case Dialect::kMariadb:
      return MariadbSession::Open(url);
  }
  return Error{Reason::kInternal, "a dialect without sessions"};
}

}  // namespace mig
