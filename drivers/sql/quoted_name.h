// Names in statements that are made.
#pragma once

#include <string>
#include <string_view>

#include "store/core/dialect.h"

namespace mig {

// A name as the engine quotes it.
std::string QuoteName(std::string_view name, Dialect dialect = Dialect::kPostgresql);

}  // namespace mig
