// Runs `body` inside a transaction of its own: committed when it succeeds, rolled back when it
// fails.
#pragma once

#include <utility>

#include "daemon/world.h"
#include "drivers/session.h"
#include "store/core/result.h"

namespace mig {

// `body` returns Result<void>, and so does `commit`, which ends the transaction as Session's Commit
// and CommitWith do. Errors: theirs; those of Session. REQUIRES: no transaction is open.
template <typename Body, typename Commit>
Result<void> Transact(Session& session, Body&& body, Commit&& commit) {
  TRY(session.Begin());
  Result<void> outcome = std::forward<Body>(body)();
  if (outcome) outcome = std::forward<Commit>(commit)();
  if (!outcome) (void)session.Rollback();
  return outcome;
}

template <typename Body>
Result<void> Transact(Session& session, Body&& body) {
  return Transact(session, std::forward<Body>(body), [&] { return session.Commit(); });
}

// The same, repeated for a few seconds while other connections' locks are in the way: for mig's own
// short transactions. `body` and `commit` may run several times; `busy` is told each time that they
// will, and its error ends the wait.
template <typename Body, typename Commit, typename Busy>
Result<void> TransactPatiently(Session& session, const World& world, Body&& body, Commit&& commit,
                               Busy&& busy) {
  constexpr int kAttempts = 20;
  constexpr Milliseconds kPause{50};  // on top of what a session itself waits
  for (int attempt = 1;; ++attempt) {
    Result<void> outcome = Transact(session, body, commit);
    if (outcome || outcome.error().reason != Reason::kDatabaseBusy || attempt == kAttempts)
      return outcome;
    TRY(busy(outcome.error()));
    world.sleep(kPause);
  }
}

template <typename Body, typename Commit>
Result<void> TransactPatiently(Session& session, const World& world, Body&& body, Commit&& commit) {
  return TransactPatiently(session, world, std::forward<Body>(body), std::forward<Commit>(commit),
                           [](const Error&) { return Result<void>(); });
}

template <typename Body>
Result<void> TransactPatiently(Session& session, const World& world, Body&& body) {
  return TransactPatiently(session, world, std::forward<Body>(body),
                           [&] { return session.Commit(); });
}

}  // namespace mig
