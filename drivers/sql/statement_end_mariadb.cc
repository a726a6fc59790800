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

bool IsMark(const Token& token) {
  return token.kind == TokenKind::kExecutableOpen || token.kind == TokenKind::kExecutableClose ||
         token.kind == TokenKind::kHint;
}

}  // namespace

bool MariadbStatementEnd::Take(const Token& token) {
  if (previous_.kind == TokenKind::kEnd) begin_ = token.begin;
  if (token.kind == TokenKind::kExecutableOpen) in_executable_comment_ = true;
  if (token.kind == TokenKind::kExecutableClose) in_executable_comment_ = false;
  if (IsMark(token)) return true;
  Advance(token);
  previous_ = token;
  return !IsSymbol(token, script_, "\\");
}

std::optional<Unclosed> MariadbStatementEnd::FindUnclosed() const {
  if (in_executable_comment_) return Unclosed{begin_, "executable comment"};
  if (blocks_ > 0) return Unclosed{begin_, "body"};
  return std::nullopt;
}

void MariadbStatementEnd::Advance(const Token& token) {
  if (IsSymbol(token, script_, ";")) {
    place_ = blocks_ > 0 ? Place::kStatement : Place::kPlain;
    return;
  }
  switch (place_) {
    case Place::kScript:
    case Place::kBegin:
    case Place::kSet:
      return TakeFirst(token);
    case Place::kCreate:
    case Place::kParameters:
    case Place::kCharacteristics:
    case Place::kReturns:
    case Place::kTrigger:
    case Place::kOrder:
    case Place::kOther:
      return TakeHeading(token);
    case Place::kStatement:
      return TakeStatement(token);
    case Place::kLabel:
      place_ = IsSymbol(token, script_, ":") ? Place::kStatement : Place::kPlain;
      return;
    case Place::kHeader:
    case Place::kUntil:
      return TakeHeader(token);
    case Place::kDeclare:
    case Place::kCondition:
    case Place::kHandler:
      return TakeDeclaration(token);
    case Place::kPlain:
      return;
  }
}

void MariadbStatementEnd::TakeFirst(const Token& token) {
  if (place_ == Place::kBegin) {
    if (Is(token, "not")) return;
    const bool body = Is(token, "atomic") && Is(previous_, "not");
    if (body) ++blocks_;
    place_ = body ? Place::kStatement : Place::kPlain;
  } else if (place_ == Place::kSet) {
    place_ = Place::kPlain;
    if (Is(token, "statement")) EnterHeader("for");
  } else if (Is(token, "begin")) {
    place_ = Place::kBegin;
  } else if (Is(token, "set")) {
    place_ = Place::kSet;
  } else if (IsAnyWord(token, script_, {"create", "alter"})) {
    place_ = Place::kCreate;
  } else {
    TakeStatement(token);
  }
}

// From CREATE to the statement that is the body.
void MariadbStatementEnd::TakeHeading(const Token& token) {
  switch (place_) {
    case Place::kCreate:
      if (token.kind != TokenKind::kWord || IsName(token)) return;
      function_ = Is(token, "function");
      if (function_ || Is(token, "procedure")) {
        place_ = Place::kParameters;
      } else if (Is(token, "trigger")) {
        place_ = Place::kTrigger;
      } else if (Is(token, "event")) {
        EnterHeader("do");
      } else if (!IsAnyWord(token, script_, {"or", "replace", "definer", "aggregate"})) {
        place_ = Place::kPlain;
      }
      return;
    case Place::kParameters:
      CountParentheses(token);
      if (parentheses_ == 0 && IsSymbol(token, script_, ")"))
        place_ = function_ ? Place::kReturns : Place::kCharacteristics;
      return;
    case Place::kCharacteristics:
      if (IsSymbol(token, script_, ":")) place_ = Place::kStatement;
      if (token.kind == TokenKind::kWord &&
          !IsAnyWord(token, script_,
                     {"comment", "language", "sql", "not", "deterministic", "contains", "no",
                      "reads", "modifies", "data", "security", "definer", "invoker"}))
        TakeStatement(token);
      return;
    case Place::kReturns:
      CountParentheses(token);
      if (IsSymbol(token, script_, ":")) place_ = Place::kStatement;
      if (parentheses_ == 0 &&
          IsAnyWord(token, script_,
                    {"return", "begin", "if", "case", "loop", "repeat", "while", "for"}))
        TakeStatement(token);
      return;
    case Place::kTrigger:
      if (Is(token, "row") && Is(previous_, "each")) place_ = Place::kOrder;
      return;
    case Place::kOrder:
      if (!IsAnyWord(token, script_, {"follows", "precedes"})) return TakeStatement(token);
      place_ = Place::kOther;
      return;
    default:
      place_ = Place::kStatement;
  }
}

