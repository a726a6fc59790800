// SQLite's foreign keys around a revision: around one that runs without them, and around one that
// has to.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "daemon/step.h"
#include "drivers/session.h"
#include "store/core/result.h"

namespace mig {

// Refuses to commit what `step` leaves where rows point nowhere. Within the transaction that is
// open. Errors: kVerifyFailed with the details name, file and violations (how many); those of
// Session.
Result<void> CheckForeignKeys(Session& session, const RunStep& step);

// A table that is dropped and made again: with foreign keys on, DROP TABLE deletes its rows first,
// and the rows that refer to them go along or lose what they refer to.
struct Rebuild {
  const PlannedStatement* drop = nullptr;
  std::string referring;  // a query: one row, the table and one that would lose, or none
};
// Those that the first of `units` begins, all of which are a step's next. They outlive the answer.
std::vector<Rebuild> RebuildsOf(std::span<const Unit> units);

// Refuses the first of `units` where a rebuild would do that. Errors: kSqlInvalid with the details
// name, file, line and statement; those of Session.
Result<void> CheckRebuilds(Session& session, const RunStep& step, std::span<const Unit> units);

}  // namespace mig
