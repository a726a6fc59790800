#include "daemon/foreign_keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/lease.h"

namespace mig {

Result<void> CheckForeignKeys(Session& session, const RunStep& step) {
  const SqlResult violations = TRY(session.Execute({"PRAGMA foreign_key_check"}));
  if (violations.rows.empty()) return {};
  constexpr std::size_t kNamed = 5;
  std::string named;
  for (std::size_t i = 0; i < std::min(violations.rows.size(), kNamed); ++i) {
    const auto& row = violations.rows[i];
    named += fmt::format("{}{} row {} to {}", named.empty() ? "" : ", ", TextOf(row[0]),
                         TextOf(row[1]), TextOf(row[2]));
  }
  if (violations.rows.size() > kNamed)
    named += fmt::format(" and {} more", violations.rows.size() - kNamed);
  const RevisionFile& file = step.file();
  return Error{
      Reason::kVerifyFailed,
      fmt::format("{} would leave foreign keys that lead nowhere: {}", step.summary.name, named),
      {{"name", step.summary.name},
       {"file", file.path.empty() ? file.name : file.path},
       {"violations", std::to_string(violations.rows.size())}},
      "`PRAGMA foreign_key_check` lists them all; those that were there before count, too"};
}

}  // namespace mig
