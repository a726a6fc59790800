// What any program that a driver runs needs of its environment.
#pragma once

#include <map>
#include <string>

namespace mig {

// PATH, LANG and LC_ALL of this process, and nothing else.
std::map<std::string, std::string> ProgramEnvironment();

}  // namespace mig
