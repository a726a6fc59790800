// A project's file, taken in: `mig import FILE`.
#pragma once

#include <string>

#include "cli/context.h"

namespace mig {

// Sends the file to the daemon. Errors: kFileUnreadable; those of the call.
Result<int> ImportProjectFile(Context& context, const std::string& path);

}  // namespace mig
