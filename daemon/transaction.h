// Runs `body` inside a transaction of its own: committed when it succeeds, rolled back when it
// fails.
#pragma once

#include <utility>

#include "daemon/world.h"
#include "drivers/session.h"
#include "store/core/result.h"

namespace mig {

// The error of a transaction that was rolled back for `error`. What the rollback left counts for
// more: kRollbackIncomplete is none that a repetition cures.
inline Error WithRollback(Error error, const Result<void>& rolled_back) {
  if (rolled_back || rolled_back.error().reason != Reason::kRollbackIncomplete) return error;
  error.reason = Reason::kRollbackIncomplete;
  error.message += "; " + rolled_back.error().message;
  error.hint.clear();
  return error;
}

// `body` returns Result<void>, and so does `commit`, which ends the transaction as Session's Commit
// and CommitWith do. Errors: theirs; those of Session; kRollbackIncomplete, whose message tells
// both what failed and what stayed. REQUIRES: no transaction is open.
template <typename Body, typename Commit>
Result<void> Transact(Session& session, Body&& body, Commit&& commit) {
  TRY(session.Begin());
  Result<void> outcome = std::forward<Body>(body)();
  if (outcome) outcome = std::forward<Commit>(commit)();
  if (outcome) return outcome;
  return WithRollback(std::move(outcome).error(), session.Rollback());
}

template <typename Body>
Result<void> Transact(Session& session, Body&& body) {
  return Transact(session, std::forward<Body>(body), [&] { return session.Commit(); });
}

// Repeats an action while other connections' locks are in its way. `busy` is given the error of
// each attempt that met such a lock; its own ends the wait.
template <typename Action, typename Busy>
auto Patiently(const World& world, Action&& action, Busy&& busy) -> decltype(action()) {
  constexpr Milliseconds kPause{50};
  for (;;) {
    auto outcome = action();
    if (outcome || outcome.error().reason != Reason::kDatabaseBusy) return outcome;
    TRY(busy(outcome.error()));
    world.sleep(kPause);
  }
}

// For mig's own short transactions, which wait so for some seconds, on top of what a session itself
// waits. `body` and `commit` may run several times.
template <typename Body, typename Commit>
Result<void> TransactPatiently(Session& session, const World& world, Body&& body, Commit&& commit) {
  constexpr int kAttempts = 20;
  const auto attempt = [&] { return Transact(session, body, commit); };
  return Patiently(world, attempt, [left = kAttempts](const Error& busy) mutable {
    return --left > 0 ? Result<void>() : Result<void>(busy);
  });
}

template <typename Body>
Result<void> TransactPatiently(Session& session, const World& world, Body&& body) {
  return TransactPatiently(session, world, std::forward<Body>(body),
                           [&] { return session.Commit(); });
}

}  // namespace mig
