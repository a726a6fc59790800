// What MariaDB and its client library report, as reasons. The only place that does so; the numbers
// are those of the manual's "MariaDB Error Codes".
#pragma once

#include <mysql.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "drivers/session.h"
#include "store/core/error.h"
#include "store/core/result.h"

namespace mig {

// The error of the call that just failed. Details: db_code, sqlstate, db_message, and position
// (1-based, in characters) for a syntax error whose place can be told. `interrupted` tells a
// cancellation of ours from one of the server.
Error MariadbError(MYSQL* connection, std::string_view statement, bool interrupted);

// Of a statement that is not sent, because the server, which takes messages of less than `limit`
// bytes, would close the connection. Details: db_code, that of the server in this case.
Error MariadbTooLong(std::size_t bytes, std::size_t limit);

// kRollbackIncomplete where the server's warnings behind a rollback, as SHOW WARNINGS gives them,
// say so.
Result<void> CheckMariadbRollback(const SqlResult& warnings);

// Why a connection could not be opened: kDatabaseMissing for an unknown database,
// kDatabaseUnreachable where nobody answers, else kDatabaseRefused. `url` is the redacted one.
Error MariadbConnectError(MYSQL* connection, std::string_view url);

}  // namespace mig
