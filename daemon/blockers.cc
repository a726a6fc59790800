#include "daemon/blockers.h"

#include <fmt/format.h>

#include "daemon/blockers_mariadb.h"
#include "daemon/lease.h"
#include "drivers/postgres_lock_key.h"
#include "drivers/sql/classify.h"

namespace mig {
namespace {

// pid, user, application, state, seconds in the transaction, seconds in the statement, statement.
constexpr char kActivity[] =
    "a.pid, a.usename, a.application_name, a.state, "
    "pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.xact_start)::bigint, "
    "pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.query_start)::bigint, a.query";

std::string VerbOf(const SqlValue& query) {
  const std::string verb = DisplayKeywords(Dialect::kPostgresql, TextOf(query));
  return verb.empty() ? "a statement" : verb;
}

// Without times, or with them.
std::string Describe(const std::vector<SqlValue>& row, bool timed) {
  if (TextOf(row[0]).empty()) return "a prepared transaction";
  std::string text = fmt::format("{} (pid {}", TextOf(row[1]), TextOf(row[0]));
  if (const std::string application = TextOf(row[2]); !application.empty())
    text += ", " + application;
  const bool active = TextOf(row[3]) == "active";
  text += active ? ", running " + VerbOf(row[6]) : ", " + TextOf(row[3]);
  if (timed) text += fmt::format(" for {} s", NumberOf(row[active ? 5 : 4]));
  if (!active) text += ", last " + VerbOf(row[6]);
  return text + ")";
}

}  // namespace

Result<Blockers> BlockersOf(Session& observer, std::int64_t server_id) {
  Blockers blockers;
  if (observer.dialect() == Dialect::kMariadb) return MariadbBlockersOf(observer, server_id);
  if (observer.dialect() != Dialect::kPostgresql) return blockers;
  const SqlResult found = TRY(observer.Execute(
      {fmt::format(
           "SELECT DISTINCT {} FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1)) b(pid) "
           "LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid ORDER BY 1 LIMIT 5",
           kActivity),
       {server_id}}));
  for (const auto& row : found.rows) {
    const std::string comma = blockers.who.empty() ? "" : ", ";
    blockers.sentence += comma + Describe(row, true);
    blockers.who += comma + Describe(row, false);
  }
  return blockers;
}

Result<std::string> HolderActivity(Session& observer, std::string_view lock_name) {
  if (observer.dialect() == Dialect::kMariadb) return MariadbHolderActivity(observer, lock_name);
  if (observer.dialect() != Dialect::kPostgresql) return std::string();
  const std::int64_t key = PostgresLockKey(lock_name);
  const SqlResult found = TRY(observer.Execute(
      {fmt::format("SELECT {} FROM pg_catalog.pg_locks l "
                   "JOIN pg_catalog.pg_database d ON d.oid = l.database "
                   "JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid "
                   "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 "
                   "AND d.datname = pg_catalog.current_database() "
                   "AND (l.classid::bigint << 32 | l.objid::bigint) = $1",
                   kActivity),
       {key}}));
  if (found.rows.empty()) return std::string();
  const auto& row = found.rows[0];
  if (TextOf(row[3]) != "active")
    return fmt::format("pid {} is {}", TextOf(row[0]), TextOf(row[3]));
  return fmt::format("pid {} runs {} for {} s", TextOf(row[0]), VerbOf(row[6]), NumberOf(row[5]));
}

}  // namespace mig
