#include "drivers/sql/sqlite_tables.h"

#include "drivers/sql/statement_tokens.h"
#include "store/core/ascii.h"

namespace mig {
namespace {

constexpr std::size_t kLooked = 16;  // tokens: all that stands before the end of the name

std::string TableAt(const StatementTokens& tokens, std::size_t at) {
  const auto name = tokens.SqliteName(at);
  return name ? AsciiLower(name->name) : "";
}

}  // namespace

std::string SqliteTableDropped(std::string_view statement) {
  const StatementTokens tokens(Dialect::kSqlite, statement, kLooked);
  if (!tokens.HasWords(0, {"drop", "table"})) return "";
  return TableAt(tokens, tokens.HasWords(2, {"if", "exists"}) ? 4 : 2);
}

std::string SqliteTableMade(std::string_view statement) {
  const StatementTokens tokens(Dialect::kSqlite, statement, kLooked);
  if (tokens.HasWords(0, {"create", "table"}))
    return TableAt(tokens, tokens.HasWords(2, {"if", "not", "exists"}) ? 5 : 2);
  if (!tokens.HasWords(0, {"alter", "table"})) return "";
  const auto name = tokens.SqliteName(2);
  const bool renames = name && tokens.HasWords(name->end, {"rename", "to"});
  return renames ? TableAt(tokens, name->end + 2) : "";
}

}  // namespace mig
