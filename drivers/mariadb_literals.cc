#include "drivers/mariadb_literals.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "drivers/sql/lexer.h"
#include "store/core/base64.h"
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
  if (const auto* blob = std::get_if<Blob>(&value))
    return "from_base64('" + Base64(blob->bytes) + "')";
  const std::string& text = std::get<std::string>(value);
  return IsPlain(text) ? "'" + text + "'" : "_utf8mb4 x'" + Hex(text) + "'";
}

Result<std::vector<ParameterPlace>> FindParameters(std::string_view sql) {
  std::vector<ParameterPlace> places;
  Lexer lexer(Dialect::kMariadb, sql);
  for (Token token = TRY(lexer.Next()); token.kind != TokenKind::kEnd; token = TRY(lexer.Next())) {
    if (token.kind != TokenKind::kWord) continue;
    if (auto number = ParameterNumber(token.TextIn(sql)))
      places.push_back({token.begin, token.end, *number});
  }
  return places;
}

Result<std::string> WithMariadbLiterals(const SqlCommand& command) {
  if (command.parameters.empty()) return WithMariadbLiterals(command, {});
  return WithMariadbLiterals(command, TRY(FindParameters(command.sql)));
}

Result<std::string> WithMariadbLiterals(const SqlCommand& command,
                                        const std::vector<ParameterPlace>& places) {
  const std::string& sql = command.sql;
  if (sql.find('\0') != std::string::npos)
    return Error{Reason::kStatementFailed, "the statement holds a NUL byte"};
  std::vector<bool> used(command.parameters.size());
  std::string text;
  std::size_t copied = 0;
  for (const ParameterPlace& place : places) {
    if (place.number < 1 || place.number > used.size()) return WrongNumber();
    used[place.number - 1] = true;
    text.append(sql, copied, place.begin - copied);
    text += MariadbLiteral(command.parameters[place.number - 1]);
    copied = place.end;
  }
  if (std::ranges::find(used, false) != used.end()) return WrongNumber();
  return text.append(sql, copied);
}

}  // namespace mig
