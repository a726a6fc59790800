#include <algorithm>

#include "drivers/sql/lex.h"

namespace mig {
namespace {

constexpr std::string_view kOperatorBytes = "~!@#^&|`?+-*/%<>=";
// Any of these in an operator lets it end in + or -.
constexpr std::string_view kOperatorMarks = "~!@#^&|`?%";
// Servers refuse an operator of 64 bytes; a longer run is not worth taking apart again and again.
constexpr std::size_t kLongestOperatorRun = 1024;

bool IsLineEnd(char c) { return c == '\n' || c == '\r'; }
bool IsOperatorByte(char c) { return c != '\0' && kOperatorBytes.find(c) != kOperatorBytes.npos; }

std::size_t SkipLineComment(std::string_view script, std::size_t at) {
  return std::min(script.find_first_of("\n\r", at), script.size());
}

Lexeme LexNestedComment(std::string_view script, std::size_t begin) {
  std::size_t depth = 0;
  for (std::size_t at = script.find_first_of("/*", begin); at != script.npos;
       at = script.find_first_of("/*", at)) {
    std::string_view two = script.substr(at, 2);
    if (two != "/*" && two != "*/") {
      ++at;
      continue;
    }
    at += 2;
    depth += two == "/*" ? 1 : -1;
    if (depth > 0) continue;
    return IsHint(script, begin) ? TokenUpTo(TokenKind::kHint, at) : SkippedUpTo(at);
  }
  return kUnterminatedLexeme;
}

// The quote with which the string that was closed just before `at` goes on, npos if it does not.
std::size_t FindContinuation(std::string_view script, std::size_t at) {
  bool line_ended = false;
  for (; at < script.size(); ++at) {
    if (script.substr(at, 2) == "--") at = SkipLineComment(script, at);
    char c = ByteAt(script, at);
    if (!IsSpace(c)) return c == '\'' && line_ended ? at : script.npos;
    line_ended = line_ended || IsLineEnd(c);
  }
  return script.npos;
}

Lexeme LexString(std::string_view script, std::size_t open, bool backslashes) {
  for (;;) {
    Lexeme piece = backslashes ? LexQuotedWithBackslashes(script, open, TokenKind::kString)
                               : LexQuoted(script, open, TokenKind::kString);
    if (piece.kind == Lexeme::Kind::kUnterminated) return piece;
    open = FindContinuation(script, piece.end);
    if (open == script.npos) return piece;
  }
}

// A `$`: parameter, dollar quote, or nothing in particular.
Lexeme LexDollar(std::string_view script, std::size_t begin) {
  std::size_t at = begin + 1;
  if (IsDigit(ByteAt(script, at))) {
    return TokenUpTo(TokenKind::kParameter, SkipDigits(script, at));
  }
  while (IsLetter(ByteAt(script, at)) || (at > begin + 1 && IsDigit(ByteAt(script, at)))) ++at;
  if (ByteAt(script, at) != '$') return TokenUpTo(TokenKind::kSymbol, begin + 1);
  std::string_view tag = script.substr(begin, at + 1 - begin);
  std::size_t close = script.find(tag, at + 1);
  return close == script.npos ? kUnterminatedLexeme
                              : TokenUpTo(TokenKind::kDollarString, close + tag.size());
}

bool IsDigitOfBase(char base, char c) {
  if (base == 'x' || base == 'X') return IsHexDigit(c);
  if (base == 'o' || base == 'O') return c >= '0' && c <= '7';
  return (base == 'b' || base == 'B') && (c == '0' || c == '1');
}

// Digits with single underscores between them, as since 16.
std::size_t SkipGroupedDigits(std::string_view script, std::size_t at) {
  at = SkipDigits(script, at);
  while (ByteAt(script, at) == '_' && IsDigit(ByteAt(script, at + 1))) {
    at = SkipDigits(script, at + 1);
  }
  return at;
}

std::size_t SkipExponent(std::string_view script, std::size_t at) {
  if (ByteAt(script, at) != 'e' && ByteAt(script, at) != 'E') return at;
  std::size_t digits = at + 1;
  if (ByteAt(script, digits) == '+' || ByteAt(script, digits) == '-') ++digits;
  return IsDigit(ByteAt(script, digits)) ? SkipGroupedDigits(script, digits) : at;
}

Lexeme LexNumber(std::string_view script, std::size_t begin) {
  char base = ByteAt(script, begin + 1);
  std::size_t at = begin + 2;
  if (script[begin] == '0') {
    if (ByteAt(script, at) == '_') ++at;
    if (IsDigitOfBase(base, ByteAt(script, at))) {
      while (IsDigitOfBase(base, ByteAt(script, at)) || ByteAt(script, at) == '_') ++at;
      return TokenUpTo(TokenKind::kNumber, at);
    }
  }
  at = SkipGroupedDigits(script, begin);
  if (ByteAt(script, at) == '.' && ByteAt(script, at + 1) != '.') {
    at = SkipGroupedDigits(script, at + 1);
  }
  return TokenUpTo(TokenKind::kNumber, SkipExponent(script, at));
}

Lexeme LexOperator(std::string_view script, std::size_t begin) {
  std::size_t end = begin;
  bool marked = false;
  while (IsOperatorByte(ByteAt(script, end)) && end - begin < kLongestOperatorRun) {
    std::string_view two = script.substr(end, 2);
    if (two == "--" || two == "/*") break;
    marked = marked || kOperatorMarks.find(script[end]) != kOperatorMarks.npos;
    ++end;
  }
  bool whole = marked || end - begin == kLongestOperatorRun;
  while (!whole && end - begin > 1 && (script[end - 1] == '+' || script[end - 1] == '-')) --end;
  return TokenUpTo(TokenKind::kSymbol, end);
}

Lexeme LexPunctuation(std::string_view script, std::size_t begin) {
  std::string_view two = script.substr(begin, 2);
  bool pair = two == "::" || two == ":=" || two == "..";
  return TokenUpTo(TokenKind::kSymbol, begin + (pair ? 2 : 1));
}

// A letter: a string or a quoted name with a prefix, or else a word.
Lexeme LexWord(std::string_view script, std::size_t begin) {
  char prefix = script[begin];
  char next = ByteAt(script, begin + 1);
  if (next == '\'' && std::string_view("eEbBxXnN").find(prefix) != std::string_view::npos) {
    return LexString(script, begin + 1, prefix == 'e' || prefix == 'E');
  }
  if ((prefix == 'u' || prefix == 'U') && next == '&') {
    char quote = ByteAt(script, begin + 2);
    if (quote == '\'') return LexString(script, begin + 2, false);
    if (quote == '"') return LexQuoted(script, begin + 2, TokenKind::kQuotedName);
  }
  return TokenUpTo(TokenKind::kWord, SkipName(script, begin));
}

}  // namespace

Lexeme LexPostgresql(std::string_view script, std::size_t begin) {
  char c = script[begin];
  char next = ByteAt(script, begin + 1);
  if (IsSpace(c)) return SkippedUpTo(begin + 1);
  if (IsLetter(c)) return LexWord(script, begin);
  if (IsDigit(c) || (c == '.' && IsDigit(next))) return LexNumber(script, begin);
  if (c == '-' && next == '-') return SkippedUpTo(SkipLineComment(script, begin));
  if (c == '/' && next == '*') return LexNestedComment(script, begin);
  if (c == '\'') return LexString(script, begin, false);
  if (c == '"') return LexQuoted(script, begin, TokenKind::kQuotedName);
  if (c == '$') return LexDollar(script, begin);
  if (IsOperatorByte(c)) return LexOperator(script, begin);
  return LexPunctuation(script, begin);
}

}  // namespace mig
