#include "drivers/sql/left_in_session.h"

#include <utility>

#include "drivers/sql/statement_tokens.h"

namespace mig {
namespace {

void CollectTemporaryTable(std::string_view statement, LeftInSession& left) {
  const StatementTokens tokens(Dialect::kMariadb, statement, 12);
  if (!tokens.IsWord(0, "create")) return;
  std::size_t at = tokens.HasWords(1, {"or", "replace"}) ? 3 : 1;
  if (!tokens.HasWords(at, {"temporary", "table"})) return;
  at += 2;
  if (tokens.HasWords(at, {"if", "not", "exists"})) at += 3;
  if (const auto name = tokens.MariadbName(at)) left.temporary_tables.insert(name->name);
}

bool IsName(const Token& token) {
  return token.kind == TokenKind::kWord || token.kind == TokenKind::kQuotedName ||
         token.kind == TokenKind::kString;
}

}  // namespace

void CollectLeft(std::string_view statement, LeftInSession& left) {
  CollectTemporaryTable(statement, left);
  Lexer lexer(Dialect::kMariadb, statement);
  Token at, before;  // the two in front
  for (Result<Token> token = lexer.Next(); token && token->kind != TokenKind::kEnd;
       token = lexer.Next()) {
    const bool account = IsName(before) && before.end == at.begin;  // ann@localhost
    const bool variable = IsSymbol(at, statement, "@") && at.end == token->begin && !account;
    if (variable && IsName(*token))
      left.variables.insert("@" + std::string(token->TextIn(statement)));
    before = std::exchange(at, *token);
  }
}

}  // namespace mig
