// A program run to its end, its two outputs captured.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "store/core/result.h"

namespace mig {

struct ChildOutcome {
  int status = 0;  // as a shell reports it: 128 + the signal's number when one ended it
  bool timed_out = false;
  std::string out;
  std::string err;
};

// What ends a program before it ends by itself: it and all its children are sent SIGTERM, and a few
// seconds later SIGKILL.
struct ChildLimits {
  std::chrono::milliseconds time{0};     // 0: none
  std::function<bool()> cancelled = {};  // asked every tenth of a second
};

// Runs `arguments` (the first is searched in PATH) with exactly this environment, an empty standard
// input, and no open file of this process. Waits for its end.
//
// Errors: kUnsupported when the program is not there; kCancelled; kInternal when the system gives
// no process or pipe.
Result<ChildOutcome> RunChild(const std::vector<std::string>& arguments,
                              const std::map<std::string, std::string>& environment,
                              const ChildLimits& limits = {});

}  // namespace mig
