#include "drivers/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "drivers/mariadb_dump.h"
#include "drivers/postgres_dump.h"
#include "drivers/session.h"
#include "drivers/sql/bookkeeping_tables.h"
#include "drivers/sql/split.h"
#include "drivers/sql/terminated.h"
#include "store/core/section_mark.h"

namespace mig {
namespace {

// Objects in order of creation; internal ones have no text, a virtual table makes its shadow tables
// itself.
constexpr char kObjects[] =
    "SELECT tbl_name, sql FROM sqlite_schema "
    "WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
    "AND tbl_name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow') ORDER BY rowid";

bool IsBookkeeping(const std::string& table) {
  return std::find(kBookkeepingTables.begin(), kBookkeepingTables.end(), table) !=
         kBookkeepingTables.end();
}

// What the header of the file says of the application's own; 0 is what a new file has.
constexpr std::string_view kNumbersOfTheFile[] = {"application_id", "user_version"};

Result<std::string> ReadNumbersOfTheFile(Session& session) {
  std::string script;
  for (const std::string_view pragma : kNumbersOfTheFile) {
    const SqlResult answer = TRY(session.Execute({fmt::format("PRAGMA {}", pragma)}));
    const auto number = std::get<std::int64_t>(answer.rows.at(0).at(0));
    if (number != 0) script += fmt::format("PRAGMA {} = {};\n", pragma, number);
  }
  return script;
}

Result<std::string> ReadSqliteSchema(const TargetUrl& url) {
  std::unique_ptr<Session> session = TRY(OpenSession(url, IfMissing::kFail));
  SqlResult objects = TRY(session->Execute({kObjects}));
  std::string script = TRY(ReadNumbersOfTheFile(*session));
  for (const std::vector<SqlValue>& object : objects.rows) {
    if (IsBookkeeping(std::get<std::string>(object[0]))) continue;
    if (!script.empty()) script += "\n";
    script += Terminated(std::get<std::string>(object[1])) + "\n";
  }
  return script;
}

Result<std::string> ReadSchema(const TargetUrl& url) {
  switch (url.dialect) {
    case Dialect::kSqlite:
      return ReadSqliteSchema(url);
    case Dialect::kPostgresql:
      return DumpPostgresSchema(url);
    case Dialect::kMariadb:
      return DumpMariadbSchema(url);
  }
  return Error{Reason::kInternal, "a dialect whose schema cannot be read"};
}

// A revision file is divided at its marks wherever they stand, in a string or a body as well.
Result<void> RefuseSectionMarks(std::string_view statement) {
  for (std::size_t begin = 0; begin < statement.size();) {
    const std::size_t end = std::min(statement.find('\n', begin), statement.size());
    const std::string_view line = statement.substr(begin, end - begin);
    begin = end + 1;
    if (!IsSectionMark(line) && !IsNearlySectionMark(line)) continue;
    return Error{Reason::kUnsupported,
                 fmt::format("a revision file cannot hold the line `{}` of: {}", line,
                             statement.substr(0, statement.find('\n'))),
                 {},
                 "change that line in the database: it would divide the file"};
  }
  return {};
}

}  // namespace

Result<std::string> ReadBaseline(const TargetUrl& url) {
  std::string script = TRY(ReadSchema(url));
  const auto statements = SplitStatements(url.dialect, script);
  if (!statements) return script;  // to be shown where it is wrong, in the file
  for (const StatementSpan& span : *statements) TRY(RefuseSectionMarks(span.TextIn(script)));
  return script;
}

}  // namespace mig
