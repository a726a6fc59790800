// How MariaDB's own programs (mariadb-dump, mariadb) are told which database is meant, without a
// secret on their command line.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "drivers/target_url.h"

namespace mig {

// The password travels in the environment, which also has PATH and the locale; all else in options,
// the first of which says which file of options counts.
struct MariadbProgram {
  std::map<std::string, std::string> environment;
  std::vector<std::string> options;
  std::string database;
};

// REQUIRES: a url of MariaDB.
MariadbProgram MariadbProgramFor(const TargetUrl& url);

}  // namespace mig
