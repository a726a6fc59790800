// A live database as the engine sees it: opened, and what its bookkeeping tables say.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/alembic_version.h"
#include "daemon/bookkeeping.h"
#include "daemon/catalog.h"
#include "daemon/plan/placeholder_values.h"
#include "daemon/policy.h"
#include "drivers/session.h"
#include "drivers/target_url.h"
#include "store/core/result.h"
#include "store/objects.h"

namespace mig {

// As a caller names it.
struct TargetSpec {
  std::string name;
  std::string url;  // expanded
  std::string schema;
  UrlContext context;
  TargetPolicy policy = {};
  std::string compat = {};  // "alembic" or empty
  std::string alembic_table = {};
  std::map<std::string, std::string> placeholders = {};  // values, expanded
  std::string placeholder_key = {};                      // secret; empty: the daemon's own
};

// Its address, understood.
struct TargetAddress {
  std::string name;
  TargetUrl url;
  std::string schema;
  TargetPolicy policy = {};
  AlembicSetting alembic = {};
  std::shared_ptr<const PlaceholderValues> placeholders = {};  // never null
  bool served = false;         // the daemon's own: its values are not for callers
  std::string directory = {};  // of the configuration that it comes from
};

// The targets that a daemon serves by name, and whether its callers may bring urls of their own.
struct ServedTargets {
  bool accept_urls = true;
  // Whether a caller's policy may have a backup taken: its command runs as the daemon's user.
  bool accept_backups = true;
  std::map<std::string, TargetSpec> by_name = {};
};
// A url that leads where a served one does, by the same host, port and database or to the same
// file, is under that one's policy. Errors: kNoTarget without a url; kPermissionDenied with one
// where none is accepted, or with a backup where that is not; those of ParseTargetUrl and
// AlembicSettingOf.
Result<TargetAddress> AddressOf(const TargetSpec& spec, const ServedTargets& served);

struct OpenTarget {
  TargetAddress address;
  std::unique_ptr<Session> session;
  Bookkeeping book;
  AlembicTable alembic;
};
// How sessions are made: OpenSession, or a test's way to make ones that fail.
using SessionOpener =
    std::function<Result<std::unique_ptr<Session>>(const TargetUrl&, IfMissing if_missing)>;
// Errors: those of OpenSession, naming the target.
Result<OpenTarget> Open(const TargetAddress& address, IfMissing if_missing,
                        const SessionOpener& open_session = OpenSession);
// Whether the error of an Open is of a database that an upgrade makes, and that so counts as an
// empty one: a SQLite file. Others that are missing may be a typing error.
bool IsYetToBeMade(const TargetAddress& address, const Error& error);

// What the tables say. Without tables: format 0 and no rows.
struct TargetState {
  int format = 0;
  std::string target_id;
  std::vector<VersionRow> rows;
  AlembicState alembic;    // read where it can matter
  bool untouched = false;  // mig never did anything here; known where alembic.found
};
// Errors: kDatabaseFormat for tables of another version, and where some are missing; those of
// Session.
Result<TargetState> ReadState(OpenTarget& target);

// The revisions of the rows and below that `known` does not have: of what the project has stored,
// else from the target's own mig_object. Errors: kUnknownApplied naming the row that nobody has;
// kCorruption for an object whose hash does not match.
Result<std::vector<RevisionPtr>> LoadUnknown(OpenTarget& target, const TargetState& state,
                                             const Catalog& known, const std::string& project,
                                             Objects& objects);

}  // namespace mig
