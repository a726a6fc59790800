#include "daemon/client_delimiter.h"

#include <fmt/format.h>

namespace mig {

std::string Delimited(const std::string& statement) {
  std::string delimiter = "//";
  while (statement.find(delimiter) != std::string::npos) delimiter += '/';
  return fmt::format("DELIMITER {0}\n{1}\n{0}\nDELIMITER ;\n", delimiter, statement);
}

}  // namespace mig
