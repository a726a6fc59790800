// The first tokens of one statement, asked by their place: how classify.h reads a statement without
// a grammar.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/sql/lexer.h"

namespace mig {

class StatementTokens {
 public:
  // Whatever decides about a statement stands among these; a long INSERT need not be kept token by
  // token.
  static constexpr std::size_t kMost = 256;

  // `statement` must outlive this. What cannot be lexed ends the tokens. Hints are left out, and so
  // are the marks around MariaDB's executable comments, whose text is part of the statement.
  StatementTokens(Dialect dialect, std::string_view statement, std::size_t most = kMost);

  // The tokens from `first` on.
  StatementTokens From(std::size_t first) const;

  std::size_t size() const { return tokens_.size(); }
  // The token at `at`; kEnd beyond the last.
  Token at(std::size_t at) const { return at < tokens_.size() ? tokens_[at] : Token(); }
  std::string_view Text(std::size_t index) const { return at(index).TextIn(statement_); }

  bool IsWord(std::size_t at, std::string_view word) const;
  bool IsAnyWord(std::size_t at, std::initializer_list<std::string_view> words) const;
  bool IsSymbol(std::size_t at, std::string_view symbol) const;
  // True when these unquoted words follow each other from `at` on.
  bool HasWords(std::size_t at, std::initializer_list<std::string_view> words) const;
  // The first place from `at` on where they do, size() if there is none.
  std::size_t Find(std::size_t at, std::initializer_list<std::string_view> words) const;
  // Whether a word or a quoted name stands at `at`.
  bool IsNamePart(std::size_t at) const;
  // Behind the name of one or more parts at `at`; `at` itself when there is none.
  std::size_t SkipName(std::size_t at) const;
  // That name as it is written.
  std::string NameAsWritten(std::size_t at) const;
  // Behind the parenthesis that closes the one at `at`; `at` itself when none opens there.
  std::size_t SkipParentheses(std::size_t at) const;

  // A name of one or more parts: `a.b.c` at `at`.
  struct Name {
    std::size_t end = 0;  // behind its last token
    std::string schema;   // the part before the last; empty without one
    std::string name;     // the last part
  };
  // The name at `at` as PostgreSQL's catalogs hold it: unquoted ASCII letters in lower case, quotes
  // undone, parts cut to 63 bytes. Nothing where there is none, or where it is written with Unicode
  // escapes.
  std::optional<Name> PostgresqlName(std::size_t at) const;
  // The name at `at` as MariaDB reads it: `schema`.`name` with quotes undone; whether case counts
  // is up to the server.
  std::optional<Name> MariadbName(std::size_t at) const;
  // The same as SQLite reads it, which takes a string for a name, too; case does not count there.
  std::optional<Name> SqliteName(std::size_t at) const;

 private:
  enum class Strings { kAreNone, kAreNames };
  std::optional<Name> QuotesUndone(std::size_t at, Strings strings) const;
  std::optional<std::string> PostgresqlNamePart(std::size_t at) const;

  std::string_view statement_;
  std::vector<Token> tokens_;
};

}  // namespace mig
