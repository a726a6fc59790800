#include "daemon/foreign_keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/bookkeeping.h"
#include "daemon/lease.h"
#include "daemon/statement_batch.h"
#include "drivers/sql/sqlite_tables.h"

namespace mig {
namespace {

// Whether a statement behind the first `behind` of the first unit makes the table.
bool IsMadeAgain(const std::string& table, std::span<const Unit> units, std::size_t behind) {
  for (const Unit& unit : units) {
    for (; behind < unit.statements.size(); ++behind) {
      if (SqliteTableMade(unit.statements[behind].sql) == table) return true;
    }
    behind = 0;
  }
  return false;
}

}  // namespace

Result<void> CheckForeignKeys(Session& session, const RunStep& step) {
  const SqlResult violations = TRY(session.Execute({"PRAGMA foreign_key_check"}));
  if (violations.rows.empty()) return {};
  constexpr std::size_t kNamed = 5;
  std::string named;
  for (std::size_t i = 0; i < std::min(violations.rows.size(), kNamed); ++i) {
    const auto& row = violations.rows[i];
    named += fmt::format("{}{} row {} to {}", named.empty() ? "" : ", ", TextOf(row[0]),
                         TextOf(row[1]), TextOf(row[2]));
  }
  if (violations.rows.size() > kNamed)
    named += fmt::format(" and {} more", violations.rows.size() - kNamed);
  const RevisionFile& file = step.file();
  return Error{
      Reason::kVerifyFailed,
      fmt::format("{} would leave foreign keys that lead nowhere: {}", step.summary.name, named),
      {{"name", step.summary.name},
       {"file", file.path.empty() ? file.name : file.path},
       {"violations", std::to_string(violations.rows.size())}},
      "`PRAGMA foreign_key_check` lists them all; those that were there before count, too"};
}

std::vector<Rebuild> RebuildsOf(std::span<const Unit> units) {
  std::vector<Rebuild> rebuilds;
  if (!units[0].foreign_keys) return rebuilds;
  const auto& statements = units[0].statements;
  std::string dropped;  // so far; none of them refers to anything
  for (std::size_t i = 0; i < statements.size(); ++i) {
    const std::string table = SqliteTableDropped(statements[i].sql);
    if (table.empty()) continue;
    const std::string literal = WithLiterals(Dialect::kSqlite, {"$1", {table}});
    dropped += (dropped.empty() ? "" : ", ") + literal;
    if (!IsMadeAgain(table, units, i + 1)) continue;
    rebuilds.push_back(
        {&statements[i],
         fmt::format("SELECT f.\"table\", m.name FROM sqlite_master AS m JOIN "
                     "pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table' AND "
                     "f.\"table\" = {} COLLATE NOCASE AND m.name COLLATE NOCASE NOT IN ({}) AND "
                     "f.on_delete IN ('CASCADE', 'SET NULL', 'SET DEFAULT') LIMIT 1",
                     literal, dropped)});
  }
  return rebuilds;
}

Result<void> CheckRebuilds(Session& session, const RunStep& step, std::span<const Unit> units) {
  for (const Rebuild& rebuild : RebuildsOf(units)) {
    const SqlResult found = TRY(session.Execute({rebuild.referring}));
    if (found.rows.empty()) continue;
    const bool up = step.summary.kind == StepKind::kUpgrade;
    Error error{
        Reason::kSqlInvalid,
        fmt::format("`{}` would delete the rows of {} first, and change or delete those of "
                    "{} that refer to them",
                    rebuild.drop->verb, TextOf(found.rows[0][0]), TextOf(found.rows[0][1]))};
    error.hint = fmt::format(
        "write `-- mig:{} foreign_keys=off` above the statements of a rebuild: they run with "
        "foreign keys off, and the keys are checked before the commit{}",
        up ? "up" : "down",
        up ? ""
           : "; `mig stamp --purge` with all that `mig current` names takes the edited files for "
             "what was applied");
    return WithPlace(std::move(error), step, *rebuild.drop);
  }
  return {};
}

}  // namespace mig
