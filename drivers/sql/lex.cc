#include "drivers/sql/lex.h"

namespace mig {

std::size_t SkipName(std::string_view script, std::size_t at) {
  while (at < script.size() && IsNameByte(script[at])) ++at;
  return at;
}

std::size_t SkipDigits(std::string_view script, std::size_t at) {
  while (at < script.size() && IsDigit(script[at])) ++at;
  return at;
}

Lexeme LexQuoted(std::string_view script, std::size_t open, TokenKind kind) {
  char quote = script[open];
  std::size_t close = script.find(quote, open + 1);
  while (close != script.npos && ByteAt(script, close + 1) == quote) {
    close = script.find(quote, close + 2);
  }
  return close == script.npos ? kUnterminatedLexeme : TokenUpTo(kind, close + 1);
}

Lexeme LexQuotedWithBackslashes(std::string_view script, std::size_t open, TokenKind kind) {
  char quote = script[open];
  for (std::size_t at = open + 1; at < script.size(); ++at) {
    if (script[at] == '\\') {
      ++at;
    } else if (script[at] == quote) {
      if (ByteAt(script, at + 1) != quote) return TokenUpTo(kind, at + 1);
      ++at;
    }
  }
  return kUnterminatedLexeme;
}

Lexeme LexFlatComment(std::string_view script, std::size_t begin) {
  std::size_t close = script.find("*/", begin + 2);
  if (close == script.npos) return kUnterminatedLexeme;
  return IsHint(script, begin) ? TokenUpTo(TokenKind::kHint, close + 2) : SkippedUpTo(close + 2);
}

bool IsHint(std::string_view script, std::size_t begin) {
  char mark = ByteAt(script, begin + 2);
  return mark == '+' || mark == '!' || (mark == 'M' && ByteAt(script, begin + 3) == '!');
}

}  // namespace mig
