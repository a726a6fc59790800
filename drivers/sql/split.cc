#include "drivers/sql/split.h"

#include <algorithm>
#include <optional>

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
  Error error = ErrorAt(Reason::kSqlClientCommand, script, statement.begin,
                        "COPY from or to the client begins");
  error.hint =
      "write INSERT statements, as `pg_dump --inserts` does, or let COPY take a file of the server";
  return error;
}

// The part of a word or symbol in front of the shell's delimiter, which may stand anywhere in it or
// start there; the whole token when there is none.
std::size_t FindDelimiter(std::string_view script, const Token& token, std::string_view delimiter) {
  bool plain = token.kind == TokenKind::kWord || token.kind == TokenKind::kSymbol ||
               token.kind == TokenKind::kNumber;
  if (!plain) return script.npos;
  std::size_t room = token.end - token.begin + delimiter.size() - 1;
  std::size_t at = script.substr(token.begin, room).find(delimiter);
  return at == script.npos ? at : token.begin + at;
}

constexpr std::string_view kBlanks = " \t\r";

bool BeginsLine(std::string_view script, const Token& token) {
  std::string_view before = script.substr(0, token.begin);
  before = before.substr(before.rfind('\n') + 1);
  return before.find_first_not_of(kBlanks) == before.npos;
}

// The argument of a DELIMITER line, which may be in quotes; empty where there is none.
std::string_view DelimiterOf(std::string_view script, const Token& command) {
  std::string_view line = script.substr(command.end, script.find('\n', command.end) - command.end);
  const std::size_t begin = line.find_first_not_of(kBlanks);
  if (begin == 0 || begin == line.npos) return {};
  const bool quoted = std::string_view("'\"`").find(line[begin]) != line.npos;
  const std::size_t end = quoted ? line.find(line[begin], begin + 1)
                                 : std::min(line.find_first_of(kBlanks, begin), line.size());
  if (end == line.npos) return {};
  return quoted ? line.substr(begin + 1, end - begin - 1) : line.substr(begin, end - begin);
}

// A comment that no MariaDB executes is part of its statement: MySQL may.
bool IsPassedOver(std::string_view script, const Token& token) {
  return token.kind == TokenKind::kHint && script[token.begin + 2] == '+';
}

// MariaDB, of which the shell's DELIMITER lines are obeyed.
class MariadbSplitter {
 public:
  explicit MariadbSplitter(std::string_view script)
      : script_(script), lexer_(Dialect::kMariadb, script), end_(script) {}

  Result<std::vector<StatementSpan>> Split() {
    for (Token token = TRY(lexer_.Next()); token.kind != TokenKind::kEnd;
         token = TRY(lexer_.Next())) {
      if (IsPassedOver(script_, token)) continue;
      TRY(Take(token));
    }
    if (auto unclosed = end_.FindUnclosed(); unclosed && delimiter_ == ";") {
      Error error = ErrorAt(Reason::kSqlUnterminated, script_, unclosed->begin,
                            "nothing closes the " + std::string(unclosed->what) + " that begins");
      error.hint =
          "where that is not so, put a line `DELIMITER //` before the statement, and `//` and a "
          "line `DELIMITER ;` behind it";
      return error;
    }
    EndStatement();
    return std::move(statements_);
  }

 private:
  Result<void> Take(Token token) {
    if (!open_ && IsWord(token, script_, "delimiter")) return ChangeDelimiter(token);
    std::size_t delimiter = FindDelimiter(script_, token, delimiter_);
    bool ends = delimiter != script_.npos && (delimiter_ != ";" || end_.AtTopLevel());
    if (ends) token.end = delimiter;
    if (token.end > token.begin) TRY(AddToken(token));
    if (!ends) return {};
    EndStatement();
    lexer_.MoveTo(delimiter + delimiter_.size());
    return {};
  }

  Result<void> AddToken(const Token& token) {
    bool semicolon = IsSymbol(token, script_, ";");
    if (!open_ && semicolon) return {};
    if (!open_) open_ = StatementSpan{token.begin, token.end};
    if (!semicolon) open_->end = token.end;
    if (end_.Take(token)) return {};
    return ClientCommand(script_, *open_, token);
  }

  Result<void> ChangeDelimiter(const Token& command) {
    if (!BeginsLine(script_, command)) {
      return ErrorAt(Reason::kSqlClientCommand, script_, command.begin,
                     "a DELIMITER that does not begin its line stands");
    }
    delimiter_ = DelimiterOf(script_, command);
    if (delimiter_.empty() || delimiter_.find('\\') != delimiter_.npos) {
      return ErrorAt(Reason::kSqlClientCommand, script_, command.begin,
                     "a DELIMITER line without a delimiter stands");
    }
    lexer_.MoveTo(std::min(script_.find('\n', command.end), script_.size()));
    return {};
  }

  void EndStatement() {
    if (open_) statements_.push_back(*open_);
    open_.reset();
    end_ = MariadbStatementEnd(script_);
  }

  std::string_view script_;
  Lexer lexer_;
  MariadbStatementEnd end_;
  std::string_view delimiter_ = ";";
  std::optional<StatementSpan> open_;
  std::vector<StatementSpan> statements_;
};

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
                   "nothing closes the " + std::string(unclosed->what) + " that begins");
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
      return MariadbSplitter(script).Split();
  }
  return Error{Reason::kInternal, "a dialect without a splitter"};
}

}  // namespace mig
