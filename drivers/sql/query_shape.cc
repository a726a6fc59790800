#include "drivers/sql/classify.h"
#include "drivers/sql/lexer.h"

namespace mig {
namespace {

using Kind = QueryShape::Kind;

// The select list of a query, read token by token: parentheses are skipped over, and so is what
// stands before the SELECT that a WITH ends in.
class ShapeReader {
 public:
  ShapeReader(Dialect dialect, std::string_view statement)
      : lexer_(dialect, statement), statement_(statement) {
    Next();
  }

  QueryShape Read() {
    while (Is("(")) Next();  // (SELECT ...)
    if (Word("with")) SkipToMainQuery();
    if (Word("select")) {
      Next();
      return {Kind::kQuery, CountColumns(/*of_values=*/false)};
    }
    if (Word("values")) {
      Next();
      if (Is("(")) Next();
      return {Kind::kQuery, CountColumns(/*of_values=*/true)};
    }
    if (Word("table")) return {Kind::kQuery, 0};
    for (const char* word :
         {"show", "explain", "pragma", "describe", "desc", "call", "execute", "fetch"}) {
      if (Word(word)) return {Kind::kUnknown, 0};
    }
    return {HasReturning() ? Kind::kUnknown : Kind::kNoQuery, 0};
  }

 private:
  void Next() {
    Result<Token> token = lexer_.Next();
    token_ = token ? *token : Token();
  }
  bool End() const { return token_.kind == TokenKind::kEnd; }
  bool Is(std::string_view symbol) const { return IsSymbol(token_, statement_, symbol); }
  bool Word(std::string_view word) const { return IsWord(token_, statement_, word); }

  void SkipParentheses() {
    int depth = 0;
    do {
      if (Is("(")) ++depth;
      if (Is(")")) --depth;
      Next();
    } while (depth > 0 && !End());
  }

  void SkipToMainQuery() {
    while (!End() && !Word("select") && !Word("values") && !Word("insert") && !Word("update") &&
           !Word("delete") && !Word("merge")) {
      if (Is("(")) {
        SkipParentheses();
      } else {
        Next();
      }
    }
  }

  // From behind SELECT or the first parenthesis of VALUES on.
  int CountColumns(bool of_values) {
    int columns = 1;
    bool star = false;
    bool before_expression = true;
    while (!End() && !EndsList(of_values)) {
      if (Is("(")) {
        SkipParentheses();
        before_expression = false;
        continue;
      }
      if (Is(",")) ++columns;
      after_distinct_ = Word("distinct");
      star = star || (Is("*") && before_expression);
      before_expression = Is(",") || Is(".") || Word("all") || Word("distinct");
      Next();
    }
    return star ? 0 : columns;
  }

  bool EndsList(bool of_values) const {
    if (of_values) return Is(")");
    if (after_distinct_) return false;  // IS DISTINCT FROM
    for (const char* word : {"from", "where", "group", "having", "union", "except", "intersect",
                             "order", "limit", "offset", "fetch", "window", "into"}) {
      if (Word(word)) return true;
    }
    return Is(")");
  }

  bool HasReturning() {
    while (!End() && !Word("returning")) Next();
    return !End();
  }

  Lexer lexer_;
  std::string_view statement_;
  Token token_;
  bool after_distinct_ = false;
};

}  // namespace

QueryShape ShapeOfQuery(Dialect dialect, std::string_view statement) {
  return ShapeReader(dialect, statement).Read();
}

}  // namespace mig
