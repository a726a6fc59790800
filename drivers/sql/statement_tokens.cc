#include "drivers/sql/statement_tokens.h"

#include <algorithm>

#include "store/core/ascii.h"

namespace mig {
namespace {

constexpr std::size_t kLongestPostgresqlName = 63;

std::string Unquoted(std::string_view quoted) {
  std::string name;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    name += quoted[i];
    if (quoted[0] != '[' && quoted[i] == quoted[0]) ++i;
  }
  return name;
}

void CutToLength(std::string* name) {
  if (name->size() <= kLongestPostgresqlName) return;
  std::size_t end = kLongestPostgresqlName;
  while (end > 0 && (static_cast<unsigned char>((*name)[end]) & 0xC0) == 0x80) --end;
  name->resize(end);
}

}  // namespace

StatementTokens::StatementTokens(Dialect dialect, std::string_view statement, std::size_t most)
    : statement_(statement) {
  Lexer lexer(dialect, statement);
  while (tokens_.size() < most) {
    Result<Token> token = lexer.Next();
    if (!token || token->kind == TokenKind::kEnd) return;
    bool mark = token->kind == TokenKind::kHint || token->kind == TokenKind::kExecutableOpen ||
                token->kind == TokenKind::kExecutableClose;
    if (!mark) tokens_.push_back(*token);
  }
}

StatementTokens StatementTokens::From(std::size_t first) const {
  StatementTokens rest = *this;
  auto end = rest.tokens_.begin() + static_cast<std::ptrdiff_t>(std::min(first, size()));
  rest.tokens_.erase(rest.tokens_.begin(), end);
  return rest;
}

bool StatementTokens::IsWord(std::size_t index, std::string_view word) const {
  return mig::IsWord(at(index), statement_, word);
}

bool StatementTokens::IsAnyWord(std::size_t index,
                                std::initializer_list<std::string_view> words) const {
  return std::ranges::any_of(words, [&](std::string_view word) { return IsWord(index, word); });
}

bool StatementTokens::IsSymbol(std::size_t index, std::string_view symbol) const {
  return mig::IsSymbol(at(index), statement_, symbol);
}

bool StatementTokens::HasWords(std::size_t index,
                               std::initializer_list<std::string_view> words) const {
  return std::ranges::all_of(words, [&](std::string_view word) { return IsWord(index++, word); });
}

std::size_t StatementTokens::Find(std::size_t index,
                                  std::initializer_list<std::string_view> words) const {
  while (index < size() && !HasWords(index, words)) ++index;
  return std::min(index, size());
}

bool StatementTokens::IsNamePart(std::size_t index) const {
  return at(index).kind == TokenKind::kWord || at(index).kind == TokenKind::kQuotedName;
}

std::size_t StatementTokens::SkipName(std::size_t index) const {
  if (!IsNamePart(index)) return index;
  ++index;
  while (IsSymbol(index, ".") && IsNamePart(index + 1)) index += 2;
  return index;
}

std::string StatementTokens::NameAsWritten(std::size_t index) const {
  std::string name;
  for (const std::size_t end = SkipName(index); index < end; ++index) name += Text(index);
  return name;
}

std::size_t StatementTokens::SkipParentheses(std::size_t index) const {
  if (!IsSymbol(index, "(")) return index;
  std::size_t depth = 0;
  for (; index < size(); ++index) {
    if (IsSymbol(index, "(")) ++depth;
    if (IsSymbol(index, ")") && --depth == 0) return index + 1;
  }
  return index;
}

std::optional<StatementTokens::Name> StatementTokens::PostgresqlName(std::size_t index) const {
  Name name;
  for (;; ++index) {
    std::optional<std::string> part = PostgresqlNamePart(index);
    if (!part) return std::nullopt;
    name.schema = std::move(name.name);
    name.name = std::move(*part);
    if (!IsSymbol(++index, ".")) break;
  }
  name.end = index;
  return name;
}

std::optional<StatementTokens::Name> StatementTokens::MariadbName(std::size_t index) const {
  return QuotesUndone(index, Strings::kAreNone);
}

std::optional<StatementTokens::Name> StatementTokens::SqliteName(std::size_t index) const {
  return QuotesUndone(index, Strings::kAreNames);
}

std::optional<StatementTokens::Name> StatementTokens::QuotesUndone(std::size_t index,
                                                                   Strings strings) const {
  Name name;
  for (;; ++index) {
    const TokenKind kind = at(index).kind;
    const bool quoted = kind == TokenKind::kQuotedName ||
                        (kind == TokenKind::kString && strings == Strings::kAreNames);
    if (!quoted && at(index).kind != TokenKind::kWord) return std::nullopt;
    name.schema = std::move(name.name);
    name.name = quoted ? Unquoted(Text(index)) : std::string(Text(index));
    if (!IsSymbol(++index, ".")) break;
  }
  name.end = index;
  return name;
}

std::optional<std::string> StatementTokens::PostgresqlNamePart(std::size_t index) const {
  std::string_view text = Text(index);
  bool quoted = at(index).kind == TokenKind::kQuotedName;
  if (!quoted && at(index).kind != TokenKind::kWord) return std::nullopt;
  if (quoted && !text.starts_with('"')) return std::nullopt;
  std::string part = quoted ? Unquoted(text) : AsciiLower(text);
  CutToLength(&part);
  return part;
}

}  // namespace mig
