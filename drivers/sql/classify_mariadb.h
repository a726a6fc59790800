// Classify() for MariaDB (drivers/sql/classify.h), whose data definition statements commit the open
// transaction.
//
// Which statements do is read in the manual's "SQL statements That Cause an Implicit Commit". That
// one of them takes effect wholly or not at all, also when the server is killed, is its "Atomic
// DDL" (10.6 and later); its exceptions, statements about several objects, are atomic for each.
// CALL, EXECUTE and BEGIN NOT ATOMIC run what their text does not show, so they count as statements
// that commit, and nothing tells afterwards whether they ran.
#pragma once

#include "drivers/sql/classify.h"
#include "drivers/sql/statement_tokens.h"

namespace mig {

StatementTraits ClassifyMariadb(const StatementTokens& tokens);

}  // namespace mig
