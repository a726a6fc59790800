#include "drivers/program_environment.h"

#include <cstdlib>

namespace mig {

std::map<std::string, std::string> ProgramEnvironment() {
  std::map<std::string, std::string> environment;
  for (const char* name : {"PATH", "LANG", "LC_ALL"}) {
    const char* value = std::getenv(name);
    if (value != nullptr) environment[name] = value;
  }
  return environment;
}

}  // namespace mig
