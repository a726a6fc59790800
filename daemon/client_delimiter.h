// Where the engines' clients end a statement.
//
// The mariadb client does at any `;`, also within the body of a routine, unless it is told another
// delimiter. psql counts BEGIN, CASE and END in what creates a routine (psqlscan.l, 14 to 18), also
// where one of them is a name.
#pragma once

#include <string>
#include <string_view>

namespace mig {

// The statement between DELIMITER lines, with one that it does not hold.
std::string Delimited(const std::string& statement);

// Whether psql reads this statement of PostgreSQL, and the `;` behind it, as one.
bool PsqlReadsAsOne(std::string_view statement);

}  // namespace mig
