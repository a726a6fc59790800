// Looking, after a crash, whether a statement that ran outside of a transaction took effect.
#pragma once

#include <string>
#include <string_view>

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

// What LookFor() will compare with, as a text for the journal: seen before the statement begins.
// Empty for probes that need nothing. Errors: those of Session.
Result<std::string> SeeBefore(Session& session, const Probe& probe);

// `before` is what SeeBefore() gave. Errors: those of Session.
Result<Effect> LookFor(Session& session, const Probe& probe, std::string_view before = "");

// Removes what kLeftovers found. REQUIRES: no transaction is open.
Result<void> RemoveLeftovers(Session& session, const Probe& probe);

}  // namespace mig
