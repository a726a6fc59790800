// The address of a live database, parsed once: which engine, which connection parameters, and how it may be shown.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "store/core/dialect.h"
#include "store/core/result.h"

namespace mig {

// Where a url comes from, so that it means the same in the daemon as in the shell of its owner.
struct UrlContext {
  std::string base_directory;                      // relative SQLite paths are relative to it
  std::map<std::string, std::string> environment;  // the owner's PG*, HOME: count instead of the daemon's own
};

struct TargetUrl {
  Dialect dialect = Dialect::kSqlite;
  std::string path;                               // SQLite: absolute path of the file
  std::map<std::string, std::string> parameters;  // PostgreSQL: libpq keywords; MariaDB: host, port, user, ...
  std::string redacted;                           // for people: no password, no secret parameter
};

// Accepts `sqlite:PATH`, `sqlite:///ABSOLUTE`, `postgresql://...`, `postgres://...` (libpq's uri grammar, with Alembic's
// `postgresql+driver://` forms), libpq's `key=value` strings, `mariadb://` and `mysql://`.
//
// Errors: kUrlInvalid, kUnsupported; neither ever quotes a password.
Result<TargetUrl> ParseTargetUrl(std::string_view url, const UrlContext& context);

// Any text with the password of every url and `password=` in it replaced by ***.
std::string RedactSecrets(std::string_view text);

}  // namespace mig
