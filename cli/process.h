// Other programs: Git, an editor.
#pragma once

#include <string>
#include <vector>

#include "store/core/result.h"

namespace mig {

// What a program prints, found by PATH; empty when there is no such program or it fails. Its stderr
// is dropped.
std::string Capture(const std::vector<std::string>& command);

// Runs a shell command line with `argument` appended as one word, on this terminal, and waits for
// it. Errors: kUsage when it cannot be run or ends with a failure, naming it.
Result<void> RunInForeground(const std::string& command_line, const std::string& argument);

}  // namespace mig
