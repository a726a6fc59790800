// What an earlier run left in the middle, as mig_journal tells it: how far it came, what is in
// doubt, and how a later run goes on from there, also when the file was edited in between.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/bookkeeping.h"
#include "daemon/probe.h"
#include "daemon/step.h"
#include "daemon/target.h"
#include "drivers/session.h"
#include "store/core/result.h"

namespace mig {

using JournalRows = std::map<std::int64_t, JournalRow>;  // by unit

// What was seen before the statement of a row that says `started`; may be empty.
std::string SeenBefore(const JournalRow& row);
bool IsInDoubt(const JournalRow& row);

// A step that began and did not end. There is at most one: the next run finishes it first.
struct Unfinished {
  Id id;
  std::string name;
  StepKind kind = StepKind::kUpgrade;
  JournalRows units;  // at least one; what has no row has not begun
};
// Nothing at rest. REQUIRES: the bookkeeping tables are there. Errors: those of Session.
Result<std::optional<Unfinished>> ReadUnfinished(Session& session, const Bookkeeping& book);

// The same, of a target that may have no such tables yet. Errors: those of ReadState.
Result<std::optional<Unfinished>> UnfinishedOf(OpenTarget& target);

// Its text, as mig_object has had it since the step began; nothing where that row is gone.
Result<std::optional<RunStep>> StepOf(const Unfinished& unfinished, Session& session,
                                      const Bookkeeping& book);

// One of its units, for people.
struct UnfinishedPart {
  enum class State { kDone, kInDoubt, kToCome };
  State state = State::kToCome;
  int number = 0;      // from 1
  std::string sql;     // its statements as written, each ended by a semicolon and a line end
  int statements = 0;  // how many these are
  std::string verb;    // of the first
  int line = 0;
  // Of what is in doubt: what looking at the database gives, under what the parts before it set.
  std::string found;
};
// All that are the script's, in order; its verification is one where it stands alone. Where the
// text is gone, those that have a row, without statements. Runs again what earlier parts set in the
// session (CollectSettings), then the session is reset. REQUIRES: it is in its fixed state. Errors:
// those of Session.
Result<std::vector<UnfinishedPart>> PartsOf(const Unfinished& unfinished, Session& session,
                                            const Bookkeeping& book,
                                            std::shared_ptr<const PlaceholderValues> placeholders);

// What it says of the plan's first step; nothing where that is another one.
std::vector<JournalRow> BegunOf(const RunPlan& plan, const Unfinished& unfinished);

// Which of the parts that a plan says are begun were edited since, a sentence each, for people.
// Errors: those of UnitsOf.
Result<std::vector<std::string>> EditsOf(const RunPlan& plan, Dialect dialect);

// The rows with which `step`, the same revision after an edit, goes on: what ran stands in it as it
// ran, and only what did not run is different (CutBehindWhatRan). Removes what a statement that is
// no more in the file left behind. The session is reset.
//
// Errors: kEditedSinceApplied naming what ran and was edited; kInDoubt where a statement that was
// edited may have run.
Result<JournalRows> CarryOver(const Unfinished& unfinished, const RunStep& step, Session& session,
                              const Bookkeeping& book);

// For whoever asks where the target is or what a run would do.
std::string WarningOf(const Unfinished& unfinished);

// A run that has something else to do may not begin.
Error MustBeFinishedFirst(const Unfinished& unfinished);
// The same where no run can finish it, since the version rows are where it was to lead: somebody
// moved them past the journal, as scripts did that asked mig_version alone.
Error MustBeForgottenFirst(const Unfinished& unfinished);

}  // namespace mig
