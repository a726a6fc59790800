// `mig import alembic [PATH]`: an Alembic project into revision files.
#pragma once

#include <span>

#include "cli/command.h"

namespace mig {

// The first operand is `alembic`.
Result<int> ImportAlembic(Context& context);

}  // namespace mig
