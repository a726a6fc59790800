#include <algorithm>
#include <charconv>

#include "drivers/sql/lex.h"

namespace mig {
namespace {

bool IsSpaceOrControl(char c) { return c == '\x7F' || static_cast<unsigned char>(c) <= ' '; }

Lexeme LexLineComment(std::string_view script, std::size_t begin) {
  return SkippedUpTo(std::min(script.find('\n', begin), script.size()));
}

// MySQL's versions from 5.7 on, where MariaDB has not said that it means itself; and those beyond
// all of its own.
bool NeverRuns(int version, bool mariadb) {
  constexpr int kBeyondAll = 200'000;
  return version >= kBeyondAll || (!mariadb && version >= 50'700 && version <= 99'999);
}

// A comment that does not run may hold others.
Lexeme LexIdleComment(std::string_view script, std::size_t begin) {
  bool within = false;
  for (std::size_t at = begin + 2; at + 1 < script.size(); ++at) {
    const std::string_view pair = script.substr(at, 2);
    if (pair == "*/" && !within) return TokenUpTo(TokenKind::kHint, at + 2);
    if (pair != "*/" && (pair != "/*" || within)) continue;
    within = pair == "/*";
    ++at;
  }
  return kUnterminatedLexeme;
}

// `/*!` or `/*M!`, with the version that may follow: five digits, or six.
Lexeme LexExecutable(std::string_view script, std::size_t begin) {
  const std::size_t at = script.find('!', begin) + 1;
  const std::size_t end = std::min(SkipDigits(script, at), at + 6);
  if (end < at + 5) return TokenUpTo(TokenKind::kExecutableOpen, at);
  int version = 0;
  std::from_chars(script.data() + at, script.data() + end, version);
  return NeverRuns(version, script[at - 2] == 'M') ? LexIdleComment(script, begin)
                                                   : TokenUpTo(TokenKind::kExecutableOpen, end);
}

Lexeme LexComment(std::string_view script, std::size_t begin) {
  bool executable = IsHint(script, begin) && ByteAt(script, begin + 2) != '+';
  return executable ? LexExecutable(script, begin) : LexFlatComment(script, begin);
}

// Names may start with digits, so a number is a name of digits only, with its fraction.
Lexeme LexNameOrNumber(std::string_view script, std::size_t begin) {
  std::size_t digits = SkipDigits(script, begin);
  std::size_t end = SkipName(script, begin);
  if (digits == begin) return TokenUpTo(TokenKind::kWord, end);
  if (end > digits) return TokenUpTo(TokenKind::kNumber, end);
  bool fraction = ByteAt(script, end) == '.';
  return TokenUpTo(TokenKind::kNumber, fraction ? SkipName(script, end + 1) : end);
}

Lexeme LexMariadbSymbol(std::string_view script, std::size_t begin) {
  if (script.substr(begin, 3) == "<=>") return TokenUpTo(TokenKind::kSymbol, begin + 3);
  constexpr std::string_view kPairs[] = {"<=", ">=", "<>", "!=", "<<", ">>",
                                         "||", "&&", ":=", "->", "@@"};
  bool pair = std::ranges::find(kPairs, script.substr(begin, 2)) != std::ranges::end(kPairs);
  return TokenUpTo(TokenKind::kSymbol, begin + (pair ? 2 : 1));
}

}  // namespace

Lexeme LexMariadb(std::string_view script, std::size_t begin, bool in_executable_comment) {
  char c = script[begin];
  char next = ByteAt(script, begin + 1);
  if (IsSpace(c)) return SkippedUpTo(begin + 1);
  if (next == '\'' && std::string_view("xXbBnN").find(c) != std::string_view::npos) {
    return LexQuotedWithBackslashes(script, begin + 1, TokenKind::kString);
  }
  if (IsNameByte(c)) return LexNameOrNumber(script, begin);
  bool dashes = c == '-' && next == '-' && IsSpaceOrControl(ByteAt(script, begin + 2));
  if (c == '#' || dashes) return LexLineComment(script, begin);
  if (c == '/' && next == '*') return LexComment(script, begin);
  if (c == '*' && next == '/' && in_executable_comment) {
    return TokenUpTo(TokenKind::kExecutableClose, begin + 2);
  }
  if (c == '\'' || c == '"') return LexQuotedWithBackslashes(script, begin, TokenKind::kString);
  if (c == '`') return LexQuoted(script, begin, TokenKind::kQuotedName);
  return LexMariadbSymbol(script, begin);
}

}  // namespace mig
