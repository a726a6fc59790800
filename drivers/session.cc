#include "drivers/session.h"

#include "drivers/mariadb_session.h"
#include "drivers/postgres_session.h"
#include "drivers/sqlite_session.h"

namespace mig {
namespace {

Result<void> ExecuteUncounted(Session& session, const std::vector<SqlCommand>& commands) {
  auto outcome = session.ExecuteAll(commands, {});
  if (!outcome) outcome.error().details.erase("command_index");
  return outcome;
}

}  // namespace

Result<void> Session::ExecuteBeforeReset(std::vector<SqlCommand> commands) {
  return ExecuteUncounted(*this, commands);
}

Result<void> Session::CommitWith(std::vector<SqlCommand> commands) {
  TRY(ExecuteUncounted(*this, commands));
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
