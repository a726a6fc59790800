// A statement with its semicolon.
#pragma once

#include <string>

namespace mig {

// On a line of its own where a comment in the last line would hide it. Pure.
std::string Terminated(const std::string& statement);

}  // namespace mig
