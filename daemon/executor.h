// Carries a plan out on one target: what happens to a statement, and what when it fails.
//
// Each revision is one transaction that holds its statements, its verification, its version rows,
// its objects and its log row, so that a crash at any instant leaves a revision wholly applied or
// not at all. Sections marked `transaction=off` are cut into units (daemon/step.h); each unit
// leaves a row in mig_journal, in its own transaction where it can have one, and a later run goes
// on behind the last. Every transaction first locks the lease row and checks the token.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/bookkeeping.h"
#include "daemon/event.h"
#include "daemon/lease.h"
#include "daemon/own_rows.h"
#include "daemon/statement_batch.h"
#include "daemon/step.h"
#include "daemon/target_log.h"
#include "daemon/unfinished.h"
#include "daemon/world.h"
#include "drivers/session.h"
#include "store/core/result.h"

namespace mig {

class Executor {
 public:
  struct Setting {
    std::string actor;
    Observer observe;
    std::function<bool()> cancelled;  // asked before steps and statements, and in pauses
    bool atomic = false;              // all steps in one transaction; REQUIRES CheckAtomic
  };

  // All of them outlive the executor. REQUIRES: `lease` is held by `session`.
  Executor(Session& session, const Bookkeeping& book, const Lease& lease, const World& world,
           Setting setting);

  // Carries out the steps in order and stops at the first that fails. Everything that can be
  // refused without the database is refused before the first statement.
  //
  // Errors: those of UnitsOf; kStatementFailed and kVerifyFailed with the details name, file, line,
  // statement and what the session gave; kDatabaseBusy when retrying did not help;
  // kRollbackIncomplete; kTransactionEscaped; kLeaseLost; kInDoubt; kCancelled;
  // kDatabaseUnreachable.
  Result<void> Run(const RunPlan& plan);

  int steps_done() const { return steps_done_; }
  // Whether anything took effect: steps, or parts of the one that failed.
  bool changed() const { return steps_done_ > 0 || part_done_; }
  // One sentence: what the last failure left of the step it hit.
  const std::string& state() const { return state_; }

 private:
  struct UnitRun;  // one unit of one step, while it runs

  Result<void> ReadLogTail();
  Result<void> TakeUpUnfinished(const RunPlan& plan);
  Result<void> RunSteps(const RunPlan& plan);
  Result<void> RunAtomically(const RunPlan& plan);
  Result<void> TryAtomically(const RunPlan& plan);
  Result<void> RunStepAt(const RunPlan& plan, std::size_t index);
  Result<void> RunUnit(UnitRun& run);
  Result<void> EnterUnit(const UnitRun& run);
  Result<void> CheckNothingLost(const UnitRun& run) const;
  Result<void> EnterAlone(const UnitRun& run);
  Result<void> RepeatSettings(const UnitRun& run);
  Result<void> RunInTransaction(UnitRun& run);
  std::optional<JournalRow> LookAhead(const UnitRun& run);
  Result<void> TryInTransaction(UnitRun& run);
  Result<void> RunInside(UnitRun& run);
  Result<void> RunStatements(UnitRun& run);
  Result<void> CheckOwn(const StatementBatch& batch, std::size_t index, const SqlResult& result,
                        const RunStep& step, std::string& transaction) const;
  struct Rows {  // what is written with a unit
    std::vector<SqlCommand> commands;
    std::string log_hash = {};  // of the last log row from then on
  };
  Rows RowsOf(const UnitRun& run) const;
  void Logged(const UnitRun& run, const std::string& hash);
  std::vector<SqlCommand> StartCommands(const RunStep& step, const JournalRow& row) const;
  std::vector<SqlCommand> JournalCommands(const UnitRun& run) const;
  Result<void> RunAlone(UnitRun& run);
  Result<void> BeginAlone(UnitRun& run);
  Result<void> RunAloneOnce(UnitRun& run, bool begun);
  Result<void> PrepareAlone(const UnitRun& run);
  void ForgetStart(const JournalRow& row);
  Result<bool> TookEffectBefore(const UnitRun& run);
  static JournalRow JournalOf(const UnitRun& run, const std::string& state);
  Result<JournalRow> JournalOfStart(const UnitRun& run);
  void RecordLate(const UnitRun& run, const Error& error);
  static std::string StateAfterFailure(const UnitRun& run, Reason reason);
  Result<void> PutJournal(UnitRun& run, JournalRow row);
  Result<void> PauseBeforeRetry(int attempt, const Error& error);
  void LogFailure(const RunPlan& plan, const RunStep& step, const Error& error);
  LogEntry NextLogEntry(const RunPlan& plan, const RunStep& step, const std::string& outcome) const;

  Session& session_;
  const Bookkeeping& book_;
  const Lease& lease_;
  const World& world_;
  Setting setting_;
  OwnRows own_rows_;

  std::vector<std::vector<Unit>> units_;  // of each step
  LogEnd log_;
  JournalRows journal_;              // of the step that an earlier run left unfinished
  std::optional<JournalRow> ahead_;  // written already: of the next step's first statement
  const RunStep* failed_ = nullptr;  // the step under way, and so the one that failed
  // MariaDB: the unit whose predecessors' settings the session has.
  std::optional<std::size_t> session_is_at_;
  std::int64_t begun_in_ = 0;  // Session::server_id() where the step began; 0: in an earlier run
  int steps_done_ = 0;
  bool part_done_ = false;
  std::string state_;
};

}  // namespace mig
