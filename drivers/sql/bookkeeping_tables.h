// Names of tables that describe migrations and are no part of a schema.
#pragma once

#include <array>
#include <string_view>

namespace mig {

// Mig's own in a target (docs/formats.md), and Alembic's.
inline constexpr std::array<std::string_view, 7> kBookkeepingTables = {
    "mig_version", "mig_log",  "mig_object",     "mig_lease",
    "mig_journal", "mig_meta", "alembic_version"};

}  // namespace mig
