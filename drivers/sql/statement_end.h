// Per dialect: whether a `;` ends the statement, learnt from the statement's tokens one by one. The
// rules are those of split.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "drivers/sql/lexer.h"

namespace mig {

// Something that a statement opened and has not closed.
struct Unclosed {
  std::size_t begin = 0;  // where it opens
  std::string_view what;  // and what that is
};

// CREATE [OR REPLACE] FUNCTION|PROCEDURE ... BEGIN ATOMIC ... END, parentheses, COPY ... FROM
// STDIN.
class PostgresqlStatementEnd {
 public:
  explicit PostgresqlStatementEnd(std::string_view script) : script_(script) {}

  // Takes the statement's next token; false when it makes the statement one that only a client can
  // carry out.
  bool Take(const Token& token);
  // True when a `;` here ends the statement.
  bool AtTopLevel() const { return depth_ == 0 && bodies_.empty(); }
  // What keeps the statement open, if anything.
  std::optional<Unclosed> FindUnclosed() const;

 private:
  enum class Heading { kStart, kCreate, kOr, kReplace, kRoutine, kCopy, kOther };

  bool TakeWord(const Token& token);
  void AdvanceHeading(const Token& token);
  bool Is(const Token& token, std::string_view word) const { return IsWord(token, script_, word); }

  std::string_view script_;
  std::size_t depth_ = 0;              // of parentheses
  std::size_t parenthesis_ = 0;        // where the outermost open one stands
  std::vector<std::size_t> bodies_;    // where each open BEGIN stands
  Heading heading_ = Heading::kStart;  // of the innermost statement
  Token previous_;
};

// CREATE TRIGGER ... ; END.
class SqliteStatementEnd {
 public:
  explicit SqliteStatementEnd(std::string_view script) : script_(script) {}

  bool Take(const Token& token);
  bool AtTopLevel() const { return state_ != State::kTrigger && state_ != State::kSemicolon; }
  std::optional<Unclosed> FindUnclosed() const;

 private:
  enum class State { kStart, kExplain, kCreate, kNormal, kTrigger, kSemicolon, kEnd };

  State After(const Token& token) const;
  bool IsKeyword(const Token& token) const;
  bool Is(const Token& token, std::string_view word) const { return IsWord(token, script_, word); }

  std::string_view script_;
  State state_ = State::kStart;
  std::optional<std::size_t> begin_;
};

// Bodies of routines, triggers and events, compound statements, and executable comments.
class MariadbStatementEnd {
 public:
  explicit MariadbStatementEnd(std::string_view script) : script_(script) {}

  bool Take(const Token& token);
  bool AtTopLevel() const { return blocks_ == 0 && !in_executable_comment_; }
  std::optional<Unclosed> FindUnclosed() const;

 private:
  // What the next token belongs to.
  enum class Place {
    kScript,           // nothing stands in front of it
    kBegin,            // BEGIN, which opens a body with NOT ATOMIC only
    kSet,              // SET, maybe STATEMENT
    kCreate,           // CREATE or ALTER, up to what is made
    kParameters,       // of a routine, with its name
    kCharacteristics,  // of a procedure
    kReturns,          // a function's type and characteristics
    kTrigger,          // a trigger's, up to EACH ROW
    kOrder,            // FOLLOWS or PRECEDES, or the body
    kOther,            // the trigger named there
    kStatement,        // a statement begins, or a block ends
    kLabel,            // behind its first word, which is a label in front of `:`
    kHeader,           // an expression, and what else there is up to the word `terminator_`
    kUntil,            // the condition of a REPEAT
    kDeclare,
    kCondition,  // of a handler
    kHandler,    // behind a condition: another one, or the handler's statement
    kPlain,      // nothing that matters comes before the next `;`
  };

  void Advance(const Token& token);
  void TakeFirst(const Token& token);
  void TakeHeading(const Token& token);
  void TakeStatement(const Token& token);
  void TakeHeader(const Token& token);
  void TakeDeclaration(const Token& token);
  void EnterHeader(std::string_view terminator);
  void CountParentheses(const Token& token);
  bool IsName(const Token& token) const;
  bool FollowsOperand() const;
  bool Is(const Token& token, std::string_view word) const { return IsWord(token, script_, word); }

  std::string_view script_;
  std::size_t begin_ = 0;  // of the first token
  std::size_t blocks_ = 0;
  bool in_executable_comment_ = false;
  Place place_ = Place::kScript;
  bool function_ = false;  // the parameters are a function's
  std::string_view terminator_;
  std::size_t parentheses_ = 0;  // open ones, in a heading or header
  std::size_t cases_ = 0;        // open CASE expressions of a header
  Token previous_;
};

}  // namespace mig
