// SQLite's foreign keys around a revision that runs without them.
#pragma once

#include "daemon/step.h"
#include "drivers/session.h"
#include "store/core/result.h"

namespace mig {

// Refuses to commit what `step` leaves where rows point nowhere. Within the transaction that is
// open. Errors: kVerifyFailed with the details name, file and violations (how many); those of
// Session.
Result<void> CheckForeignKeys(Session& session, const RunStep& step);

}  // namespace mig
