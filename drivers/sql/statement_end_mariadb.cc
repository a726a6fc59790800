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
    if (OpensBlock(token)) ++blocks_;
    if (Is(token, "end") && blocks_ > 0) --blocks_;
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
  if (Is(token, "begin")) return blocks_ == 0 || AtBodyStatement();
  return IsAnyWord(token, script_, {"if", "loop", "repeat", "while", "for"}) && AtBodyStatement();
}

bool MariadbStatementEnd::AtBodyStatement() const {
  if (IsSymbol(previous_, script_, ":")) return true;
  if (blocks_ == 0) {
    return IsSymbol(previous_, script_, ")") ||
           IsAnyWord(previous_, script_, {"row", "deterministic", "sql", "data", "do"});
  }
  return IsSymbol(previous_, script_, ";") ||
         IsAnyWord(previous_, script_, {"begin", "then", "else", "do", "loop", "repeat", "atomic"});
}

}  // namespace mig
