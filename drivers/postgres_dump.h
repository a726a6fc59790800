// The schema of a PostgreSQL database as pg_dump writes it.
#pragma once

#include <string>

#include "drivers/target_url.h"
#include "store/core/result.h"

namespace mig {

// The statements of `pg_dump --schema-only`, without comments, psql's own commands, and settings
// that a session of ours starts with anyway. Kept is what the rest relies on: an empty search path,
// unchecked function bodies. Added is a REFRESH of each materialized view.
//
// The password travels in the child's environment. Errors: kUnsupported, kDatabaseRefused,
// kDatabaseUnreachable, kStatementFailed.
Result<std::string> DumpPostgresSchema(const TargetUrl& url);

// The part of it that works on pg_dump's text alone.
Result<std::string> StatementsOfDump(std::string_view dump);

}  // namespace mig
