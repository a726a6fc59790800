// How PostgreSQL's own programs (pg_dump, psql) are told which database is meant, without a secret
// on their command line.
#pragma once

#include <map>
#include <string>

#include "drivers/target_url.h"

namespace mig {

// Everything that libpq reads from its environment travels there, the password included; the rest,
// which holds no secret, in `conninfo`, for --dbname. The environment also has PATH and the locale.
struct PostgresProgram {
  std::map<std::string, std::string> environment;
  std::string conninfo;
};

// REQUIRES: a url of PostgreSQL.
PostgresProgram PostgresProgramFor(const TargetUrl& url);

}  // namespace mig
