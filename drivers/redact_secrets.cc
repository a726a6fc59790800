// RedactSecrets (drivers/target_url.h): one pass over the text, hiding what follows a url's user or
// a word for a password, and the tokens of `migd token`.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "drivers/target_url.h"
#include "store/core/ascii.h"

namespace mig {
namespace {

constexpr std::string_view kHidden = "***";
constexpr std::string_view kSpace = " \t\r\n\v\f";
constexpr std::array<std::string_view, 3> kSecretWords = {"password", "passwd", "pwd"};
constexpr std::string_view kIdentified = "identified";  // ... BY 'value'

// The length of the word for a password that starts the text, or 0.
std::size_t SecretWord(std::string_view text) {
  for (std::string_view word : kSecretWords) {
    if (EqualsIgnoringCase(text.substr(0, word.size()), word)) return word.size();
  }
  return 0;
}

std::size_t SkipSpace(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(kSpace, at), text.size());
}

// The end of the quoted value whose opening quote is at `at`; a backslash or a doubled quote does
// not end it.
std::size_t QuotedEnd(std::string_view text, std::size_t at) {
  char quote = text[at];
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (i + 1 >= text.size() || text[i + 1] != quote) return i;
      ++i;
    }
  }
  return text.size();
}

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;  // equal to begin: nothing to hide
};

// Moves `at` behind `word` where that follows, blanks apart.
bool Take(std::string_view text, std::size_t& at, std::string_view word) {
  const std::size_t begin = SkipSpace(text, at);
  if (!EqualsIgnoringCase(text.substr(begin, word.size()), word)) return false;
  at = begin + word.size();
  return true;
}

Span Quoted(std::string_view text, std::size_t at) {
  at = SkipSpace(text, at);
  if (at == text.size() || (text[at] != '\'' && text[at] != '"')) return {};
  return {at + 1, QuotedEnd(text, at)};
}

// MariaDB's PASSWORD('value'), SET PASSWORD FOR user = 'value', and WITH mysql_native_password BY,
// USING or AS 'value'.
Span SecretInStatement(std::string_view text, std::size_t at) {
  for (std::string_view word : {"(", "by", "using", "as"}) {
    if (Take(text, at, word)) return Quoted(text, at);
  }
  if (!Take(text, at, "for ")) return {};
  const std::size_t value = text.find_first_of("=;", at);
  return value < text.size() && text[value] == '=' ? Quoted(text, value + 1) : Span();
}

// MariaDB's `(using password: YES)`: whether there was one.
bool TellsThatThereIsOne(std::string_view text, std::size_t word, std::size_t at) {
  const std::string_view value = text.substr(at);
  return text.substr(0, word).ends_with("(using ") &&
         (value.starts_with("YES)") || value.starts_with("NO)"));
}

// The value after a word for a password: `=value`, `: "value"`, or SQL's PASSWORD 'value'.
Span SecretAfterWord(std::string_view text, std::size_t word, std::size_t at) {
  bool in_query = word > 0 && (text[word - 1] == '?' || text[word - 1] == '&');
  if (at < text.size() && text[at] == '"') ++at;  // a JSON key's closing quote
  at = SkipSpace(text, at);
  bool separated = at < text.size() && (text[at] == '=' || text[at] == ':');
  if (separated) at = SkipSpace(text, at + 1);
  if (at >= text.size()) return {};
  if (text[at] == '\'' || (separated && text[at] == '"')) return {at + 1, QuotedEnd(text, at)};
  if (!separated) return SecretInStatement(text, at);
  if (TellsThatThereIsOne(text, word, at)) return {};
  std::size_t end = text.find_first_of(in_query ? "& \t\r\n" : kSpace, at);
  return {at, std::min(end, text.size())};
}

// The password of a url whose `://` is at `at`: from the first colon to the last `@` before the url
// ends.
Span SecretOfUrl(std::string_view text, std::size_t at) {
  std::size_t begin = at + 3;
  std::size_t end = std::min(text.find_first_of(" \t\r\n\v\f\"'`<>", begin), text.size());
  std::string_view rest = text.substr(begin, end - begin);
  std::size_t colon = rest.find(':');
  std::size_t host = rest.rfind('@');
  if (colon == std::string_view::npos || host == std::string_view::npos || host < colon) return {};
  return {begin + colon + 1, begin + host};
}

// A token: `mig_` and 64 hex digits.
Span SecretOfToken(std::string_view text, std::size_t at) {
  constexpr std::size_t kDigits = 64;
  const std::size_t begin = at + 4;
  const std::size_t end = std::min(text.find_first_not_of("0123456789abcdef", begin), text.size());
  return end - begin >= kDigits ? Span{begin, end} : Span{};
}

Span NextSecret(std::string_view text, std::size_t at) {
  if (text.substr(at, 4) == "mig_") return SecretOfToken(text, at);
  if (text.substr(at, 3) == "://") return SecretOfUrl(text, at);
  if (EqualsIgnoringCase(text.substr(at, kIdentified.size()), kIdentified)) {
    std::size_t behind = at + kIdentified.size();
    return Take(text, behind, "by") ? Quoted(text, behind) : Span();
  }
  std::size_t word = SecretWord(text.substr(at));
  return word == 0 ? Span() : SecretAfterWord(text, at, at + word);
}

}  // namespace

std::string RedactSecrets(std::string_view text) {
  std::string shown;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    Span secret = NextSecret(text, at);
    if (secret.begin == secret.end) continue;
    shown += text.substr(copied, secret.begin - copied);
    shown += kHidden;
    copied = secret.end;
    at = secret.end - 1;
  }
  return shown += text.substr(copied);
}

}  // namespace mig
