// The right to change a target: one run at a time, whatever happens to its holder.
//
// Two things together. The session's run lock, which the engine or the kernel gives back when its
// holder dies; and the row of mig_lease with a token that rises with each lease, which every
// transaction of a run locks and checks before it commits: a holder that was taken for dead and
// wakes up finds another token and writes nothing. The lock is polled, never waited for inside a
// transaction, so that CREATE INDEX CONCURRENTLY never waits for those who wait for us.
#pragma once

#include <functional>
#include <string>

#include "daemon/bookkeeping.h"
#include "daemon/event.h"
#include "daemon/world.h"
#include "drivers/session.h"
#include "store/core/result.h"

namespace mig {

struct LeaseRequest {
  std::string holder;  // "Name <address>"
  std::string run;
  // How long to wait for another holder; as long, and a second in any case, for another
  // connection's write lock on SQLite.
  Milliseconds wait{0};
  std::function<bool()> cancelled;  // ends the wait
  bool repair = false;              // makes single tables that are missing, too
};

class Lease {
 public:
  // Takes the lease; makes the bookkeeping tables where they are absent. `session` outlives the
  // lease. Errors: kLeaseHeld naming the holder, since when and its run; kCancelled;
  // kDatabaseFormat for tables of another version, or some of which are missing; those of Session.
  static Result<Lease> Acquire(Session& session, const Bookkeeping& book,
                               const LeaseRequest& request, const World& world,
                               const Observer& observe);

  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&&) = delete;
  // Gives the lease back. A connection that is gone has given it back already.
  ~Lease();

  std::int64_t token() const { return token_; }

 private:
  Lease(Session& session, const Bookkeeping& book, std::int64_t token);

  Session* session_;  // null once moved from
  Bookkeeping book_;
  std::int64_t token_;
};

enum class TablesFound { kNone, kSome, kAll };
Result<TablesFound> FindTables(Session& session, const Bookkeeping& book);
// Of tables of which some are missing: a script took them away.
Error TablesMissing();

// The cell as text, and as a number; empty and 0 for NULL.
std::string TextOf(const SqlValue& value);
std::int64_t NumberOf(const SqlValue& value);
// The number in the only row of an answer that has one whatever was asked about, such as a count.
// Errors: kDatabaseFormat where it has none.
Result<std::int64_t> OnlyNumberOf(const SqlResult& answer);

}  // namespace mig
