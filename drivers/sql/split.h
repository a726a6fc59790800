// Cuts a script into statements where the server itself would.
//
// A `;` ends a statement when its lexer (drivers/sql/lexer.h) sees it as a token of its own,
// outside of the bodies below.
//
// PostgreSQL: not inside parentheses (CREATE RULE ... DO (a; b)), as in psql's psqlscan.l; nor
// between BEGIN ATOMIC and END of a CREATE [OR REPLACE] FUNCTION or PROCEDURE. psqlscan.l counts
// BEGIN, CASE and END there and is misled by names such as `begin` or `x.end`; the grammar (gram.y,
// routine_body_stmt_list) allows the closing END only where a statement of the body could begin,
// that is behind ATOMIC or a `;`, and neither the END of a CASE nor a label stands there. So that
// END closes, and no other is looked at.
//
// SQLite: the state machine of src/complete.c. After [EXPLAIN [QUERY PLAN]] CREATE [TEMP|TEMPORARY]
// TRIGGER only `;` END `;`, or `;` END at the end of the text, ends the statement. Parentheses do
// not matter.
//
// MariaDB: not within the compound statements (BEGIN, CASE, IF, LOOP, REPEAT, WHILE, FOR) in the
// bodies of CREATE PROCEDURE, FUNCTION and TRIGGER and of CREATE or ALTER EVENT, and on their own.
// As in its grammar (sql_yacc.yy, sp_proc_stmt) they open only where a statement begins, and END
// closes only there: so the same words are functions and names anywhere else, and between a
// statement's beginning and its `;` nothing is looked at but where the expression of an IF, CASE,
// WHILE or FOR ends. Nothing inside an executable comment. And the shell's DELIMITER lines, under
// which the shell looks for nothing but that delimiter.
//
// Client commands are refused where the shells would obey them: psql's and MariaDB's at any
// backslash between tokens, sqlite3's at a dot where a statement begins.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "store/core/dialect.h"
#include "store/core/result.h"

namespace mig {

// A statement's place in the script, from its first token to its last; neither comments around it
// nor the `;` belong to it.
struct StatementSpan {
  std::size_t begin = 0;  // byte offsets into the script
  std::size_t end = 0;

  std::string_view TextIn(std::string_view script) const {
    return script.substr(begin, end - begin);
  }
  friend bool operator==(const StatementSpan&, const StatementSpan&) = default;
};

// The statements of `script`, in order; empty ones are left out. A parenthesis that is never closed
// is left to the server to report.
//
// Errors: kSqlUnterminated (string, quoted name, dollar quote, comment, body; in PostgreSQL also a
// parenthesis, since what follows it cannot be told apart), kSqlClientCommand (psql meta-command,
// COPY ... FROM stdin or TO stdout, sqlite3 dot-command), with the details line and column, both 1-based, column
// in bytes.
Result<std::vector<StatementSpan>> SplitStatements(Dialect dialect, std::string_view script);

}  // namespace mig
