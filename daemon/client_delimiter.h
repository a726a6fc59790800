// The mariadb client ends a statement at any `;`, also within the body of a routine, unless it is
// told another delimiter.
#pragma once

#include <string>

namespace mig {

// The statement between DELIMITER lines, with one that it does not hold.
std::string Delimited(const std::string& statement);

}  // namespace mig
