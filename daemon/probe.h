// Looking, after a crash, whether a statement that ran outside of a transaction took effect.
#pragma once

#include "drivers/session.h"
#include "drivers/sql/classify.h"
#include "store/core/result.h"

namespace mig {

enum class Effect {
  kTook,       // it is done: go on behind it
  kTookNot,    // nothing is there: run it
  kLeftovers,  // an invalid index: remove it, then run it
  kUnknown,    // looking cannot tell
};

// Errors: those of Session.
Result<Effect> LookFor(Session& session, const Probe& probe);

// Removes what kLeftovers found. REQUIRES: no transaction is open.
Result<void> RemoveLeftovers(Session& session, const Probe& probe);

}  // namespace mig
