#include "drivers/sql/statement_end.h"

namespace mig {

bool PostgresqlStatementEnd::Take(const Token& token) {
  bool allowed = !IsSymbol(token, script_, "\\");
  if (IsSymbol(token, script_, "(")) {
    if (depth_++ == 0) parenthesis_ = token.begin;
    if (heading_ == Heading::kStart) heading_ = Heading::kOther;
  } else if (IsSymbol(token, script_, ")")) {
    depth_ -= depth_ > 0 ? 1 : 0;
  } else if (depth_ == 0) {
    allowed = allowed && TakeWord(token);
  }
  previous_ = token;
  return allowed;
}

std::optional<Unclosed> PostgresqlStatementEnd::FindUnclosed() const {
  if (depth_ > 0) return Unclosed{parenthesis_, "parenthesis"};
  if (!bodies_.empty()) return Unclosed{bodies_.back(), "body"};
  return std::nullopt;
}

bool PostgresqlStatementEnd::TakeWord(const Token& token) {
  if (!bodies_.empty() && IsSymbol(token, script_, ";")) {
    heading_ = Heading::kStart;
  } else if (!bodies_.empty() && heading_ == Heading::kStart && Is(token, "end")) {
    bodies_.pop_back();
    heading_ = Heading::kOther;
  } else if (heading_ == Heading::kRoutine && Is(token, "atomic") && Is(previous_, "begin")) {
    bodies_.push_back(previous_.begin);
    heading_ = Heading::kStart;
  } else if (heading_ == Heading::kCopy && (Is(previous_, "from") || Is(previous_, "to"))) {
    // The grammar takes either word in both places.
    return !Is(token, "stdin") && !Is(token, "stdout");
  } else {
    AdvanceHeading(token);
  }
  return true;
}

void PostgresqlStatementEnd::AdvanceHeading(const Token& token) {
  bool routine = Is(token, "function") || Is(token, "procedure");
  if (heading_ == Heading::kStart && Is(token, "create")) {
    heading_ = Heading::kCreate;
  } else if (heading_ == Heading::kStart && bodies_.empty() && Is(token, "copy")) {
    heading_ = Heading::kCopy;
  } else if (heading_ == Heading::kCreate && Is(token, "or")) {
    heading_ = Heading::kOr;
  } else if (heading_ == Heading::kOr && Is(token, "replace")) {
    heading_ = Heading::kReplace;
  } else if ((heading_ == Heading::kCreate || heading_ == Heading::kReplace) && routine) {
    heading_ = Heading::kRoutine;
  } else if (heading_ != Heading::kRoutine && heading_ != Heading::kCopy) {
    heading_ = Heading::kOther;
  }
}

}  // namespace mig
