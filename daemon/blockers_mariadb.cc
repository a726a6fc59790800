#include "daemon/blockers_mariadb.h"

#include <fmt/format.h>

#include "daemon/lease.h"
#include "drivers/mariadb_user_locks.h"
#include "drivers/sql/classify.h"

namespace mig {
namespace {

// connection, user, command, seconds in the command, statement, seconds in the transaction.
constexpr char kTransactions[] =
    "SELECT DISTINCT b.trx_mysql_thread_id, p.user, p.command, p.time, p.info, "
    "timestampdiff(SECOND, b.trx_started, now()) FROM information_schema.innodb_trx b "
    "LEFT JOIN information_schema.processlist p ON p.id = b.trx_mysql_thread_id ";
constexpr char kOfTheLock[] =
    "JOIN information_schema.innodb_lock_waits w ON w.blocking_trx_id = b.trx_id "
    "JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_trx_id "
    "WHERE r.trx_mysql_thread_id = $1 ORDER BY 1 LIMIT 5";
// Those in this database first, then the oldest. A prepared XA transaction has no connection.
constexpr char kOfOthers[] =
    "WHERE b.trx_mysql_thread_id NOT IN (0, $1) "
    "ORDER BY p.db <=> database() DESC, b.trx_started LIMIT 5";

bool IsIdle(const SqlValue& command) { return TextOf(command) == "Sleep"; }

std::string StatementOf(const SqlValue& statement) {
  const std::string verb = DisplayKeywords(Dialect::kMariadb, TextOf(statement));
  return verb.empty() ? "a statement" : verb;
}

// Without times, or with them.
std::string DescribeConnection(const std::vector<SqlValue>& row, bool timed) {
  const std::string connection = fmt::format("connection {}", NumberOf(row[0]));
  if (TextOf(row[1]).empty()) return connection;
  const bool idle = IsIdle(row[2]);
  const std::string doing = idle ? "idle in transaction" : "running " + StatementOf(row[4]);
  const std::string times =
      timed ? fmt::format(" for {} s", NumberOf(row[idle ? 5 : 3])) : std::string();
  return fmt::format("{} ({}, {}{})", TextOf(row[1]), connection, doing, times);
}

Result<bool> WaitsForMetadata(Session& observer, std::int64_t server_id) {
  const SqlResult found =
      TRY(observer.Execute({"SELECT 1 FROM information_schema.processlist WHERE id = $1 "
                            "AND state LIKE 'Waiting for % metadata lock'",
                            {server_id}}));
  return !found.rows.empty();
}

}  // namespace

Result<Blockers> MariadbBlockersOf(Session& observer, std::int64_t server_id) {
  Blockers blockers;
  const bool metadata = TRY(WaitsForMetadata(observer, server_id));
  const std::string which = metadata ? kOfOthers : kOfTheLock;
  if (metadata) blockers.sentence = blockers.who = "a metadata lock";
  const auto found = observer.Execute({kTransactions + which, {server_id}});
  if (!found && found.error().reason != Reason::kDatabasePermission)
    return Unexpected(found.error());
  if (!found) return blockers;
  for (std::size_t i = 0; i < found->rows.size(); ++i) {
    const std::string comma = i > 0 ? ", " : metadata ? " that may be held by " : "";
    blockers.sentence += comma + DescribeConnection(found->rows[i], true);
    blockers.who += comma + DescribeConnection(found->rows[i], false);
  }
  return blockers;
}

Result<std::string> MariadbHolderActivity(Session& observer, std::string_view lock_name) {
  const auto [first, second] = MariadbUserLocks(lock_name);
  const SqlResult found = TRY(observer.Execute(
      {"SELECT l.id, p.command, p.time, p.info "
       "FROM (SELECT coalesce(is_used_lock($1), is_used_lock($2)) AS id) l "
       "LEFT JOIN information_schema.processlist p ON p.id = l.id WHERE l.id IS NOT NULL",
       {first, second}}));
  if (found.rows.empty()) return std::string();
  const auto& row = found.rows[0];
  const std::string connection = fmt::format("connection {}", NumberOf(row[0]));
  if (TextOf(row[1]).empty()) return connection;
  if (IsIdle(row[1])) return connection + " is idle";
  return fmt::format("{} runs {} for {} s", connection, StatementOf(row[3]), NumberOf(row[2]));
}

}  // namespace mig
