// Cuts a script into statements where the server itself would.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "store/core/dialect.h"
#include "store/core/result.h"

namespace mig {

// A statement's place in the script, from its first token to its last; neither comments around it nor the `;` belong to it.
struct StatementSpan {
  std::size_t begin = 0;  // byte offsets into the script
  std::size_t end = 0;

  std::string_view TextIn(std::string_view script) const { return script.substr(begin, end - begin); }
  friend bool operator==(const StatementSpan&, const StatementSpan&) = default;
};

// The statements of `script`, in order; empty ones are left out.
//
// Errors: kSqlUnterminated (string, quoted name, dollar quote, comment, body), kSqlClientCommand (psql meta-command,
// COPY ... FROM stdin, sqlite3 dot-command), with the details line and column, both 1-based, column in bytes.
Result<std::vector<StatementSpan>> SplitStatements(Dialect dialect, std::string_view script);

}  // namespace mig
