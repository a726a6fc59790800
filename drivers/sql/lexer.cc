#include "drivers/sql/lexer.h"

#include "drivers/sql/lex.h"
#include "drivers/sql/position.h"

namespace mig {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Lexeme LexAt(Dialect dialect, std::string_view script, std::size_t at, bool in_executable_comment) {
  if (at == 0 && script.starts_with(kByteOrderMark)) return SkippedUpTo(kByteOrderMark.size());
  switch (dialect) {
    case Dialect::kPostgresql:
      return LexPostgresql(script, at);
    case Dialect::kSqlite:
      return LexSqlite(script, at);
    case Dialect::kMariadb:
      return LexMariadb(script, at, in_executable_comment);
  }
  return TokenUpTo(TokenKind::kSymbol, at + 1);
}

std::string_view NameOfOpening(Dialect dialect, std::string_view rest) {
  if (rest.starts_with("/*")) return "comment";
  if (rest.starts_with('$')) return "dollar-quoted string";
  if (rest.starts_with('`') || rest.starts_with('[')) return "quoted name";
  bool double_quoted = rest.starts_with('"') || rest.substr(1).starts_with("&\"");
  return double_quoted && dialect != Dialect::kMariadb ? "quoted name" : "string";
}

}  // namespace

Result<Token> Lexer::Next() {
  while (position_ < script_.size()) {
    std::size_t begin = position_;
    Lexeme lexeme = LexAt(dialect_, script_, begin, in_executable_comment_);
    if (lexeme.kind == Lexeme::Kind::kUnterminated) {
      std::string name(NameOfOpening(dialect_, script_.substr(begin)));
      return ErrorAt(Reason::kSqlUnterminated, script_, begin,
                     "nothing closes the " + name + " that begins");
    }
    position_ = lexeme.end;
    if (lexeme.kind == Lexeme::Kind::kSkipped) continue;
    if (lexeme.token == TokenKind::kExecutableOpen) in_executable_comment_ = true;
    if (lexeme.token == TokenKind::kExecutableClose) in_executable_comment_ = false;
    return Token{lexeme.token, begin, lexeme.end};
  }
  return Token{TokenKind::kEnd, script_.size(), script_.size()};
}

}  // namespace mig
