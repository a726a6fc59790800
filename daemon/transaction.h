// Runs `body` inside a transaction of its own: committed when it succeeds, rolled back when it
// fails.
#pragma once

#include <utility>

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

}  // namespace mig
