// The environment of a process, as a value.
#pragma once

#include <map>
#include <string>

namespace mig {

using Environment = std::map<std::string, std::string>;

// This process's.
Environment ProcessEnvironment();

// Empty where it is not set.
std::string Lookup(const Environment& environment, const std::string& name);

}  // namespace mig
