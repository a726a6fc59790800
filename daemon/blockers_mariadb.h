// What blockers.h says, asked of MariaDB.
#pragma once

#include "daemon/blockers.h"

namespace mig {

// Row locks are InnoDB's to tell. Who holds a metadata lock MariaDB tells to plugins only: there
// `sentence` names those who may, which is whoever has a transaction open. Both want the right
// PROCESS; without it a metadata lock is named, and nobody.
Result<Blockers> MariadbBlockersOf(Session& observer, std::int64_t server_id);

Result<std::string> MariadbHolderActivity(Session& observer, std::string_view lock_name);

}  // namespace mig
