#include "drivers/postgres_prepared.h"

#include <fmt/format.h>

#include <algorithm>

namespace mig {

PostgresPrepared::Statement* PostgresPrepared::For(const SqlCommand& command) {
  if (given_up_ || !command.recurrent) return nullptr;
  Statement& statement = statements_[command.sql];
  if (statement.name.empty()) statement.name = fmt::format("mig {}", statements_.size());
  return &statement;
}

void PostgresPrepared::Saw(std::string_view tag) {
  constexpr std::string_view kMayPrepare[] = {"PREPARE", "DO", "CALL", "SELECT", "EXECUTE"};
  may_be_others_ = may_be_others_ || std::ranges::any_of(kMayPrepare, [&](std::string_view one) {
                     return tag.starts_with(one);
                   });
}

bool PostgresPrepared::empty() const {
  return std::none_of(statements_.begin(), statements_.end(),
                      [](const auto& entry) { return entry.second.there; });
}

void PostgresPrepared::Forget() {
  for (auto& [sql, statement] : statements_) statement.there = false;
}

bool PostgresPrepared::GivesUpAfter(const Error& error, std::span<const SqlCommand> commands) {
  const auto state = error.details.find("sqlstate");
  const auto index = error.details.find("command_index");
  if (state == error.details.end() || index == error.details.end()) return false;
  if (For(commands[std::stoul(index->second)]) == nullptr) return false;  // a script's own
  const bool gone = state->second == "26000";   // INVALID_SQL_STATEMENT_NAME
  const bool taken = state->second == "42P05";  // DUPLICATE_PREPARED_STATEMENT
  given_up_ = given_up_ || gone || taken;
  return gone || taken;
}

}  // namespace mig
