// What PostgreSQL and libpq report, as reasons. The only place that does so; SQLSTATEs are those of
// PostgreSQL's appendix A.
#pragma once

#include <libpq-fe.h>

#include <string>
#include <string_view>

#include "store/core/error.h"

namespace mig {

// The error of a failed result. Details, as far as the server gives them: sqlstate, db_message,
// db_detail, db_hint, position (1-based, in characters), context, schema, table, column,
// constraint. `interrupted` tells a cancellation of ours from a timeout of the server.
Error PostgresError(const PGresult* result, bool interrupted);

// The connection is gone: kDatabaseUnreachable with libpq's last words.
Error PostgresConnectionLost(PGconn* connection);

// Why a connection could not be opened: kDatabaseRefused where the server accepts connections, but
// not this one; else kDatabaseUnreachable. libpq keeps the SQLSTATE of a failed connection to
// itself, and its text depends on the server's language, but PQping() looks at it: `server` is its
// answer. `url` is the redacted one.
Error PostgresConnectError(PGconn* connection, PGPing server, std::string_view url);

}  // namespace mig
