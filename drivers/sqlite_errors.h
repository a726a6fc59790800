// SQLite's result codes as reasons. The only place that does so.
#pragma once

#include <sqlite3.h>

#include <string_view>

#include "store/core/error.h"

namespace mig {

// The error of the last call on `db`, which ran `sql`. Details: db_message, sqlite_code (the
// extended code, a number) and position (1-based, in characters) where SQLite knows it.
Error SqliteError(sqlite3* db, std::string_view sql);

// Why `path` could not be opened, from an open or first read that failed; `db` may be null.
Error SqliteOpenError(sqlite3* db, int code, std::string_view path);

}  // namespace mig
