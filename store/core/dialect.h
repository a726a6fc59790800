// The database engines whose SQL `mig` reads and runs.
#pragma once

#include <optional>
#include <string_view>

namespace mig {

enum class Dialect { kPostgresql, kSqlite, kMariadb };

// "postgresql", "sqlite" or "mariadb": as in revision files, urls and the API.
std::string_view NameOf(Dialect dialect);
std::optional<Dialect> DialectFromName(std::string_view name);

}  // namespace mig
