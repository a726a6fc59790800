// A plan as one SQL script for the engine's own client (psql, sqlite3, mariadb), bookkeeping
// included, so that running it without mig leaves the target as a run would. Its log rows carry no
// hash; the next connected run seals them. Each revision is a transaction of its own, as far as its
// sections let it be; the first error stops the client, and so does a version table that is not as
// a step expects it: before the first statement where the script ran already, or where something
// is in force that is above what it changes. A revision that is half applied stops it, too. It
// keeps mig_journal as a run does: where it stops within a revision, a run goes on from there.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "daemon/alembic_version.h"
#include "daemon/bookkeeping.h"
#include "daemon/catalog.h"
#include "daemon/run_plan.h"
#include "store/core/result.h"

namespace mig {

struct ScriptSetting {
  std::string actor;
  AlembicSetting alembic = {};
  std::shared_ptr<const PlaceholderValues> placeholders = {};
  std::map<std::string, std::string> parameters = {};  // of the target's url
  bool shows_values = true;                            // what is run elsewhere has them in it
};

// `operation` is an upgrade to REV or FROM:TO, a downgrade FROM:TO, or a stamp of REV or FROM:TO.
// Errors: those of daemon/plan/plan.h and UnitsOf; kUnsupported for what needs a connection;
// kPermissionDenied for a step with values that may not be shown.
Result<std::string> RenderScript(const Catalog& catalog, const Operation& operation,
                                 const Bookkeeping& book, const ScriptSetting& setting);

}  // namespace mig
