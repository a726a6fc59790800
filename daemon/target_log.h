// The log of a target, mig_log, as rows that are read and added. What the executor writes inside
// its own transactions it writes itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/bookkeeping.h"
#include "daemon/lease.h"
#include "daemon/world.h"
#include "drivers/session.h"
#include "store/core/result.h"

namespace mig {

struct LogRow {
  LogEntry entry;
  std::string hash;  // empty: unsealed

  friend bool operator==(const LogRow&, const LogRow&) = default;
};

// As the commands of Bookkeeping that read the log give them.
std::vector<LogRow> LogRowsOf(const SqlResult& rows);

// Gives their hashes to the rows that an offline script wrote. Errors: kLeaseLost; those of
// Session.
Result<void> SealLog(Session& session, const Bookkeeping& book, const Lease& lease,
                     const World& world);

// Adds a row, sealed, after those that are there; its sequence and `previous` are filled in. The
// commands `with` it share its transaction. REQUIRES: the log is sealed. Errors: as SealLog.
Result<void> AppendLog(Session& session, const Bookkeeping& book, const Lease& lease,
                       const World& world, LogEntry entry, const std::vector<SqlCommand>& with);

// Where the log ends.
struct LogEnd {
  std::int64_t sequence = 0;  // 0: it is empty
  std::string hash;           // empty: the last row is unsealed, or there is none

  friend bool operator==(const LogEnd&, const LogEnd&) = default;
};
// Whose log it is, its end, and the hash of row `sequence` as it is now (empty where there is
// none).
struct LogEnds {
  std::string target_id;
  LogEnd last;
  std::string hash_at;
};
Result<LogEnds> ReadLogEnds(Session& session, const Bookkeeping& book, std::int64_t sequence);

// kLeaseLost unless `fence`, the answer to Bookkeeping::Fence, has the lease's token.
Result<void> CheckFence(const SqlResult& fence, const Lease& lease);
// The same, asked within the transaction that is open, which then holds on to the lease's row.
Result<void> CheckFence(Session& session, const Bookkeeping& book, const Lease& lease);

}  // namespace mig
