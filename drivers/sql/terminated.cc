#include "drivers/sql/terminated.h"

#include <string_view>

namespace mig {

std::string Terminated(const std::string& statement) {
  const std::string_view last = std::string_view(statement).substr(statement.rfind('\n') + 1);
  return statement + (last.find("--") == last.npos ? ";" : "\n;");
}

}  // namespace mig
