// Rows on their way from MariaDB.
#pragma once

#include <mysql.h>

#include "drivers/session.h"

namespace mig {

struct FreeMariadbResult {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};

// Rows of the text protocol: integers as numbers (those beyond a signed bigint as text), strings
// without a character set, blobs, bits and geometries as Blob, the rest as text.
SqlResult ReadMariadbRows(MYSQL_RES* result);

}  // namespace mig
