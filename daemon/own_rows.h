// Writes rows of mig's own tables where no script's statement shares their transaction: as the
// holder of the lease, or not at all.
//
// Elsewhere the executor reads the fence and compares what it gives. Here the database compares
// (Bookkeeping::RequireRun), so that a transaction may be one message; which comparison failed its
// answer does not tell, and is looked up.
#pragma once

#include <vector>

#include "daemon/bookkeeping.h"
#include "daemon/lease.h"
#include "daemon/world.h"
#include "drivers/session.h"
#include "store/core/result.h"

namespace mig {

class OwnRows {
 public:
  // All of them outlive it. REQUIRES: `lease` is held by `session`.
  OwnRows(Session& session, const Bookkeeping& book, const Lease& lease, const World& world)
      : session_(session), book_(book), lease_(lease), world_(world) {}

  // The commands behind what makes the transaction fail unless the lease is held and each of
  // `removed` is a row of mig_version.
  std::vector<SqlCommand> Guarded(std::vector<SqlCommand> rows,
                                  const std::vector<Id>& removed) const;
  // What such a transaction, which failed with `error` and was rolled back, failed by: kLeaseLost,
  // kDatabaseFormat where a version was missing, else `error`.
  Error WhyRefused(Error error, const std::vector<Id>& removed) const;

  // Writes them in a transaction of their own, and waits for other connections' locks for some
  // seconds. Errors: kLeaseLost; those of Session.
  Result<void> Write(std::vector<SqlCommand> rows) const;

 private:
  Session& session_;
  const Bookkeeping& book_;
  const Lease& lease_;
  const World& world_;
};

// A row of mig_version that the run read is not there any more, or another one is.
Error VersionsChanged();

}  // namespace mig
