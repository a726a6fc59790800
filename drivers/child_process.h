// A program run to its end, its two outputs captured.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "store/core/result.h"

namespace mig {

// Twice and more what any caller can use: a schema has to fit into a revision file.
inline constexpr std::size_t kMostOutput = std::size_t{64} << 20;

struct ChildOutcome {
  int status = 0;  // as a shell reports it: 128 + the signal's number when one ended it
  bool timed_out = false;
  bool cut = false;  // `out` is the first kMostOutput bytes of more
  std::string out;
  std::string err;  // its end: what a program says last
};

// What ends a program before it ends by itself: it and all its children are sent SIGTERM, and a few
// seconds later SIGKILL. Then nothing is waited for, even if a process that left the group still
// has the outputs open.
struct ChildLimits {
  std::chrono::milliseconds time{0};     // 0: none
  std::function<bool()> cancelled = {};  // asked every tenth of a second
};

// Runs `arguments` (the first is searched in PATH) with exactly this environment, an empty standard
// input, and no open file of this process, in `directory` (empty: that of this process). Waits for
// its end.
//
// Errors: kUnsupported when the program is not there; kCancelled; kInternal when the system gives
// no process or pipe.
Result<ChildOutcome> RunChild(const std::vector<std::string>& arguments,
                              const std::map<std::string, std::string>& environment,
                              const ChildLimits& limits = {}, const std::string& directory = {});

}  // namespace mig
