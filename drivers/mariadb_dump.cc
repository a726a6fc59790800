#include "drivers/mariadb_dump.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "drivers/child_process.h"
#include "drivers/mariadb_parameters.h"
#include "drivers/mariadb_program.h"
#include "drivers/one_line.h"
#include "drivers/session.h"
#include "drivers/sql/bookkeeping_tables.h"
#include "drivers/sql/lexer.h"
#include "drivers/sql/quoted_name.h"
#include "drivers/sql/split.h"

namespace mig {
namespace {

std::vector<std::string> ArgumentsOf(const MariadbProgram& program) {
  std::vector<std::string> arguments = {"mariadb-dump"};
  arguments.insert(arguments.end(), program.options.begin(), program.options.end());
  const std::string& database = program.database;
  for (const char* option :
       {"--no-data", "--routines", "--triggers", "--events", "--single-transaction",
        "--skip-comments", "--skip-add-drop-table", "--no-tablespaces", "--skip-tz-utc",
        "--default-character-set=utf8mb4"}) {
    arguments.push_back(option);
  }
  for (std::string_view table : kBookkeepingTables)
    arguments.push_back(fmt::format("--ignore-table={}.{}", database, table));
  arguments.push_back("--");
  arguments.push_back(database);
  return arguments;
}

// The first line keeps the mariadb shell from running commands of the system: one of its own
// commands within a comment.
std::string_view WithoutSandboxLine(std::string_view dump) {
  constexpr std::string_view kSandbox = "/*M!999999\\-";
  if (!dump.starts_with(kSandbox)) return dump;
  return dump.substr(std::min(dump.find('\n'), dump.size()));
}

// `definer = user` or `definer = user@host` at a token: the offset behind it.
std::size_t BehindDefiner(std::string_view text, Lexer& lexer) {
  std::size_t end = lexer.position();
  for (int i = 0; i < 4; ++i) {  // = user @ host
    Result<Token> token = lexer.Next();
    if (!token || (i == 2 && !IsSymbol(*token, text, "@"))) break;
    end = token->end;
  }
  lexer.MoveTo(end);
  return end;
}

// The statement without the marks of executable comments and without definers.
Result<std::string> Plain(std::string_view statement) {
  std::string plain;
  std::size_t copied = 0;
  Lexer lexer(Dialect::kMariadb, statement);
  bool heading = true;  // a definer stands in front of the first parenthesis or body only
  for (Token token = TRY(lexer.Next()); token.kind != TokenKind::kEnd; token = TRY(lexer.Next())) {
    const bool mark =
        token.kind == TokenKind::kExecutableOpen || token.kind == TokenKind::kExecutableClose;
    const bool definer = heading && IsWord(token, statement, "definer") &&
                         statement.substr(token.end).starts_with('=');
    if (IsSymbol(token, statement, "(")) heading = false;
    if (!mark && !definer) continue;
    plain.append(statement.substr(copied, token.begin - copied));
    copied = definer ? BehindDefiner(statement, lexer) : token.end;
    while (copied < statement.size() && statement[copied] == ' ' &&
           (plain.empty() || plain.back() == ' ' || plain.back() == '\n')) {
      ++copied;
    }
  }
  plain.append(statement.substr(copied));
  plain.erase(plain.find_last_not_of(" \n\r\t") + 1);
  return plain;
}

// Whether what follows is the argument of one, as the server writes it.
bool OpensSequenceCall(std::string_view text) {
  return text.ends_with("nextval(") || text.ends_with("lastval(") || text.ends_with("setval(");
}

// The default of a column, and a view, name the sequence that they count by with the database, as
// `quoted`. Elsewhere that is a table which is called like the database.
Result<std::string> WithoutDatabase(std::string_view definition, std::string_view quoted) {
  std::string text;
  std::size_t copied = 0;
  Lexer lexer(Dialect::kMariadb, definition);
  for (Token token = TRY(lexer.Next()); token.kind != TokenKind::kEnd; token = TRY(lexer.Next())) {
    if (token.TextIn(definition) != quoted || !definition.substr(token.end).starts_with('.') ||
        !OpensSequenceCall(definition.substr(0, token.begin)))
      continue;
    text.append(definition.substr(copied, token.begin - copied));
    copied = token.end + 1;
  }
  return text.append(definition.substr(copied));
}

bool NamesSequences(std::string_view statement) {
  return statement.starts_with("CREATE TABLE ") || statement.starts_with("CREATE ALGORITHM=");
}

// Settings of the dump's own session, and the state of sequences.
bool IsForTheDump(std::string_view statement) {
  return statement.starts_with("SET ") || statement.starts_with("DO SETVAL(");
}

constexpr std::string_view kSetMode = "SET sql_mode              = ";

// A body that was made under another way to read text cannot be told from what is behind it.
Result<void> RefuseReadingModes(std::string_view dump) {
  const std::string set = fmt::format("\n/*!50003 {}'", kSetMode);
  for (std::size_t at = dump.find(set); at != dump.npos; at = dump.find(set, at)) {
    at += set.size();
    const std::string_view mode = dump.substr(at, dump.find('\'', at) - at);
    if (WithoutReadingModes(mode) == mode) continue;
    const std::size_t create = std::min(dump.find("CREATE", at), dump.size());
    const std::size_t begin = dump.rfind('\n', create) + 1;
    const std::string_view line = dump.substr(begin, dump.find('\n', create) - begin);
    const Result<std::string> plain = Plain(line);
    return Error{Reason::kUnsupported,
                 fmt::format("mig cannot read what was made with the sql_mode {}: {}", mode,
                             plain ? *plain : std::string(line)),
                 {},
                 "make it again without ANSI_QUOTES, NO_BACKSLASH_ESCAPES and ORACLE in sql_mode"};
  }
  return {};
}

// The mode that a statement of the dump sets for what follows: one that it names, or that of the
// session again. Unset: it sets none.
std::optional<std::string_view> ModeSetBy(std::string_view statement, std::string_view session) {
  if (!statement.starts_with(kSetMode)) return {};
  const std::string_view value = statement.substr(kSetMode.size());
  return value.starts_with('\'') ? value.substr(1, value.find('\'', 1) - 1) : session;
}

std::string SetMode(std::string_view mode) { return fmt::format("SET sql_mode = '{}';\n\n", mode); }

Error MariadbDumpFailed(const ChildOutcome& outcome, const TargetUrl& url) {
  return Error{Reason::kStatementFailed,
               fmt::format("mariadb-dump could not read the schema of {}: {}", url.redacted,
                           OneLine(RedactSecrets(outcome.err))),
               {},
               "connect as a user that may read all of it"};
}

}  // namespace

// It stands behind the columns, and before whatever people may have written.
std::string WithoutNextValue(std::string definition) {
  constexpr std::string_view kOption = " AUTO_INCREMENT=";
  const std::size_t options = definition.rfind("\n)");
  const std::size_t at = definition.find(kOption, options);
  if (at == std::string::npos || definition.find(" COMMENT='", options) < at) return definition;
  const std::size_t end = definition.find_first_not_of("0123456789", at + kOption.size());
  return definition.erase(at, end == std::string::npos ? end : end - at);
}

Result<std::string> StatementsOfMariadbDump(std::string_view dump, std::string_view database,
                                            std::string_view session_mode) {
  const std::string quoted = QuoteName(database, Dialect::kMariadb);
  std::string_view text = WithoutSandboxLine(dump);
  TRY(RefuseReadingModes(text));
  std::vector<StatementSpan> spans = TRY(SplitStatements(Dialect::kMariadb, text));
  std::string script;
  std::string mode(session_mode), wanted(session_mode);
  for (const StatementSpan& span : spans) {
    auto statement = Plain(span.TextIn(text));
    if (statement && NamesSequences(*statement)) statement = WithoutDatabase(*statement, quoted);
    if (!statement) return std::move(statement).error();
    wanted = ModeSetBy(*statement, session_mode).value_or(wanted);
    if (statement->empty() || IsForTheDump(*statement)) continue;
    if (mode != wanted) script += SetMode(wanted);
    mode = wanted;
    script += WithoutNextValue(*std::move(statement)) + ";\n\n";
  }
  if (mode != session_mode) script += SetMode(session_mode);
  if (script.empty()) return script;
  script.pop_back();
  // Tables come in the order of their names, whatever they refer to.
  return "SET foreign_key_checks = 0;\n\n" + script + "\nSET foreign_key_checks = 1;\n";
}

Result<std::string> DumpMariadbSchema(const TargetUrl& url) {
  const std::unique_ptr<Session> session = TRY(OpenSession(url, IfMissing::kFail));
  const SqlResult mode = TRY(session->Execute({"SELECT @@sql_mode"}));
  const MariadbProgram program = MariadbProgramFor(url);
  Result<ChildOutcome> outcome = RunChild(ArgumentsOf(program), program.environment);
  if (!outcome) {
    outcome.error().hint = "install MariaDB's client programs (Debian: mariadb-client)";
    return std::move(outcome).error();
  }
  if (outcome->status != 0) return MariadbDumpFailed(*outcome, url);
  if (outcome->cut) {
    return Error{Reason::kLimitExceeded, fmt::format("the schema of {} is longer than {} MiB",
                                                     url.redacted, kMostOutput >> 20U)};
  }
  return StatementsOfMariadbDump(outcome->out, program.database,
                                 std::get<std::string>(mode.rows.at(0).at(0)));
}

}  // namespace mig
