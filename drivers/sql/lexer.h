// Reads a script as tokens, exactly as the server of its dialect does, so that a `;`, a quote or a
// keyword is one here if and only if it is one there. Nothing is checked beyond that: what no
// server accepts comes out as some token, and the server says why not.
//
// PostgreSQL follows the flex rules of src/backend/parser/scan.l (15 to 18), with
// standard_conforming_strings on:
// - white space is blank, tab, line feed, carriage return, form feed and (since 16) vertical tab; a
//   lone carriage return ends a line;
// - `--` comments end with the line, `/* */` comments nest, and either starts even inside a run of
//   operator characters;
// - '...' doubles its quote, E'...' takes backslash escapes too; B'', X'', N'', U&'' and U&"" are
//   one token with their prefix;
// - a string goes on in the next '...' when only blanks and `--` comments with at least one line
//   break lie between them;
// - $tag$ opens a dollar quote unless it touches an identifier in front of it, since identifiers
//   may hold `$`; a tag has no `$` and no leading digit, so `$1` is a parameter; only the same tag
//   closes it;
// - a run of operator characters is one operator, less a trailing + or - when none of ~!@#^&|`?% is
//   in it;
// - letters are ASCII ones, the underscore and every byte above 127.
//
// SQLite follows src/tokenize.c (3.40 and later):
// - comments do not nest, and `--` ends at a line feed only; a comment that is never closed counts
//   as unterminated here, though prepare silently reads it to the end of the text
//   (sqlite3_complete, like us, waits for its end);
// - '...', "..." and `...` double their quote, [...] has no escape; X'...' is a blob up to the next
//   quote;
// - variables are ?1, and :a @a #a $a with `::` and one (...) suffix in them; identifiers may hold
//   `$`;
// - a UTF-8 byte order mark is white space anywhere; a vertical tab is, but only behind other white
//   space.
//
// MariaDB follows sql/sql_lex.cc with the default sql_mode:
// - `#`, and `--` before white space or a control character, comment out the line; `/* */` does not
//   nest;
// - '...' and "..." are strings with backslash escapes and doubled quotes, `...` doubles its quote;
// - what stands inside /*! ... */ and /*M! ... */ is executed, so it is lexed: opening and end are
//   tokens of their own; of a version that no MariaDB runs (/*!50700 to /*!99999, and from 200000
//   on) it is a hint, with the comments in it.
//
// A byte order mark at the very start of a script is white space in every dialect, as the engines'
// shells have it.
#pragma once

#include <cstdint>
#include <string_view>

#include "store/core/ascii.h"
#include "store/core/dialect.h"
#include "store/core/result.h"

namespace mig {

enum class TokenKind {
  kWord,          // a keyword or an unquoted name
  kQuotedName,    // with its quotes and prefix
  kString,        // any literal in quotes, with them and its prefix; every piece of a continued one
  kDollarString,  // with its tags
  kNumber,
  kParameter,        // $1, ?, :name
  kSymbol,           // operator or punctuation; also a byte that no dialect knows
  kExecutableOpen,   // MariaDB: /*!50100 or /*M!
  kExecutableClose,  // MariaDB: the */ of one
  kHint,  // a comment /*+ */, /*! */ or /*M! */ that this dialect's server itself passes over
  kEnd,   // of the script; empty
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::size_t begin = 0;  // byte offsets into the script
  std::size_t end = 0;

  std::string_view TextIn(std::string_view script) const {
    return script.substr(begin, end - begin);
  }
};

class Lexer {
 public:
  // `script` must outlive the lexer.
  Lexer(Dialect dialect, std::string_view script) : dialect_(dialect), script_(script) {}

  // The next token behind white space and comments. Each byte is looked at a bounded number of
  // times. After kEnd: kEnd again.
  //
  // Errors: kSqlUnterminated at the opening of a string, quoted name, dollar quote or comment that
  // the script does not close, with the details `line` and `column`. The lexer is of no use
  // afterwards.
  Result<Token> Next();

  // Where the next token is looked for.
  std::size_t position() const { return position_; }
  void MoveTo(std::size_t position) { position_ = position; }

 private:
  Dialect dialect_;
  std::string_view script_;
  std::size_t position_ = 0;
  bool in_executable_comment_ = false;
};

// True when the token is the unquoted word `word`, in any case.
inline bool IsWord(const Token& token, std::string_view script, std::string_view word) {
  return token.kind == TokenKind::kWord && EqualsIgnoringCase(token.TextIn(script), word);
}

inline bool IsSymbol(const Token& token, std::string_view script, std::string_view symbol) {
  return token.kind == TokenKind::kSymbol && token.TextIn(script) == symbol;
}

}  // namespace mig
