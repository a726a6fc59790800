// A step as the executor takes it: everything it needs, so that carrying it out looks nothing up.
#pragma once

#include <string>
#include <vector>

#include "daemon/bookkeeping.h"
#include "daemon/catalog.h"
#include "daemon/event.h"
#include "store/core/dialect.h"
#include "store/core/result.h"
#include "store/core/revision_file.h"

namespace mig {

struct RunStep {
  StepSummary summary;
  RevisionPtr revision;              // whose sections run; null for a stamp
  std::vector<RevisionPtr> objects;  // to be kept in mig_object
  std::vector<Id> rows_removed;      // of mig_version
  std::vector<VersionRow> rows_added;

  // REQUIRES: not a stamp.
  const RevisionFile& file() const { return revision->file; }
};

struct RunPlan {
  std::vector<RunStep> steps;
  // Over the rows there are and what would be done: 64 hex digits, of which the first 16 tell the
  // rows alone. Statements are part of it by the ids of their revisions. Empty: not computed.
  std::string hash;
};

// A statement and where it stands in its file.
struct PlannedStatement {
  std::string sql;
  std::string verb;
  int line = 0;
};

// A stretch of a step that commits by itself: the statements of one transaction, or a single
// statement outside of any.
struct Unit {
  bool transaction = true;
  std::vector<PlannedStatement> statements;
  std::vector<PlannedStatement> verifications;  // queries, after the last statement
  std::vector<std::size_t> section_starts;      // indexes of statements where a section begins...
  std::vector<const SectionOptions*>
      options;         // ...and its options; they live as long as the step's file
  std::string digest;  // SHA-256 over the statements
};

// Cuts a step into units: what stands before the first `transaction=off` section is one
// transaction, each statement of such a section is a unit of its own, and so on; the last unit is
// always a transaction, since it holds the version row. On MariaDB a statement that would commit
// the transaction around it is a unit of its own in every section.
//
// Errors: kFileInvalid, kSqlUnterminated, kSqlClientCommand, kSqlTransactionControl, with the
// details file and line; kIrreversible.
Result<std::vector<Unit>> UnitsOf(const RunStep& step, Dialect dialect);

}  // namespace mig
