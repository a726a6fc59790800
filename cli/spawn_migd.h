// Starts a private migd that outlives this process and takes nothing of it along.
#pragma once

#include "cli/local_places.h"
#include "store/core/result.h"

namespace mig {

// What MIG_IDLE says: the seconds after which a daemon ends when nobody needs it; 0 ends it with
// its clients. 600 without it. Errors: kConfigInvalid.
Result<int> IdleSeconds();

// Returns when the daemon listens. It runs in a session of its own, in `/`, with default signals,
// no inherited descriptor, its log as stdout and stderr (else `$(mig ...)` would wait for it), and
// a cleaned environment (one shell's PGPASSWORD must not serve the next). It ends after
// IdleSeconds(). REQUIRES: the caller holds start.lock.
//
// Errors: kDaemonUnreachable, with the detail `absent` where it ended without a word, as if killed:
// to be tried again; those of IdleSeconds; or what migd says when it cannot start.
Result<void> SpawnMigd(const LocalPlaces& places);

}  // namespace mig
