// One lexeme of each dialect: the rules behind Lexer, which describes them and names their sources.
#pragma once

#include <cstdint>
#include <string_view>

#include "drivers/sql/lexer.h"

namespace mig {

// What stands at some offset: a token, or one of the things between tokens.
struct Lexeme {
  enum class Kind { kToken, kSkipped, kUnterminated };
  Kind kind = Kind::kToken;
  TokenKind token = TokenKind::kSymbol;  // of kToken
  std::size_t end = 0;                   // behind its last byte
};

// Each REQUIRES begin < script.size(), and gives a lexeme of at least one byte.
Lexeme LexPostgresql(std::string_view script, std::size_t begin);
Lexeme LexSqlite(std::string_view script, std::size_t begin);
// `in_executable_comment`: whether a `*/` here closes one.
Lexeme LexMariadb(std::string_view script, std::size_t begin, bool in_executable_comment);

// What the dialects have in common.

constexpr Lexeme kUnterminatedLexeme = {Lexeme::Kind::kUnterminated};

inline Lexeme TokenUpTo(TokenKind kind, std::size_t end) {
  return {Lexeme::Kind::kToken, kind, end};
}
inline Lexeme SkippedUpTo(std::size_t end) {
  return {Lexeme::Kind::kSkipped, TokenKind::kSymbol, end};
}

// The byte at `at`, 0 beyond the end.
inline char ByteAt(std::string_view script, std::size_t at) {
  return at < script.size() ? script[at] : '\0';
}
inline bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }
inline bool IsHexDigit(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
// A byte an identifier may start with: every non-ASCII byte counts as a letter in all three
// dialects.
inline bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
inline bool IsNameByte(char c) { return IsLetter(c) || IsDigit(c) || c == '$'; }
// Behind the identifier bytes at `at`.
std::size_t SkipName(std::string_view script, std::size_t at);
std::size_t SkipDigits(std::string_view script, std::size_t at);

// The lexeme of something quoted whose first quote is at `open`: up to the same byte, which stands
// for itself when doubled.
Lexeme LexQuoted(std::string_view script, std::size_t open, TokenKind kind);
// Likewise, where a backslash also takes the meaning from the byte behind it.
Lexeme LexQuotedWithBackslashes(std::string_view script, std::size_t open, TokenKind kind);
// A `/*` comment that does not nest; a token of kind kHint when IsHint.
Lexeme LexFlatComment(std::string_view script, std::size_t begin);
// Whether the comment that opens at `begin` starts with +, ! or M!.
bool IsHint(std::string_view script, std::size_t begin);

}  // namespace mig
