// Values as literals of MariaDB's SQL. Its text protocol has no parameters, and its binary one
// takes more round trips and not every statement.
//
// What is written cannot be misread under any character set or sql_mode that a script may have
// chosen: text is quoted only where it holds neither quotes nor backslashes nor bytes beyond ASCII,
// and hexadecimal elsewhere. Bytes, which may be a whole revision file, are in base64, a third more
// than they are: a statement has to fit into the server's max_allowed_packet. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/session.h"

namespace mig {

std::string MariadbLiteral(const SqlValue& value);

// A statement as a text with places for values.
struct ParameterPlace {
  std::size_t begin = 0;  // of $n in the text
  std::size_t end = 0;
  std::size_t number = 0;  // n, from 1
};

// The places of a statement's $1, $2, ... in order; those in strings, names and comments are none.
// Errors: what the lexer says of a text that does not end.
Result<std::vector<ParameterPlace>> FindParameters(std::string_view sql);

// The statement with its parameters in their places.
// Errors: kStatementFailed for a number without parameter, a parameter that is not used, or a NUL
// byte; those of FindParameters.
Result<std::string> WithMariadbLiterals(const SqlCommand& command);
// The same for a text that was read before.
Result<std::string> WithMariadbLiterals(const SqlCommand& command,
                                        const std::vector<ParameterPlace>& places);

}  // namespace mig
