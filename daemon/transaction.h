// Runs `body` inside a transaction of its own: committed when it succeeds, rolled back when it
// fails.
#pragma once

#include <utility>

#include "daemon/world.h"
#include "drivers/session.h"
#include "store/core/result.h"

namespace mig {

// `body` returns Result<void>. Errors: the body's; those of Session. REQUIRES: no transaction is
// open.
template <typename Body>
Result<void> Transact(Session& session, Body&& body) {
  TRY(session.Begin());
  Result<void> outcome = std::forward<Body>(body)();
  if (outcome) outcome = session.Commit();
  if (!outcome) (void)session.Rollback();
  return outcome;
}

// The same, repeated for a few seconds while other connections' locks are in the way: for mig's own
// short transactions. `body` may run several times.
template <typename Body>
Result<void> TransactPatiently(Session& session, const World& world, Body&& body) {
  constexpr int kAttempts = 20;
  constexpr Milliseconds kPause{50};  // on top of what a session itself waits
  for (int attempt = 1;; ++attempt) {
    Result<void> outcome = Transact(session, body);
    if (outcome || outcome.error().reason != Reason::kDatabaseBusy || attempt == kAttempts)
      return outcome;
    world.sleep(kPause);
  }
}

}  // namespace mig
