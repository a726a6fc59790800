// The connection parameters of a MariaDB or MySQL url: host, port, user, password, dbname, and what
// follows `?`.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "store/core/result.h"

namespace mig {

// `rest` is the url after its scheme, from the colon on. Percent escapes are decoded (RFC 3986,
// section 2.1).
//
// Errors: kUrlInvalid, without any value of the url.
Result<std::map<std::string, std::string>> ParseMariadbParameters(std::string_view rest);

std::string RedactedMariadbUrl(const std::map<std::string, std::string>& parameters);

}  // namespace mig
