#include "drivers/postgres_dump.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "drivers/child_process.h"
#include "drivers/one_line.h"
#include "drivers/postgres_program.h"
#include "drivers/session.h"
#include "drivers/sql/bookkeeping_tables.h"
#include "drivers/sql/lexer.h"
#include "drivers/sql/split.h"

namespace mig {
namespace {

std::vector<std::string> ArgumentsOf(const PostgresProgram& program) {
  std::vector<std::string> arguments = {
      "pg_dump",          "--schema-only", "--no-owner",      "--no-privileges",
      "--no-tablespaces", "--no-password", "--encoding=UTF8", "--dbname=" + program.conninfo};
  for (std::string_view table : kBookkeepingTables) {
    arguments.push_back(fmt::format("--exclude-table=*.{}", table));
    arguments.push_back(fmt::format("--exclude-table=*.{}_*_seq", table));
  }
  return arguments;
}

// pg_dump brackets its text with \restrict and \unrestrict for psql (since 15.14): lines of its
// first and last comment.
std::string WithoutRestrict(std::string_view dump) {
  constexpr std::string_view kOpen = "\n\\restrict ";
  constexpr std::string_view kClose = "\n\\unrestrict ";
  std::string text(dump);
  for (std::size_t at : {text.rfind(kClose), text.find(kOpen)}) {
    if (at != std::string::npos) text.erase(at + 1, text.find('\n', at + 1) - at);
  }
  return text;
}

bool IsOwnSetting(std::string_view statement) {
  constexpr std::array<std::string_view, 11> kSettings = {
      "SET statement_timeout = ",
      "SET lock_timeout = ",
      "SET idle_in_transaction_session_timeout = ",
      "SET transaction_timeout = ",
      "SET client_encoding = ",
      "SET standard_conforming_strings = ",
      "SET client_min_messages = ",
      "SET row_security = ",
      "SET default_tablespace = ",
      "SET default_with_oids = ",
      "SET default_table_access_method = heap"};
  for (std::string_view setting : kSettings) {
    if (statement.starts_with(setting)) return true;
  }
  return false;
}

// A dump of the schema alone leaves materialized views unfilled, which nobody can read. They are
// filled behind everything that they may read, in the order of their making, as a whole dump does.
// Empty for any other statement.
Result<std::string> FillingOf(std::string_view statement) {
  constexpr std::string_view kCreate = "CREATE MATERIALIZED VIEW ";
  if (!statement.starts_with(kCreate)) return std::string();
  Lexer lexer(Dialect::kPostgresql, statement);
  lexer.MoveTo(kCreate.size());
  Token name = TRY(lexer.Next());
  while (statement.substr(name.end).starts_with('.')) {
    TRY(lexer.Next());
    name.end = TRY(lexer.Next()).end;
  }
  return fmt::format("REFRESH MATERIALIZED VIEW {};\n\n", name.TextIn(statement));
}

Error DumpFailed(const ChildOutcome& outcome, const TargetUrl& url) {
  std::string why = OneLine(RedactSecrets(outcome.err));
  bool mismatch = why.find("server version mismatch") != std::string::npos;
  return Error{mismatch ? Reason::kUnsupported : Reason::kStatementFailed,
               fmt::format("pg_dump could not read the schema of {}: {}", url.redacted, why),
               {},
               mismatch ? "install the PostgreSQL client programs of the server's version"
                        : "connect as a user that may read all of it"};
}

}  // namespace

Result<std::string> StatementsOfDump(std::string_view dump) {
  std::string text = WithoutRestrict(dump);
  std::vector<StatementSpan> spans = TRY(SplitStatements(Dialect::kPostgresql, text));
  std::string script, fillings;
  for (const StatementSpan& span : spans) {
    std::string_view statement = span.TextIn(text);
    if (IsOwnSetting(statement)) continue;
    script += fmt::format("{};\n\n", statement);
    fillings += TRY(FillingOf(statement));
  }
  script += fillings;
  if (!script.empty()) script.pop_back();
  return script;
}

Result<std::string> DumpPostgresSchema(const TargetUrl& url) {
  TRY(OpenSession(url, IfMissing::kFail));
  const PostgresProgram program = PostgresProgramFor(url);
  Result<ChildOutcome> outcome = RunChild(ArgumentsOf(program), program.environment);
  if (!outcome) {
    outcome.error().hint = "install PostgreSQL's client programs (Debian: postgresql-client)";
    return std::move(outcome).error();
  }
  if (outcome->status != 0) return DumpFailed(*outcome, url);
  if (outcome->cut) {
    return Error{Reason::kLimitExceeded, fmt::format("the schema of {} is longer than {} MiB",
                                                     url.redacted, kMostOutput >> 20U)};
  }
  return StatementsOfDump(outcome->out);
}

}  // namespace mig
