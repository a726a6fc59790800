#include "drivers/sql/sqlite_tables.h"

#include "drivers/sql/statement_tokens.h"
#include "store/core/ascii.h"

namespace mig {
namespace {

constexpr std::size_t kLooked = 16;  // tokens: all that stands before the end of the name

// The last part of the name at `at`.
std::string TableAt(const StatementTokens& tokens, std::size_t at) {
  if (tokens.IsSymbol(at + 1, ".")) at += 2;
  const std::string_view text = tokens.Text(at);
  const TokenKind kind = tokens.at(at).kind;
  if (kind == TokenKind::kWord) return AsciiLower(text);
  if (kind != TokenKind::kQuotedName && kind != TokenKind::kString) return "";
  std::string name;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    name += text[i];
    if (text[0] != '[' && text[i] == text[0]) ++i;
  }
  return AsciiLower(name);
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
  const std::size_t rename = tokens.IsSymbol(3, ".") ? 5 : 3;
  return tokens.HasWords(rename, {"rename", "to"}) ? TableAt(tokens, rename + 2) : "";
}

}  // namespace mig
