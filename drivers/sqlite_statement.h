// One SQLite statement from text to result: prepare, bind, step.
#pragma once

#include <sqlite3.h>

#include "drivers/session.h"

namespace mig {

// Refuses (kStatementFailed) more than one statement and a number of parameters other than that of
// the values. `position` in an error counts from the start of command.sql.
Result<SqlResult> RunSqliteStatement(sqlite3* db, const SqlCommand& command);

}  // namespace mig
