// Who keeps a session waiting, as its server tells: sentences for people, and of a statement only
// its first keywords. A name in it may be the value of a placeholder, of another work tree, too.
#pragma once

#include <cstdint>
#include <string>

#include "drivers/session.h"
#include "store/core/result.h"

namespace mig {

// Those whose locks the session that the server calls `server_id` waits for: "bob (pid 41, psql,
// idle in transaction for 12 s, last SELECT)"; or that for which it waits, and who may have it.
// Empty: nobody, or the engine does not tell. `who` is the same without times, so that it is equal
// as long as nothing changed. Errors: those of Session.
struct Blockers {
  std::string sentence;
  std::string who;
};
Result<Blockers> BlockersOf(Session& observer, std::int64_t server_id);

// What the session that holds the run lock does now: "pid 41 runs CREATE INDEX for 8 s". Empty
// where nobody has it or the engine does not tell.
Result<std::string> HolderActivity(Session& observer, std::string_view lock_name);

}  // namespace mig
