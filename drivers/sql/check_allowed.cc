#include <algorithm>

#include "drivers/sql/bookkeeping_tables.h"
#include "drivers/sql/classify.h"
#include "drivers/sql/left_in_session.h"
#include "drivers/sql/lexer.h"
#include "drivers/sql/statement_tokens.h"

namespace mig {
namespace {

bool IsRollback(const StatementTokens& tokens) {
  if (!tokens.IsWord(0, "rollback")) return false;
  std::size_t next = tokens.IsAnyWord(1, {"work", "transaction"}) ? 2 : 1;
  return !tokens.IsWord(next, "to");
}

// PREPARE transaction AS ... prepares a statement of that name.
bool IsPrepareTransaction(const StatementTokens& tokens) {
  return tokens.HasWords(0, {"prepare", "transaction"}) && tokens.at(2).kind == TokenKind::kString;
}

bool ControlsPostgresql(const StatementTokens& tokens) {
  if (tokens.IsAnyWord(0, {"begin", "start", "commit", "end", "abort"})) return true;
  if (IsRollback(tokens) || IsPrepareTransaction(tokens)) return true;
  std::size_t subject = tokens.IsAnyWord(1, {"local", "session"}) ? 2 : 1;
  bool sets = tokens.IsWord(0, "set");
  if (sets && tokens.HasWords(1, {"session", "characteristics"})) return true;
  return (sets && tokens.IsWord(subject, "transaction")) || tokens.HasWords(0, {"discard", "all"});
}

bool ControlsSqlite(const StatementTokens& tokens) {
  return tokens.IsAnyWord(0, {"begin", "commit", "end"}) || IsRollback(tokens);
}

bool SetsAutocommit(const StatementTokens& tokens) {
  return tokens.IsWord(0, "set") && tokens.Find(1, {"autocommit"}) < tokens.size();
}

// Of every table, mig's own among them.
bool LocksAllTables(const StatementTokens& tokens) {
  if (!tokens.IsWord(0, "flush")) return false;
  const std::size_t tables = tokens.IsAnyWord(1, {"local", "no_write_to_binlog"}) ? 2 : 1;
  return tokens.IsAnyWord(tables, {"table", "tables"}) &&
         tokens.HasWords(tables + 1, {"with", "read", "lock"});
}

bool ControlsMariadb(const StatementTokens& tokens) {
  if (tokens.IsWord(0, "begin")) return !tokens.HasWords(1, {"not", "atomic"});
  if (tokens.IsAnyWord(0, {"commit", "xa"}) || IsRollback(tokens)) return true;
  if (tokens.HasWords(0, {"start", "transaction"}) || SetsAutocommit(tokens)) return true;
  if (tokens.HasWords(0, {"set", "transaction"}) || LocksAllTables(tokens)) return true;
  bool locks = tokens.IsAnyWord(0, {"lock", "unlock"});
  return locks && tokens.IsAnyWord(1, {"table", "tables"});
}

bool ControlsTransaction(Dialect dialect, std::string_view statement) {
  StatementTokens tokens(dialect, statement);
  switch (dialect) {
    case Dialect::kPostgresql:
      return ControlsPostgresql(tokens);
    case Dialect::kSqlite:
      return ControlsSqlite(tokens);
    case Dialect::kMariadb:
      return ControlsMariadb(tokens);
  }
  return false;
}

constexpr std::string_view kAdvisoryUnlock = "pg_advisory_unlock";

bool StartsIgnoringCase(std::string_view text, std::string_view start) {
  return EqualsIgnoringCase(text.substr(0, start.size()), start);
}

bool NamesAdvisoryUnlock(std::string_view text) {
  for (std::size_t at = 0; at + kAdvisoryUnlock.size() <= text.size(); ++at) {
    if (StartsIgnoringCase(text.substr(at), kAdvisoryUnlock)) return true;
  }
  return false;
}

bool IsUnlockName(Dialect dialect, const Token& token, std::string_view statement) {
  std::string_view text = token.TextIn(statement);
  bool word = token.kind == TokenKind::kWord;
  if (dialect == Dialect::kMariadb) {
    return word && (EqualsIgnoringCase(text, "release_lock") ||
                    EqualsIgnoringCase(text, "release_all_locks"));
  }
  bool quoted = token.kind == TokenKind::kQuotedName;
  return (word && StartsIgnoringCase(text, kAdvisoryUnlock)) ||
         (quoted && text.substr(1).starts_with(kAdvisoryUnlock));
}

// Calls of the functions that give up the executor's lock; in a DO, also any mention in its body.
bool Unlocks(Dialect dialect, std::string_view statement) {
  if (dialect == Dialect::kSqlite) return false;
  Lexer lexer(dialect, statement);
  bool runs_body = false;
  Token previous;
  for (Result<Token> token = lexer.Next(); token && token->kind != TokenKind::kEnd;
       token = lexer.Next()) {
    if (previous.kind == TokenKind::kEnd) runs_body = IsWord(*token, statement, "do");
    bool call = IsSymbol(*token, statement, "(") && IsUnlockName(dialect, previous, statement);
    bool text = token->kind == TokenKind::kString || token->kind == TokenKind::kDollarString;
    if (call || (runs_body && text && NamesAdvisoryUnlock(token->TextIn(statement)))) return true;
    previous = *token;
  }
  return false;
}

// MariaDB finds a temporary table before any other, under every name that the other has.
bool HidesBookkeeping(std::string_view statement) {
  LeftInSession left;
  CollectLeft(statement, left);
  return std::ranges::any_of(left.temporary_tables, [](const std::string& table) {
    return std::ranges::any_of(kBookkeepingTables, [&table](std::string_view own) {
      return EqualsIgnoringCase(own, table);
    });
  });
}

// What to do where the transaction is not the point; empty elsewhere.
std::string HintForControl(Dialect dialect, std::string_view statement) {
  const StatementTokens tokens(dialect, statement);
  if (tokens.IsWord(0, "discard")) return "leave it out: each revision begins in a clean session";
  if (dialect == Dialect::kMariadb && tokens.HasWords(0, {"set", "transaction"}))
    return "write `SET SESSION TRANSACTION`, which counts for the parts of the revision behind it";
  if (tokens.IsAnyWord(0, {"lock", "unlock", "flush"}))
    return "leave it out: each statement takes the locks that it needs";
  return "";
}

std::string_view HintForUnlock(Dialect dialect) {
  return dialect == Dialect::kMariadb
             ? "leave it out: a lock of GET_LOCK ends with the run's session"
             : "leave it out: a lock of pg_advisory_xact_lock ends with its transaction";
}

Error Refused(Dialect dialect, std::string_view statement, std::string_view why, std::string hint) {
  std::string verb = DisplayVerb(dialect, statement);
  std::string message = "`" + verb + "` " + std::string(why);
  return Error{
      Reason::kSqlTransactionControl, std::move(message), {{"statement", verb}}, std::move(hint)};
}

}  // namespace

Result<void> CheckAllowed(Dialect dialect, std::string_view statement) {
  if (ControlsTransaction(dialect, statement)) {
    return Refused(dialect, statement, "would change the transaction or session that mig keeps",
                   HintForControl(dialect, statement));
  }
  if (Unlocks(dialect, statement)) {
    return Refused(dialect, statement, "would release the lock that mig holds during a run",
                   std::string(HintForUnlock(dialect)));
  }
  if (dialect == Dialect::kMariadb && HidesBookkeeping(statement)) {
    return Refused(dialect, statement, "would hide the table of that name that mig keeps",
                   "give the temporary table another name");
  }
  return {};
}

}  // namespace mig
