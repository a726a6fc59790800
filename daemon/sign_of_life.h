// What a run's session says while the run waits for something else: servers end a session that is
// silent for long (idle_session_timeout, wait_timeout), and the lease with it.
#pragma once

#include <chrono>

#include "drivers/session.h"
#include "store/core/result.h"

namespace mig {

// From one sign to the next: well below what a server waits for.
inline constexpr std::chrono::seconds kSignOfLife{1};

// Errors: those of Session.
inline Result<void> GiveSignOfLife(Session& session) {
  TRY(session.Execute({"SELECT 1"}));
  return {};
}

}  // namespace mig
