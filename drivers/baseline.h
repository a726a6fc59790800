// The schema of an existing database as a script, to become the revision that a history starts
// from.
#pragma once

#include <string>

#include "drivers/target_url.h"
#include "store/core/result.h"

namespace mig {

// SQL that makes an empty database look like this one: SQLite's own text of each object in order of
// creation, behind `user_version` and `application_id` where they are set, or what pg_dump or
// mariadb-dump write without owners, privileges and session settings. Mig's own tables and
// Alembic's `alembic_version` are left out, and so is what belongs to rows: keys that the database
// counts begin anew. Reads only; no password appears in an argument list.
//
// Errors: those of OpenSession and Session::Execute; kUnsupported when pg_dump is not installed or
// its version does not suit the server, or when a line of the schema would divide a revision file.
Result<std::string> ReadBaseline(const TargetUrl& url);

}  // namespace mig
