#include "daemon/own_rows.h"

#include "daemon/target_log.h"
#include "daemon/transaction.h"

namespace mig {

std::vector<SqlCommand> OwnRows::Guarded(std::vector<SqlCommand> rows,
                                         const std::vector<Id>& removed) const {
  rows.insert(rows.begin(), book_.RequireRun(lease_.token(), removed));
  return rows;
}

Error OwnRows::WhyRefused(Error error, const std::vector<Id>& removed) const {
  if (error.reason != Reason::kStatementFailed) return error;
  auto looked = Transact(session_, [&]() -> Result<void> {
    TRY(CheckFence(session_, book_, lease_));
    for (const Id& id : removed) {
      if (TRY(session_.Execute(book_.LockVersion(id))).rows.size() != 1) return VersionsChanged();
    }
    return {};
  });
  return looked ? std::move(error) : std::move(looked).error();
}

Result<void> OwnRows::Write(std::vector<SqlCommand> rows) const {
  const std::vector<SqlCommand> guarded = Guarded(std::move(rows), {});
  auto written = TransactPatiently(
      session_, world_, [] { return Result<void>(); },
      [&] { return session_.CommitWith(guarded); });
  if (!written) return WhyRefused(std::move(written).error(), {});
  return {};
}

Error VersionsChanged() {
  return {Reason::kDatabaseFormat,
          "the version table was changed by somebody else during the run",
          {},
          "compare `mig current` with the database before you repeat the command"};
}

}  // namespace mig
