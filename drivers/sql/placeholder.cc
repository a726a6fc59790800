#include "drivers/sql/placeholder.h"

#include <cctype>

#include "drivers/sql/lexer.h"
#include "store/core/names.h"

namespace mig {
namespace {

constexpr std::string_view kOpen = "${";

// Where one may begin: the token's text, without the tags of a dollar quote.
std::string_view Body(const Token& token, std::string_view script) {
  const std::string_view text = token.TextIn(script);
  if (token.kind != TokenKind::kDollarString) return text;
  const std::size_t tag = text.find('$', 1) + 1;
  return text.substr(tag, text.size() - 2 * tag);
}

bool IsNameByte(char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; }

// The name behind the `${` at `open`; empty where no `}` closes a name.
std::string_view NameAt(std::string_view script, std::size_t open) {
  const std::size_t begin = open + kOpen.size();
  std::size_t end = begin;
  while (end < script.size() && IsNameByte(script[end])) ++end;
  const std::string_view name = script.substr(begin, end - begin);
  const bool closed = end < script.size() && script[end] == '}';
  return closed && IsPlaceholderName(name) ? name : std::string_view();
}

}  // namespace

std::vector<Placeholder> PlaceholdersIn(Dialect dialect, std::string_view script) {
  std::vector<Placeholder> found;
  Lexer lexer(dialect, script);
  std::size_t at = script.find(kOpen);
  const auto next = [&] { at = script.find(kOpen, at + 1); };
  while (at != std::string_view::npos) {
    const auto token = lexer.Next();
    if (!token || token->kind == TokenKind::kEnd) break;
    const std::string_view body = Body(*token, script);
    const auto from = static_cast<std::size_t>(body.data() - script.data());
    while (at < from) next();
    for (; at < from + body.size(); next()) {
      const std::string_view name = NameAt(script, at);
      if (name.empty()) continue;
      const bool is_text = at > from && script[at - 1] == '\\';
      const std::size_t end = at + kOpen.size() + name.size() + 1;
      found.push_back({is_text ? at - 1 : at, end, name, is_text});
    }
  }
  return found;
}

std::string WithoutPlaceholders(Dialect dialect, std::string_view script) {
  std::string text;
  std::size_t done = 0;
  for (const Placeholder& placeholder : PlaceholdersIn(dialect, script)) {
    text += script.substr(done, placeholder.begin - done);
    text += '\\';
    done = placeholder.begin;
  }
  return text.append(script.substr(done));
}

}  // namespace mig
