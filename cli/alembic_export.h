// The Python program that writes an Alembic project down: cli/alembic_export.py, as it is in this
// binary.
#pragma once

#include <string_view>

namespace mig {

extern const std::string_view kAlembicExport;

}  // namespace mig
