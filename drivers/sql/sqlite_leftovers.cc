#include "drivers/sql/sqlite_leftovers.h"

#include <algorithm>
#include <utility>

#include "drivers/sql/statement_tokens.h"

namespace mig {
namespace {

// What the others set is time and space, or stands in the file.
struct SessionPragma {
  std::string_view name;
  std::string_view initial;
};
constexpr SessionPragma kSessionPragmas[] = {
    {"automatic_index", "1"},
    {"case_sensitive_like", "0"},
    {"cell_size_check", "0"},
    {"count_changes", "0"},
    {"empty_result_callbacks", "0"},
    {"full_column_names", "0"},
    {"ignore_check_constraints", "0"},
    {"legacy_alter_table", "0"},
    {"query_only", "0"},
    {"read_uncommitted", "0"},
    {"recursive_triggers", "0"},
    {"reverse_unordered_selects", "0"},
    {"short_column_names", "1"},
    {"trusted_schema", "1"},
    {"writable_schema", "RESET"},
};

// PRAGMA [schema.]name = value, or name(value)
std::string UndoOfPragma(const StatementTokens& tokens) {
  const std::size_t name = tokens.IsSymbol(2, ".") ? 3 : 1;
  if (!tokens.IsSymbol(name + 1, "=") && !tokens.IsSymbol(name + 1, "(")) return "";
  for (const SessionPragma& pragma : kSessionPragmas) {
    if (tokens.IsWord(name, pragma.name))
      return "PRAGMA " + std::string(pragma.name) + " = " + std::string(pragma.initial);
  }
  return "";
}

// CREATE [TEMP] [VIRTUAL] TABLE|VIEW|TRIGGER [IF NOT EXISTS] [temp.]name
std::string UndoOfCreate(const StatementTokens& tokens) {
  std::size_t at = 1;
  bool temporary = tokens.IsAnyWord(at, {"temp", "temporary"});
  if (temporary || tokens.IsWord(at, "virtual")) ++at;
  if (!tokens.IsAnyWord(at, {"table", "view", "trigger"})) return "";
  const std::string kind(tokens.Text(at++));
  if (tokens.HasWords(at, {"if", "not", "exists"})) at += 3;
  if (tokens.IsSymbol(at + 1, ".")) {
    temporary = tokens.IsWord(at, "temp");
    at += 2;
  }
  return temporary ? "DROP " + kind + " IF EXISTS temp." + std::string(tokens.Text(at)) : "";
}

// The name behind the word at `at`.
std::string Detach(const StatementTokens& tokens, std::size_t at) {
  if (tokens.IsWord(at + 1, "database")) ++at;
  return "DETACH " + std::string(tokens.Text(at + 1));
}

// ATTACH [DATABASE] 'file' AS name
std::string UndoOfAttach(const StatementTokens& tokens) {
  return Detach(tokens, tokens.Find(1, {"as"}));
}

}  // namespace

void SqliteLeftovers::Collect(std::string_view statement) {
  const StatementTokens tokens(Dialect::kSqlite, statement);
  const auto add = [](std::vector<std::string>& undo, std::string one) {
    if (!one.empty()) undo.push_back(std::move(one));
  };
  if (tokens.IsWord(0, "create")) add(objects_, UndoOfCreate(tokens));
  if (tokens.IsWord(0, "pragma")) add(settings_, UndoOfPragma(tokens));
  if (tokens.IsWord(0, "attach")) add(settings_, UndoOfAttach(tokens));
  if (tokens.IsWord(0, "detach")) std::erase(settings_, Detach(tokens, 0));
}

std::vector<std::string> SqliteLeftovers::UndoObjects() {
  std::ranges::reverse(objects_);
  return std::exchange(objects_, {});
}

std::vector<std::string> SqliteLeftovers::UndoSettings() {
  std::ranges::reverse(settings_);
  return std::exchange(settings_, {});
}

}  // namespace mig
