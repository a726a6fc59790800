// Values as literals of MariaDB's SQL. Its text protocol has no parameters, and its binary one
// takes more round trips and not every statement.
//
// What is written cannot be misread under any character set or sql_mode that a script may have
// chosen: text is quoted only where it holds neither quotes nor backslashes nor bytes beyond ASCII,
// and hexadecimal elsewhere. Pure.
#pragma once

#include <string>

#include "drivers/session.h"

namespace mig {

std::string MariadbLiteral(const SqlValue& value);

// The statement with its $1, $2, ... replaced; those in strings, names and comments are none.
// Errors: kStatementFailed for a number without parameter, a parameter that is not used, or a NUL
// byte.
Result<std::string> WithMariadbLiterals(const SqlCommand& command);

}  // namespace mig
