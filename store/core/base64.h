// Base64 (RFC 4648, section 4), by OpenSSL.
#pragma once

#include <string>

namespace mig {

// With its padding, and without line ends.
std::string Base64(const std::string& bytes);

}  // namespace mig
