// From a libpq url or key=value string to the complete set of connection parameters its owner means
// by it.
//
// libpq fills gaps from the environment of its own process, which in a daemon is the wrong one; so
// the gaps are filled here, in the same order (PostgreSQL 15, section 34.1.2, 34.15 to 34.17), and
// libpq is left nothing to look up.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/core/result.h"

namespace mig {

struct PostgresParameters {
  std::map<std::string, std::string> given;  // what the string itself says
  std::map<std::string, std::string>
      all;  // with service file, environment and home directory; no empty values
};

// Errors: kUrlInvalid, without any value of the string.
Result<PostgresParameters> ParsePostgresParameters(
    std::string_view conninfo, const std::map<std::string, std::string>& environment);

// A url of libpq's grammar without secrets that names the same database.
std::string RedactedPostgresUrl(const PostgresParameters& parameters);

// Names and values of what the parameter `options` sets in a session, in order: `-c NAME=VALUE` and
// `--NAME=VALUE`, cut as the server cuts them (pg_split_opts), at blanks without a backslash.
std::vector<std::pair<std::string, std::string>> SettingsInOptions(std::string_view options);

// The environment variable libpq reads for each keyword that has one.
const std::map<std::string, std::string>& PostgresVariables();

// Removes every PG* variable from the environment of this process, so that libpq sees only what a
// url's owner gave. For a daemon's main, before any thread starts.
void ForgetPostgresEnvironment();

}  // namespace mig
