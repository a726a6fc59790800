#include "drivers/sql/statement_end.h"

namespace mig {

bool SqliteStatementEnd::Take(const Token& token) {
  if (!begin_) {
    begin_ = token.begin;
    if (script_[token.begin] == '.') return false;
  }
  state_ = After(token);
  return true;
}

std::optional<Unclosed> SqliteStatementEnd::FindUnclosed() const {
  if (AtTopLevel()) return std::nullopt;
  return Unclosed{*begin_, "body"};
}

// The other words that the state machine of complete.c knows.
bool SqliteStatementEnd::IsKeyword(const Token& token) const {
  return Is(token, "explain") || Is(token, "temp") || Is(token, "temporary") ||
         Is(token, "trigger") || Is(token, "end");
}

SqliteStatementEnd::State SqliteStatementEnd::After(const Token& token) const {
  switch (state_) {
    case State::kStart:
      if (Is(token, "explain")) return State::kExplain;
      return Is(token, "create") ? State::kCreate : State::kNormal;
    case State::kExplain:
      if (Is(token, "create")) return State::kCreate;
      return IsKeyword(token) ? State::kNormal : State::kExplain;
    case State::kCreate:
      if (Is(token, "temp") || Is(token, "temporary")) return State::kCreate;
      return Is(token, "trigger") ? State::kTrigger : State::kNormal;
    case State::kNormal:
      return State::kNormal;
    case State::kTrigger:
    case State::kSemicolon:
    case State::kEnd:
      break;
  }
  if (IsSymbol(token, script_, ";")) return State::kSemicolon;
  return state_ == State::kSemicolon && Is(token, "end") ? State::kEnd : State::kTrigger;
}

}  // namespace mig
