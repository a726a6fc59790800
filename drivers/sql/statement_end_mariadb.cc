#include <algorithm>
#include <initializer_list>

#include "drivers/sql/statement_end.h"

namespace mig {
namespace {

bool IsAnyWord(const Token& token, std::string_view script,
               std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words,
                             [&](std::string_view word) { return IsWord(token, script, word); });
}

}  // namespace

bool MariadbStatementEnd::Take(const Token& token) {
  if (previous_.kind == TokenKind::kEnd) begin_ = token.begin;
  if (token.kind == TokenKind::kExecutableOpen) in_executable_comment_ = true;
  if (token.kind == TokenKind::kExecutableClose) in_executable_comment_ = false;
  if (heading_ == Heading::kRoutine) {
    if (blocks_ == 0 && BeginsPlainStatement(token)) plain_ = true;
    if (OpensBlock(token)) {
      ++blocks_;
      in_handler_ = false;
    }
    if (Is(token, "end") && blocks_ > 0) --blocks_;
    if (Is(token, "handler") && IsAnyWord(previous_, script_, {"continue", "exit", "undo"}))
      in_handler_ = true;
    if (IsSymbol(token, script_, ";")) in_handler_ = false;
  } else {
    AdvanceHeading(token);
  }
  previous_ = token;
  return !IsSymbol(token, script_, "\\");
}

std::optional<Unclosed> MariadbStatementEnd::FindUnclosed() const {
  if (in_executable_comment_) return Unclosed{begin_, "executable comment"};
  if (blocks_ > 0) return Unclosed{begin_, "body"};
  return std::nullopt;
}

void MariadbStatementEnd::AdvanceHeading(const Token& token) {
  if (token.kind == TokenKind::kExecutableOpen || token.kind == TokenKind::kExecutableClose) return;
  bool routine = IsAnyWord(token, script_, {"procedure", "function", "trigger", "event"});
  if (heading_ == Heading::kStart) {
    heading_ = Is(token, "create") || Is(token, "begin") ? Heading::kCreate : Heading::kOther;
  } else if (heading_ == Heading::kCreate && routine) {
    heading_ = Heading::kRoutine;
  } else if (heading_ == Heading::kCreate && Is(token, "atomic") && Is(previous_, "not")) {
    heading_ = Heading::kRoutine;
    ++blocks_;
  } else if (IsAnyWord(token, script_, {"table", "view", "index", "user", "database", "schema"})) {
    heading_ = Heading::kOther;
  }
}

// CASE stands in expressions as well; the others open a block only where a statement may begin.
bool MariadbStatementEnd::OpensBlock(const Token& token) const {
  if (Is(previous_, "end")) return false;
  if (Is(token, "case")) return true;
  if (blocks_ == 0 && plain_) return false;
  if (Is(token, "begin")) return blocks_ == 0 || AtBodyStatement(token);
  return IsAnyWord(token, script_, {"if", "loop", "repeat", "while", "for"}) &&
         AtBodyStatement(token);
}

// A body that is one statement without blocks: in what follows, BEGIN and IF are names and
// functions.
bool MariadbStatementEnd::BeginsPlainStatement(const Token& token) const {
  if (Is(token, "set")) return !IsAnyWord(previous_, script_, {"character", "charset"});
  if (IsAnyWord(token, script_, {"insert", "update", "delete"}))
    return !IsAnyWord(previous_, script_, {"before", "after", "or"});
  return IsAnyWord(token, script_, {"select", "call", "return", "signal", "replace", "with"}) &&
         !Is(previous_, "or");
}

// A body that is one statement follows a heading, which may end with a type, a name or a comment.
// None of these words stands in a heading but IF NOT EXISTS and FOR EACH ROW.
bool MariadbStatementEnd::AtBodyStatement(const Token& token) const {
  if (IsSymbol(previous_, script_, ":")) return true;
  // DECLARE CONTINUE HANDLER FOR condition, ... statement
  if (in_handler_ && !Is(token, "for")) return true;
  if (blocks_ > 0) {
    return IsSymbol(previous_, script_, ";") ||
           IsAnyWord(previous_, script_,
                     {"begin", "then", "else", "do", "loop", "repeat", "atomic"});
  }
  if (!Is(token, "for"))
    return !IsAnyWord(previous_, script_, {"procedure", "function", "trigger", "event", "body"});
  return IsSymbol(previous_, script_, ")") || previous_.kind == TokenKind::kString ||
         IsAnyWord(previous_, script_,
                   {"row", "deterministic", "sql", "data", "do", "invoker", "definer"});
}

}  // namespace mig
