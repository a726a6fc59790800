#include <algorithm>

#include "drivers/sql/lex.h"

namespace mig {
namespace {

Lexeme LexSpace(std::string_view script, std::size_t at) {
  while (at < script.size() && IsSpace(script[at])) ++at;
  return SkippedUpTo(at);
}

// Digits and whatever name bytes touch them: the server refuses those as one token too.
Lexeme LexSqliteNumber(std::string_view script, std::size_t begin) {
  std::size_t at = SkipDigits(script, begin);
  char base = ByteAt(script, begin + 1);
  bool hex = script[begin] == '0' && (base == 'x' || base == 'X');
  if (!hex && ByteAt(script, at) == '.') at = SkipDigits(script, at + 1);
  char sign = ByteAt(script, at + 1);
  bool exponent = !hex && (ByteAt(script, at) == 'e' || ByteAt(script, at) == 'E');
  if (exponent && (sign == '+' || sign == '-') && IsDigit(ByteAt(script, at + 2))) at += 2;
  return TokenUpTo(TokenKind::kNumber, SkipName(script, at));
}

// The Tcl array index `(...)` behind a variable's name: no white space in it.
std::size_t SkipIndex(std::string_view script, std::size_t at) {
  while (at < script.size() && !IsSpace(script[at]) && script[at] != ')') ++at;
  return ByteAt(script, at) == ')' ? at + 1 : at;
}

Lexeme LexVariable(std::string_view script, std::size_t begin) {
  std::size_t at = begin + 1;
  bool named = false;
  while (at < script.size()) {
    if (IsNameByte(script[at])) {
      named = true;
      ++at;
    } else if (script[at] == '(' && named) {
      return TokenUpTo(TokenKind::kParameter, SkipIndex(script, at + 1));
    } else if (script.substr(at, 2) == "::") {
      at += 2;
    } else {
      break;
    }
  }
  return TokenUpTo(named ? TokenKind::kParameter : TokenKind::kSymbol, at);
}

Lexeme LexSymbol(std::string_view script, std::size_t begin) {
  if (script.substr(begin, 3) == "->>") return TokenUpTo(TokenKind::kSymbol, begin + 3);
  constexpr std::string_view kPairs[] = {"->", "==", "<=", "<>", "<<", ">=", ">>", "!=", "||"};
  bool pair = std::ranges::find(kPairs, script.substr(begin, 2)) != std::ranges::end(kPairs);
  return TokenUpTo(TokenKind::kSymbol, begin + (pair ? 2 : 1));
}

Lexeme LexBracketed(std::string_view script, std::size_t begin) {
  std::size_t close = script.find(']', begin);
  return close == script.npos ? kUnterminatedLexeme : TokenUpTo(TokenKind::kQuotedName, close + 1);
}

Lexeme LexBlob(std::string_view script, std::size_t begin) {
  std::size_t close = script.find('\'', begin + 2);
  return close == script.npos ? kUnterminatedLexeme : TokenUpTo(TokenKind::kString, close + 1);
}

}  // namespace

Lexeme LexSqlite(std::string_view script, std::size_t begin) {
  char c = script[begin];
  char next = ByteAt(script, begin + 1);
  if (IsSpace(c) && c != '\v') return LexSpace(script, begin);
  if (script.substr(begin, 3) == "\xEF\xBB\xBF") return SkippedUpTo(begin + 3);
  if ((c == 'x' || c == 'X') && next == '\'') return LexBlob(script, begin);
  if (IsLetter(c)) return TokenUpTo(TokenKind::kWord, SkipName(script, begin));
  if (IsDigit(c) || (c == '.' && IsDigit(next))) return LexSqliteNumber(script, begin);
  if (c == '-' && next == '-') {
    return SkippedUpTo(std::min(script.find('\n', begin), script.size()));
  }
  if (c == '/' && next == '*') return LexFlatComment(script, begin);
  if (c == '\'') return LexQuoted(script, begin, TokenKind::kString);
  if (c == '"' || c == '`') return LexQuoted(script, begin, TokenKind::kQuotedName);
  if (c == '[') return LexBracketed(script, begin);
  if (c == '?') return TokenUpTo(TokenKind::kParameter, SkipDigits(script, begin + 1));
  if (c == '$' || c == '@' || c == ':' || c == '#') return LexVariable(script, begin);
  return LexSymbol(script, begin);
}

}  // namespace mig
