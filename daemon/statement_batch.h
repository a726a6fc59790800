// The commands of one unit's transaction, up to its bookkeeping, each with what it is there for.
#pragma once

#include <span>
#include <vector>

#include "daemon/bookkeeping.h"
#include "daemon/step.h"

namespace mig {

struct StatementBatch {
  enum class Role {
    kFence,         // first: locks the lease row, tells token and transaction
    kSetting,       // a section's timeouts
    kStatement,     // of the revision
    kVerification,  // of the revision
    kMark,          // fails where the transaction is not the one that was opened
    kIdentity,      // tells whether it is
    kVersionLock,   // tells so, and locks a row of mig_version that the step removes until it is
    kAlembicLock,   // last: the same of a row of Alembic's table
  };

  std::vector<SqlCommand> commands;
  std::vector<Role> roles;
  std::vector<const PlannedStatement*>
      statements;  // null for what is mig's own; they live as long as the unit
};

// What a step removes with its last unit.
struct RemovedRows {
  std::vector<Id> versions = {};
  std::vector<SqlCommand> alembic_locks = {};  // RunStep's
};

// `settings` come before the unit's own statements, and are left out where it has none. Locks give
// one row each while the versions are those that the step is planned from. They run as the role
// that mig came with.
StatementBatch BatchOf(const Bookkeeping& book, const Unit& unit, const RemovedRows& removed,
                       std::span<const PlannedStatement* const> settings);

// What gives a transaction that was in section `before` the timeouts of `section`; null: in none,
// before the first statement and behind the last.
std::vector<SqlCommand> TimeoutsWithin(Dialect dialect, const SectionOptions* section,
                                       const SectionOptions* before);

// The timeouts of a section for a statement that runs outside of any transaction. Where the section
// names none, PostgreSQL has none, so that a statement that takes an hour or waits for one may do
// so; MariaDB, where nearly all run so, the session's.
std::vector<SqlCommand> TimeoutsAlone(Dialect dialect, const SectionOptions& options);
// What takes them back, where the session goes on to the next statement as it is.
std::vector<SqlCommand> TimeoutsBack(Dialect dialect, const SectionOptions& options);

// The file's error for a statement's error, and for a connection that was lost while it ran: name,
// file, line and statement added. Errors that are no statement's pass through.
Error AtStatement(Error error, const RunStep& step, const PlannedStatement& statement);

// The same for a commit that the database refuses, for what was deferred until then: without a
// line.
Error AtCommit(Error error, const RunStep& step);

// Name, file, line and statement as details alone.
Error WithPlace(Error error, const RunStep& step, const PlannedStatement& statement);

// Whether a verification said no: one row with one cell, false or a zero, as in 0.00.
bool IsSingleFalse(const SqlResult& result);

}  // namespace mig
