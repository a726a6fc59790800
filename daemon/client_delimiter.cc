#include "daemon/client_delimiter.h"

#include <fmt/format.h>

#include <limits>

#include "drivers/sql/statement_tokens.h"

namespace mig {

std::string Delimited(const std::string& statement) {
  std::string delimiter = "//";
  while (statement.find(delimiter) != std::string::npos) delimiter += '/';
  return fmt::format("DELIMITER {0}\n{1}\n{0}\nDELIMITER ;\n", delimiter, statement);
}

bool PsqlReadsAsOne(std::string_view statement) {
  const StatementTokens tokens(Dialect::kPostgresql, statement,
                               std::numeric_limits<std::size_t>::max());
  const std::size_t kind = tokens.HasWords(0, {"create", "or", "replace"}) ? 3 : 1;
  const bool routine =
      tokens.IsWord(0, "create") && tokens.IsAnyWord(kind, {"function", "procedure"});
  int parentheses = 0;
  int bodies = 0;
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    if (tokens.IsSymbol(at, "(")) ++parentheses;
    if (tokens.IsSymbol(at, ")") && parentheses > 0) --parentheses;
    if (parentheses > 0) continue;
    if (tokens.IsSymbol(at, ";") && bodies == 0) return false;
    if (!routine) continue;
    if (tokens.IsWord(at, "begin") || (bodies > 0 && tokens.IsWord(at, "case"))) ++bodies;
    if (tokens.IsWord(at, "end") && bodies > 0) --bodies;
  }
  return bodies == 0;
}

}  // namespace mig
