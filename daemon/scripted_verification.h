// A verification in a script for the engine's own client: it fails there as it would in a run.
//
// A run looks at what a query answers: one row with one cell, false or a zero, is a no. A client
// only stops at errors, so the query is wrapped into one that fails when the answer is a no: on
// PostgreSQL a DO block that raises, on SQLite a named CHECK of a temporary table, on MariaDB a
// block that signals.
#pragma once

#include <span>
#include <string>

#include "daemon/step.h"
#include "store/core/dialect.h"
#include "store/core/result.h"

namespace mig {

// Whole statements, ended by semicolons and line ends. Errors: kUnsupported, with the details name,
// file and line, where no client could tell what the query answers.
Result<std::string> ScriptedVerification(Dialect dialect, const RunStep& step,
                                         const PlannedStatement& verification);

// SQLite: fails when rows point nowhere, as a run with foreign_keys=off does before it commits.
std::string ScriptedForeignKeyCheck(const RunStep& step);

// SQLite: fails where the first of `units`, which are the step's next, rebuilds a table that others
// refer to, as a run does before it.
std::string ScriptedRebuildCheck(const RunStep& step, std::span<const Unit> units);

}  // namespace mig
