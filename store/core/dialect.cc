#include "store/core/dialect.h"

namespace mig {

std::string_view NameOf(Dialect dialect) {
  switch (dialect) {
    case Dialect::kPostgresql: return "postgresql";
    case Dialect::kSqlite: return "sqlite";
    case Dialect::kMariadb: return "mariadb";
  }
  return "";
}

std::optional<Dialect> DialectFromName(std::string_view name) {
  for (Dialect dialect : {Dialect::kPostgresql, Dialect::kSqlite, Dialect::kMariadb}) {
    if (name == NameOf(dialect)) return dialect;
  }
  return std::nullopt;
}

}  // namespace mig
