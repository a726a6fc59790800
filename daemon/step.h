// A step as the executor takes it: everything it needs, so that carrying it out looks nothing up.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/bookkeeping.h"
#include "daemon/catalog.h"
#include "daemon/event.h"
#include "daemon/plan/placeholder_values.h"
#include "drivers/sql/classify.h"
#include "store/core/dialect.h"
#include "store/core/result.h"
#include "store/core/revision_file.h"

namespace mig {

// What somebody found out about a unit that no probe could tell (docs/formats.md, mig_journal).
struct Resolution {
  enum class Answer {
    kApplied,     // the statement in doubt took effect
    kNotApplied,  // it did not, and will run
    kUndone,      // whatever the revision did was taken back by hand: nothing of it is recorded
  };
  Answer answer = Answer::kApplied;
  StepKind kind = StepKind::kUpgrade;  // of the unfinished step
  std::vector<JournalRow> journal;     // the revision's rows from now on
};

struct RunStep {
  StepSummary summary;
  RevisionPtr revision;              // whose sections run; null for a stamp
  std::vector<RevisionPtr> objects;  // to be kept in mig_object
  std::vector<Id> rows_removed;      // of mig_version
  std::vector<VersionRow> rows_added;
  std::optional<Resolution> resolution = std::nullopt;  // of a kResolve, and only there
  // What else is written with the rows, where Alembic's version table is followed
  // (daemon/alembic_plan.h). Each lock gives the one row that a removal removes.
  std::vector<SqlCommand> alembic_locks = {};
  std::vector<SqlCommand> alembic_removals = {};
  std::vector<SqlCommand> alembic_writes = {};
  // What the target's configuration puts into the statements. Null: it has no values.
  std::shared_ptr<const PlaceholderValues> placeholders = nullptr;

  // REQUIRES: not a stamp.
  const RevisionFile& file() const { return revision->file; }
};

struct RunPlan {
  std::vector<RunStep> steps;
  // Over the rows there are and what would be done: 64 hex digits, of which the first 16 tell the
  // rows alone. Statements are part of it by the ids of their revisions, values that are put into
  // them by their digests. Empty: not computed.
  std::string hash;
  ValuesUsed values = {};                  // that are put into the statements
  std::vector<std::string> start = {};     // names of the rows there are
  std::vector<std::string> warnings = {};  // told before anything of it is done
  std::vector<JournalRow> begun = {};  // of its first step, by an earlier run that stopped in it
};

// A statement, where it stands in its file, and its section's options, which live as long as that.
struct PlannedStatement {
  std::string sql;  // as it runs
  StatementTraits traits;
  std::string verb;
  int line = 0;
  const SectionOptions* options = nullptr;
  std::optional<std::string> with_names = std::nullopt;  // where values were put in

  // As the file has it.
  const std::string& written() const { return with_names ? *with_names : sql; }
};

// A stretch of a step that commits by itself: the statements of one transaction, or a single
// statement outside of any.
struct Unit {
  bool transaction = true;
  bool foreign_keys = true;  // SQLite; off: they are checked before the commit
  std::vector<PlannedStatement> statements;
  std::vector<PlannedStatement> verifications;  // queries, after the last statement
  std::string digest;                           // SHA-256 over the statements as written

  // Nothing of the script runs in it: it is there for mig's own rows.
  bool empty() const { return statements.empty() && verifications.empty(); }
};

// Refuses what cannot share one transaction with everything else: sections outside of transactions,
// SQLite's foreign_keys=off, an engine that commits at each change of the schema. Errors:
// kUnsupported with the details name, file and line; those of UnitsOf.
Result<void> CheckAtomic(const RunPlan& plan, Dialect dialect);

// Cuts a step into units: what stands before the first `transaction=off` section is one
// transaction, each statement of such a section is a unit of its own, and so on; the last unit is
// always a transaction, since it holds the version row. On MariaDB a statement that would commit
// the transaction around it is a unit of its own in every section.
//
// Errors: kFileInvalid, kSqlUnterminated, kSqlClientCommand, kSqlTransactionControl, kUnrendered,
// kPlaceholderMissing, with the details file and line, kFileInvalid also for timeouts that could
// not take effect; kSqlInvalid for values that make something else of a statement than one
// statement; kIrreversible.
Result<std::vector<Unit>> UnitsOf(const RunStep& step, Dialect dialect);

// Where a transaction has more statements now than it had when it ran, as that `row` of the journal
// tells, cuts it in two behind those: what was added runs by itself. Called for the rows of a step
// in the order of their units. More than 64 statements that were added are not told from an edit of
// those that ran.
void CutBehindWhatRan(std::vector<Unit>& units, const JournalRow& row);

// A sentence for each step that is probably not what somebody wants: that applies an unfinished
// file, or takes a revision back and runs nothing though the way up ran something.
std::vector<std::string> WarningsOf(const RunPlan& plan, Dialect dialect);

// Adds those of its statements that set something in the session for later units: they are repeated
// where the step goes on in another one.
void CollectSettings(const Unit& unit, std::vector<const PlannedStatement*>& settings);

// Adds the values that the sections of the step use.
void CollectUsed(const RunStep& step, Dialect dialect, ValuesUsed& used);

}  // namespace mig
