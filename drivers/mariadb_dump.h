// The schema of a MariaDB database as mariadb-dump writes it.
#pragma once

#include <string>
#include <string_view>

#include "drivers/target_url.h"
#include "store/core/result.h"

namespace mig {

// The statements of `mariadb-dump --no-data --routines --triggers --events`, without comments,
// without mig's own tables and without settings that a session of ours starts with anyway; bodies
// between DELIMITER lines. The sql_mode that a routine, trigger or event was made with is set for
// it where a session of ours has another one. Definers and the database's name are kept out, so
// that the schema can be made by another user and in another database; the next AUTO_INCREMENT
// values are no part of it.
//
// The password travels in the child's environment. Errors: kUnsupported, kDatabaseRefused,
// kDatabaseUnreachable, kDatabaseMissing, kStatementFailed. kUnsupported also for what was made
// with a sql_mode in which text is read otherwise (ANSI_QUOTES, ...).
Result<std::string> DumpMariadbSchema(const TargetUrl& url);

// The part of it that works on mariadb-dump's text of this database alone; `session_mode` is the
// sql_mode of a session of ours.
Result<std::string> StatementsOfMariadbDump(std::string_view dump, std::string_view database,
                                            std::string_view session_mode);

// A table's definition without the next value of its AUTO_INCREMENT, which every INSERT moves.
std::string WithoutNextValue(std::string definition);

}  // namespace mig
