// Threads that may not be had: std::thread throws where the system gives none.
#pragma once

#include <functional>
#include <thread>

#include "store/core/result.h"

namespace mig {

// A thread that does `work`; the caller joins it, or lets it go until the process ends. Errors:
// kLimitExceeded.
Result<std::thread> StartThread(std::function<void()> work);

}  // namespace mig