void MariadbStatementEnd::TakeStatement(const Token& token) {
  place_ = Place::kStatement;
  if (IsAnyWord(token, script_, {"begin", "loop", "repeat"})) {
    ++blocks_;
  } else if (IsAnyWord(token, script_, {"if", "case"})) {
    ++blocks_;
    EnterHeader("then");
  } else if (IsAnyWord(token, script_, {"while", "for"})) {
    ++blocks_;
    EnterHeader("do");
  } else if (IsAnyWord(token, script_, {"elseif", "when"})) {
    EnterHeader("then");
  } else if (Is(token, "until")) {
    place_ = Place::kUntil;
  } else if (Is(token, "declare")) {
    place_ = Place::kDeclare;
  } else if (Is(token, "end")) {
    if (blocks_ > 0) --blocks_;
    place_ = Place::kPlain;
  } else if (!IsAnyWord(token, script_, {"else", "not", "atomic"})) {  // BEGIN NOT ATOMIC
    place_ = Place::kLabel;
  }
}

// The server needs no reserved word to end an expression: DO and END are names as well.
void MariadbStatementEnd::TakeHeader(const Token& token) {
  if (place_ == Place::kUntil) {
    if (!Is(token, "repeat") || !Is(previous_, "end")) return;
    if (blocks_ > 0) --blocks_;
    place_ = Place::kPlain;
    return;
  }
  CountParentheses(token);
  if (IsName(token)) return;
  if (Is(token, "case")) {
    ++cases_;
  } else if (Is(token, "end") && cases_ > 0 && FollowsOperand()) {
    --cases_;
  } else if (Is(token, terminator_) && cases_ == 0 && parentheses_ == 0 && FollowsOperand()) {
    place_ = Place::kStatement;
  }
}

// DECLARE {CONTINUE | EXIT | UNDO} HANDLER FOR condition, ... statement
void MariadbStatementEnd::TakeDeclaration(const Token& token) {
  if (place_ == Place::kDeclare) {
    if (Is(token, "for") && Is(previous_, "handler")) place_ = Place::kCondition;
  } else if (place_ == Place::kHandler) {
    if (!IsSymbol(token, script_, ",")) return TakeStatement(token);
    place_ = Place::kCondition;
  } else if (!IsAnyWord(token, script_, {"sqlstate", "value", "not"})) {
    place_ = Place::kHandler;
  }
}

void MariadbStatementEnd::EnterHeader(std::string_view terminator) {
  place_ = Place::kHeader;
  terminator_ = terminator;
  parentheses_ = 0;
  cases_ = 0;
}

void MariadbStatementEnd::CountParentheses(const Token& token) {
  if (IsSymbol(token, script_, "(")) ++parentheses_;
  if (IsSymbol(token, script_, ")") && parentheses_ > 0) --parentheses_;
}

// A word behind one of these is a name, whatever it is.
bool MariadbStatementEnd::IsName(const Token& token) const {
  if (token.kind != TokenKind::kWord || previous_.kind != TokenKind::kSymbol) return false;
  const std::string_view before = previous_.TextIn(script_);
  const bool definer = place_ == Place::kCreate && before == "=";
  return definer || before == "." || before == "@" || before == "@@";
}

// Whether an expression may end in front of the token that comes.
bool MariadbStatementEnd::FollowsOperand() const {
  if (previous_.kind == TokenKind::kSymbol) return IsSymbol(previous_, script_, ")");
  return !IsAnyWord(
      previous_, script_,
      {"case",  "when",   "then",    "else", "and", "or",  "xor", "not", "in",     "like",
       "rlike", "regexp", "between", "is",   "div", "mod", "as",  "by",  "select", "while"});
}

}  // namespace mig
