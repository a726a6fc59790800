// The address of a live database, parsed once: which engine, which connection parameters, and how
// it may be shown.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "store/core/dialect.h"
#include "store/core/result.h"

namespace mig {

// Where a url comes from, so that it means the same in the daemon as in the shell of its owner.
struct UrlContext {
  // What the paths of SQLite databases, certificates, keys, PostgreSQL's passfile and PGSERVICEFILE
  // are relative to. Empty: no such SQLite path is taken, the others are left as they are.
  std::string base_directory;
  std::map<std::string, std::string>
      environment;  // the owner's PG*, MYSQL_*, HOME: count instead of the daemon's own
};

struct TargetUrl {
  Dialect dialect = Dialect::kSqlite;
  std::string path;  // SQLite: absolute path of the file
  std::map<std::string, std::string>
      parameters;        // PostgreSQL: libpq keywords; MariaDB: drivers/mariadb_parameters.h
  std::string redacted;  // for people: no password, no secret parameter
};

// Accepts
//   sqlite:PATH              relative or absolute, as written
//   sqlite:///PATH           relative, sqlite:////PATH absolute, as SQLAlchemy reads them; the
//                            database's name is not percent-decoded, takes no parameters, and
//                            `:memory:` is refused
//   postgresql://..., postgres://..., and key=value strings, as libpq reads them
//   mariadb://..., mysql://...
// each with Alembic's driver suffix (`postgresql+psycopg2://`), which is dropped.
//
// What a PostgreSQL url leaves out comes, in libpq's own order, from the service it names (or
// PGSERVICE) in the owner's service file, from the owner's PG* variables, then from libpq's
// defaults; the owner's ~/.pgpass and ~/.postgresql are made explicit. What a MariaDB url leaves
// out comes from the owner's ~/.my.cnf, then from MYSQL_HOST, MYSQL_TCP_PORT, MYSQL_UNIX_PORT and
// MYSQL_PWD, as with the mariadb client.
//
// Errors: kUrlInvalid, kUnsupported; neither ever quotes a password.
Result<TargetUrl> ParseTargetUrl(std::string_view url, const UrlContext& context);

// Any text with the password of every url, `password=`, `PGPASSWORD=` and SQL's `PASSWORD '...'`,
// and every token of `migd token`, in it replaced by ***. Rather hides too much than too little.
std::string RedactSecrets(std::string_view text);

}  // namespace mig
