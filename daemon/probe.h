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
  kUnchanged,  // what is there was there before the statement, as it is now: run it
  kLeftovers,  // what it left is of no use: remove it, then run it
  kHalfDone,   // it can be finished: finish it, then go on behind it
  kUnknown,    // looking cannot tell
};

// What LookFor() will compare with, as a text for the journal: seen before the statement begins, so
// that what another made, or was never there, is not taken for its effect. Empty where nothing has
// to be told. Errors: those of Session.
Result<std::string> SeeBefore(Session& session, const Probe& probe);

// Stands for what SeeBefore() gives where nobody could look, in a script.
inline constexpr std::string_view kNotLooked = "unseen";

// `before` is what SeeBefore() gave. Errors: those of Session.
Result<Effect> LookFor(Session& session, const Probe& probe, std::string_view before = "");

// One sentence without a full stop: what was found, for people who have to decide.
std::string WhatWasFound(const Probe& probe, Effect effect);

// Removes what kLeftovers found, or finishes what kHalfDone found. REQUIRES: no transaction is
// open.
Result<void> RemoveLeftovers(Session& session, const Probe& probe, std::string_view before);
Result<void> Finish(Session& session, const Probe& probe);

}  // namespace mig
