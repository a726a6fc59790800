// What calls are known by that may be repeated.
#pragma once

#include <string>

namespace mig {

// 32 random hex digits: calls that are repeated under one id are done once.
std::string NewRequestId();

}  // namespace mig
