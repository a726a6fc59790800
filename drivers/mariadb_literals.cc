#include "drivers/mariadb_literals.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "drivers/sql/lexer.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

bool IsPlain(const std::string& text) {
  return std::ranges::all_of(
      text, [](char c) { return c >= ' ' && c <= '~' && c != '\'' && c != '"' && c != '\\'; });
}

// The n of $n, from 1.
std::optional<std::size_t> ParameterNumber(std::string_view word) {
  std::size_t number = 0;
  if (!word.starts_with('$') || word.size() < 2) return std::nullopt;
  auto [end, failed] = std::from_chars(word.data() + 1, word.data() + word.size(), number);
  if (failed != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

Error WrongNumber() {
  return Error{Reason::kStatementFailed,
               "the statement has another number of parameters than was given"};
}

}  // namespace

std::string MariadbLiteral(const SqlValue& value) {
  if (std::holds_alternative<std::nullptr_t>(value)) return "NULL";
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* blob = std::get_if<Blob>(&value)) return "x'" + Hex(blob->bytes) + "'";
  const std::string& text = std::get<std::string>(value);
  return IsPlain(text) ? "'" + text + "'" : "_utf8mb4 x'" + Hex(text) + "'";
}

Result<std::string> WithMariadbLiterals(const SqlCommand& command) {
  const std::string& sql = command.sql;
  if (sql.find('\0') != std::string::npos)
    return Error{Reason::kStatementFailed, "the statement holds a NUL byte"};
  if (command.parameters.empty()) return sql;
  std::vector<bool> used(command.parameters.size());
  std::string text;
  std::size_t copied = 0;
  Lexer lexer(Dialect::kMariadb, sql);
  for (Token token = TRY(lexer.Next()); token.kind != TokenKind::kEnd; token = TRY(lexer.Next())) {
    if (token.kind != TokenKind::kWord) continue;
    auto number = ParameterNumber(token.TextIn(sql));
    if (!number) continue;
    if (*number < 1 || *number > used.size()) return WrongNumber();
    used[*number - 1] = true;
    text.append(sql, copied, token.begin - copied);
    text += MariadbLiteral(command.parameters[*number - 1]);
    copied = token.end;
  }
  if (std::ranges::find(used, false) != used.end()) return WrongNumber();
  return text.append(sql, copied);
}

}  // namespace mig
