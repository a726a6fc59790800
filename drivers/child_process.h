// A program run to its end, its two outputs captured.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "store/core/result.h"

namespace mig {

struct ChildOutcome {
  int status = 0;  // as a shell reports it: 128 + the signal's number when one ended it
  std::string out;
  std::string err;
};

// Runs `arguments` (the first is searched in PATH) with exactly this environment, an empty standard input, and no open file of
// this process. Waits for its end.
//
// Errors: kUnsupported when the program is not there; kInternal when the system gives no process or pipe.
Result<ChildOutcome> RunChild(const std::vector<std::string>& arguments,
                              const std::map<std::string, std::string>& environment);

}  // namespace mig
