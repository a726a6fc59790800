#include "drivers/sql/quoted_name.h"

namespace mig {

std::string QuoteName(std::string_view name, Dialect dialect) {
  const char quote = dialect == Dialect::kMariadb ? '`' : '"';
  std::string quoted(1, quote);
  for (const char c : name) quoted.append(c == quote ? 2 : 1, c);
  return quoted + quote;
}

}  // namespace mig
