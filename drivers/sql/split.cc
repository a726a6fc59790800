#include "drivers/sql/split.h"

#include "drivers/sql/lexer.h"
#include "drivers/sql/position.h"
#include "drivers/sql/statement_end.h"

namespace mig {
namespace {

Error ClientCommand(std::string_view script, const StatementSpan& statement, const Token& token) {
  std::string_view text = token.TextIn(script);
  if (text == "\\" || text.starts_with('.')) {
    return ErrorAt(Reason::kSqlClientCommand, script, token.begin,
                   "a command of the database's shell, not SQL, begins");
  }
  return ErrorAt(Reason::kSqlClientCommand, script, statement.begin,
                 "COPY from the client's input begins");
}

// `StatementEnd` is one of statement_end.h.
template <typename StatementEnd>
Result<std::vector<StatementSpan>> SplitBy(Dialect dialect, std::string_view script) {
  std::vector<StatementSpan> statements;
  std::optional<StatementSpan> open;
  Lexer lexer(dialect, script);
  StatementEnd end(script);
  for (Token token = TRY(lexer.Next()); token.kind != TokenKind::kEnd; token = TRY(lexer.Next())) {
    if (token.kind == TokenKind::kHint) continue;
    if (IsSymbol(token, script, ";") && end.AtTopLevel()) {
      if (open) statements.push_back(*open);
      open.reset();
      end = StatementEnd(script);
      continue;
    }
    if (!open) open = StatementSpan{token.begin, token.end};
    open->end = token.end;
    if (!end.Take(token)) return ClientCommand(script, *open, token);
  }
  if (auto unclosed = end.FindUnclosed()) {
    return ErrorAt(Reason::kSqlUnterminated, script, unclosed->begin,
                   "the " + std::string(unclosed->what) + " is never closed");
  }
  if (open) statements.push_back(*open);
  return statements;
}

}  // namespace

Result<std::vector<StatementSpan>> SplitStatements(Dialect dialect, std::string_view script) {
  switch (dialect) {
    case Dialect::kPostgresql:
      return SplitBy<PostgresqlStatementEnd>(dialect, script);
    case Dialect::kSqlite:
      return SplitBy<SqliteStatementEnd>(dialect, script);
    case Dialect::kMariadb:
      break;
  }
  return Error{Reason::kUnsupported, "MariaDB scripts cannot be split yet"};
}

}  // namespace mig
