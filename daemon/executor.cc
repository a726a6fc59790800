#include "daemon/executor.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "daemon/foreign_keys.h"
#include "daemon/probe.h"
#include "daemon/sign_of_life.h"
#include "daemon/statement_batch.h"
#include "daemon/transaction.h"
#include "drivers/sql/lost_values.h"

namespace mig {
namespace {

using Role = StatementBatch::Role;

constexpr int kMaxAttempts = 8;
constexpr std::size_t kMostAhead = 8'192;  // bytes of a text that goes with an earlier step's rows
constexpr Milliseconds kFirstPause{100};   // doubled with each attempt, plus up to as much again
constexpr Milliseconds kPauseSlice{100};   // between two looks for a cancel

std::int64_t MicrosecondsSince(std::chrono::steady_clock::time_point start, const World& world) {
  return std::chrono::duration_cast<std::chrono::microseconds>(world.elapsed() - start).count();
}

int CountStatements(const std::vector<Unit>& units) {
  std::size_t count = 0;
  for (const Unit& unit : units) count += unit.statements.size();
  return static_cast<int>(count);
}

// As mig_log tells it.
std::string OutcomeOf(const RunStep& step) {
  if (!step.resolution) return "done";
  switch (step.resolution->answer) {
    case Resolution::Answer::kApplied:
      return "applied";
    case Resolution::Answer::kNotApplied:
      return "not applied";
    case Resolution::Answer::kUndone:
      return "undone";
  }
  return "";
}

// What nothing tells before it runs: a CALL or a DO that commits or rolls back (2D000), a REINDEX
// or CLUSTER of a partitioned table (25001).
bool RunsOnlyAlone(const Error& error, const PlannedStatement& statement) {
  const auto state = error.details.find("sqlstate");
  if (state == error.details.end()) return false;
  return state->second == "2D000" || (state->second == "25001" && statement.traits.repeatable);
}

// PostgreSQL's OBJECT_IN_USE, where deferred constraints are still to be checked, and
// UNSAFE_NEW_ENUM_VALUE_USAGE.
bool MayNeedEarlierCommit(const Error& error) {
  const auto state = error.details.find("sqlstate");
  return state != error.details.end() && (state->second == "55006" || state->second == "55P04");
}

bool RunsAlone(const Unit& unit) {
  return !unit.transaction && !unit.statements[0].traits.runs_in_transaction;
}

// Whether a crash between the statement's end and the row that tells of it costs no more than a
// look. REQUIRES: it runs alone.
bool CanBeLookedFor(const Unit& unit) {
  const StatementTraits& traits = unit.statements[0].traits;
  return traits.repeatable || traits.probe.kind != Probe::Kind::kNone;
}

std::string HintForDoubt(const RunStep& step) {
  return fmt::format(
      "what it did before it failed may have stayed: look at the database and put that right, say "
      "so with `mig resolve {} --not-applied`, correct the file, then repeat the command",
      step.summary.name);
}

Error Escaped(const RunStep& step) {
  return {Reason::kTransactionEscaped,
          step.summary.name + " ended the transaction that mig had opened"};
}

}  // namespace

struct Executor::UnitRun {
  const RunPlan& plan;
  std::size_t step_index;
  const RunStep& step;
  const std::vector<Unit>& units;
  std::size_t index = 0;      // of the unit
  int statements_before = 0;  // of the step, in earlier units
  int statements_total = 0;
  std::string started_at = {};
  std::chrono::steady_clock::time_point started = {};
  std::optional<JournalRow> unrecorded = {};  // of a unit that ended, told by what is written next
  std::optional<JournalRow> ahead = {};       // of the next step, told by this one's rows
  std::vector<const PlannedStatement*> settings = {};  // of the session, by earlier units

  const Unit& unit() const { return units[index]; }
  bool last() const { return index + 1 == units.size(); }
  bool ended() const { return unrecorded && unrecorded->unit == static_cast<std::int64_t>(index); }
  // Where its statement failed, and nothing tells how far it came.
  bool leaves_doubt() const {
    const StatementTraits& traits = unit().statements[0].traits;
    const bool looks = CanBeLookedFor(unit()) && traits.probe.objects.size() < 2;
    return step.summary.kind == StepKind::kUpgrade && !traits.fails_wholly && !traits.repeatable &&
           !looks;
  }
  bool only_rows_follow() const { return index + 2 == units.size() && units.back().empty(); }
};

Executor::Executor(Session& session, const Bookkeeping& book, const Lease& lease,
                   const World& world, Setting setting)
    : session_(session),
      book_(book),
      lease_(lease),
      world_(world),
      setting_(std::move(setting)),
      own_rows_(session, book, lease, world) {}

Result<void> Executor::Run(const RunPlan& plan) {
  for (const RunStep& step : plan.steps) {
    std::vector<Unit> units = TRY(UnitsOf(step, book_.dialect()));
    units_.push_back(std::move(units));
  }
  TRY(SealLog(session_, book_, lease_, world_));
  TRY(ReadLogTail());
  TRY(TakeUpUnfinished(plan));
  if (plan.steps.empty()) return {};
  auto outcome = setting_.atomic ? RunAtomically(plan) : RunSteps(plan);
  if (!outcome && failed_ != nullptr) LogFailure(plan, *failed_, outcome.error());
  return outcome;
}

Result<void> Executor::RunSteps(const RunPlan& plan) {
  for (std::size_t index = 0; index < plan.steps.size(); ++index) {
    if (setting_.cancelled()) {
      if (ahead_) ForgetStart(*ahead_);
      return Error{Reason::kCancelled, "cancelled before " + plan.steps[index].summary.name};
    }
    failed_ = &plan.steps[index];
    TRY(RunStepAt(plan, index));
    failed_ = nullptr;
    if (!setting_.atomic) ++steps_done_;
  }
  return {};
}

Result<void> Executor::RunAtomically(const RunPlan& plan) {
  for (int attempt = 1;; ++attempt) {
    auto outcome = TryAtomically(plan);
    if (outcome || outcome.error().reason != Reason::kDatabaseBusy || attempt == kMaxAttempts)
      return outcome;
    TRY(PauseBeforeRetry(attempt, outcome.error()));
  }
}

Result<void> Executor::TryAtomically(const RunPlan& plan) {
  const LogEnd log = log_;
  failed_ = nullptr;
  TRY(session_.Reset());
  auto outcome = Transact(session_, [&] { return RunSteps(plan); });
  if (outcome) {
    steps_done_ = static_cast<int>(plan.steps.size());
    return {};
  }
  const bool cancelled = outcome.error().reason == Reason::kCancelled;
  const bool behind_others = failed_ != nullptr && failed_ != plan.steps.data();
  if (behind_others && MayNeedEarlierCommit(outcome.error())) {
    outcome.error().hint =
        "it may need the revisions before it to be committed: repeat the command without --atomic";
  }
  if (failed_ == nullptr && !cancelled) failed_ = &plan.steps.back();  // the commit failed
  log_ = log;
  state_ = "the whole run was one transaction and was rolled back";
  return outcome;
}

Result<void> Executor::ReadLogTail() {
  const SqlResult tail = TRY(session_.Execute(book_.ReadLogTail()));
  if (tail.rows.empty()) return {};
  log_ = {NumberOf(tail.rows[0][0]), TextOf(tail.rows[0][1])};
  return {};
}

// An earlier run that left a step half done must be finished before anything else.
Result<void> Executor::TakeUpUnfinished(const RunPlan& plan) {
  const auto unfinished = TRY(ReadUnfinished(session_, book_));
  if (!unfinished) return {};
  if (plan.steps.empty()) return MustBeFinishedFirst(*unfinished);
  const RunStep& first = plan.steps[0];
  if (first.resolution) return {};
  const bool continues =
      first.summary.name == unfinished->name && first.summary.kind == unfinished->kind;
  if (setting_.atomic || !continues) return MustBeFinishedFirst(*unfinished);
  journal_ = unfinished->units;
  for (const auto& [number, row] : journal_) CutBehindWhatRan(units_[0], row);
  if (first.summary.id == unfinished->id) return {};
  journal_ = TRY(CarryOver(*unfinished, first, session_, book_));
  std::vector<SqlCommand> commands = {book_.DeleteJournal(unfinished->id, unfinished->kind)};
  for (const RevisionPtr& object : first.objects)
    commands.push_back(book_.InsertObject(object->id, object->revision));
  for (const auto& [number, row] : journal_) commands.push_back(book_.PutJournal(row));
  setting_.observe(
      Notice{"NOTICE", first.summary.name + " was edited; what had run of it is as it was"});
  return own_rows_.Write(std::move(commands));
}

Result<void> Executor::RunStepAt(const RunPlan& plan, std::size_t index) {
  const RunStep& step = plan.steps[index];
  // A run in one transaction may have to repeat the step.
  std::vector<Unit> units = setting_.atomic ? units_[index] : std::move(units_[index]);
  // The last unit runs in any case, since it writes the version rows.
  const auto last = journal_.find(static_cast<std::int64_t>(units.size()) - 1);
  if (last != journal_.end() && last->second.state == "done") units.back().statements.clear();
  const int total = static_cast<int>(plan.steps.size());
  const int statements = CountStatements(units);
  begun_in_ = 0;
  setting_.observe(StepStarted{static_cast<int>(index) + 1, total, step.summary, statements});
  UnitRun run{plan, index, step, units};
  run.statements_total = statements;
  run.started_at = FormatMilliseconds(world_.now());
  run.started = world_.elapsed();
  for (; run.index < units.size(); ++run.index) {
    auto outcome = RunUnit(run);
    if (!outcome) RecordLate(run, outcome.error());
    TRY(std::move(outcome));
    run.statements_before += static_cast<int>(run.unit().statements.size());
    if (run.last()) break;
    CollectSettings(run.unit(), run.settings);
  }
  journal_.clear();
  ahead_ = std::move(run.ahead);
  setting_.observe(
      StepFinished{static_cast<int>(index) + 1, total, MicrosecondsSince(run.started, world_)});
  return {};
}

// What was to be written next was to tell that the unit before took effect. Where it was not, a row
// does; without it, the next run looks.
void Executor::RecordLate(const UnitRun& run, const Error& error) {
  const bool may_be_there = error.reason == Reason::kDatabaseUnreachable;  // lost in the commit
  if (run.unrecorded && !may_be_there && session_.Reset())
    (void)own_rows_.Write({book_.PutJournal(*run.unrecorded)});
}

std::string Executor::StateAfterFailure(const UnitRun& run, Reason reason) {
  const std::string& name = run.step.summary.name;
  const bool left = reason == Reason::kRollbackIncomplete;
  constexpr char kLeft[] = "what it changed in tables without transactions";
  if (run.units.size() == 1 && left)
    return fmt::format("{} was rolled back, but for {}", name, kLeft);
  if (run.units.size() == 1) return name + " was rolled back: nothing of it took effect";
  const std::size_t parts = run.units.size() - (run.units.back().empty() ? 1 : 0);
  return fmt::format(
      "{} of the {} parts of {} took effect and are recorded{}: the same command goes on from "
      "there",
      run.index + (run.ended() ? 1 : 0), parts, name,
      left ? fmt::format("; the next was rolled back, but for {}", kLeft) : "");
}

Result<void> Executor::RunUnit(UnitRun& run) {
  const Unit& unit = run.unit();
  const auto done = journal_.find(static_cast<std::int64_t>(run.index));
  if (done != journal_.end() && done->second.digest != unit.digest) {
    return Error{Reason::kDatabaseFormat,
                 fmt::format("table mig_journal has other statements for part {} of {}",
                             run.index + 1, run.step.summary.name)};
  }
  if (done != journal_.end() && done->second.state == "done" && !run.last()) return {};
  if (setting_.atomic) return RunInside(run);
  const bool begun_alone = !unit.transaction && done != journal_.end() && IsInDoubt(done->second);
  auto outcome = RunsAlone(unit) || begun_alone ? RunAlone(run) : RunInTransaction(run);
  if (!outcome && !unit.transaction && RunsOnlyAlone(outcome.error(), unit.statements[0]))
    outcome = RunAlone(run);
  if (!outcome) state_ = StateAfterFailure(run, outcome.error().reason);
  part_done_ = part_done_ || outcome || run.ended();
  const bool entered = outcome && session_is_at_ == run.index;
  session_is_at_ = entered ? std::optional(run.index + 1) : std::nullopt;
  return outcome;
}

// Every unit starts from the fixed state and what the step's earlier units set in the session: on
// MariaDB, whose units are no choice of the file's, it simply goes on where it can, elsewhere the
// settings are repeated. On PostgreSQL that is done behind the fence, which not every role may
// read.
Result<void> Executor::EnterUnit(const UnitRun& run) {
  const bool mariadb = book_.dialect() == Dialect::kMariadb;
  if (mariadb && run.index > 0 && (session_is_at_ == run.index || run.unit().empty())) return {};
  session_is_at_.reset();
  TRY(session_.Reset());
  if (run.index == 0) begun_in_ = session_.server_id();
  if (mariadb && session_.server_id() != begun_in_) TRY(CheckNothingLost(run));
  if (book_.dialect() != Dialect::kPostgresql) TRY(RepeatSettings(run));
  session_is_at_ = run.index;
  return {};
}

// In another session than that of the parts before. Refuses what counts on values that theirs alone
// knew.
Result<void> Executor::CheckNothingLost(const UnitRun& run) const {
  LostValues lost;
  for (std::size_t index = 0; index < run.index; ++index) {
    for (const PlannedStatement& statement : run.units[index].statements) lost.Ran(statement.sql);
  }
  for (std::size_t index = run.index; index < run.units.size(); ++index) {
    const Unit& unit = run.units[index];
    for (const auto* statements : {&unit.statements, &unit.verifications}) {
      for (const PlannedStatement& statement : *statements) {
        const std::string value = lost.ReadBy(statement.sql);
        if (value.empty()) continue;
        return AtStatement(
            {Reason::kStatementFailed,
             fmt::format("it reads {}, which was known to the session of earlier parts alone",
                         value),
             {},
             fmt::format("write in the file, in the place of {}, what finds that value again, then "
                         "repeat the command; what ran stays as it is",
                         value)},
            run.step, statement);
      }
    }
  }
  return {};
}

Result<void> Executor::EnterAlone(const UnitRun& run) {
  TRY(EnterUnit(run));
  return book_.dialect() == Dialect::kPostgresql ? RepeatSettings(run) : Result<void>();
}

Result<void> Executor::RepeatSettings(const UnitRun& run) {
  if (run.unit().empty()) return {};
  for (const PlannedStatement* setting : run.settings) {
    auto set = session_.Execute({.sql = setting->sql, .scripted = true});
    if (!set) return AtStatement(std::move(set).error(), run.step, *setting);
  }
  return {};
}

Result<void> Executor::RunInTransaction(UnitRun& run) {
  for (int attempt = 1;; ++attempt) {
    if (run.last() && run.unit().empty()) run.ahead = LookAhead(run);
    auto outcome = TryInTransaction(run);
    if (outcome || outcome.error().reason != Reason::kDatabaseBusy || attempt == kMaxAttempts)
      return outcome;
    session_is_at_.reset();
    TRY(PauseBeforeRetry(attempt, outcome.error()));
  }
}

// Where the next step begins with a statement that runs alone, the row that says so goes with the
// rows that end this one: a commit less. Not where those are all that tells of a statement, which
// they are to do at once, nor with a text that would make them large.
std::optional<JournalRow> Executor::LookAhead(const UnitRun& run) {
  const std::size_t next = run.step_index + 1;
  if (next == run.plan.steps.size() || !RunsAlone(units_[next][0]) || setting_.cancelled())
    return {};
  if (run.unrecorded && !CanBeLookedFor(run.units[run.index - 1])) return {};
  for (const RevisionPtr& object : run.plan.steps[next].objects) {
    if (object->revision.body.size() > kMostAhead) return {};
  }
  const UnitRun first{run.plan, next, run.plan.steps[next], units_[next]};
  if (!EnterAlone(first)) return {};
  auto started = JournalOfStart(first);
  return started ? std::optional(std::move(started).value()) : std::nullopt;
}

Result<void> Executor::TryInTransaction(UnitRun& run) {
  TRY(EnterUnit(run));
  if (!run.unit().foreign_keys)
    TRY(session_.Execute({"PRAGMA foreign_keys = OFF"}));  // until the next Reset()
  const bool only_rows = run.unit().empty() && run.step.alembic_locks.empty();
  std::string log_hash;
  const auto statements = [&] { return only_rows ? Result<void>() : RunStatements(run); };
  const auto commit = [&]() -> Result<void> {
    Rows rows = RowsOf(run);
    log_hash = std::move(rows.log_hash);
    if (only_rows)
      rows.commands = own_rows_.Guarded(std::move(rows.commands), run.step.rows_removed);
    auto committed = session_.CommitWith(std::move(rows.commands));
    if (!committed) return AtCommit(std::move(committed).error(), run.step);
    return {};
  };
  auto outcome = Transact(session_, statements, commit);
  if (!outcome && only_rows)
    return own_rows_.WhyRefused(std::move(outcome).error(), run.step.rows_removed);
  TRY(std::move(outcome));
  Logged(run, log_hash);
  return {};
}

// Within the transaction that the whole run is.
Result<void> Executor::RunInside(UnitRun& run) {
  TRY(session_.Reset());
  TRY(RunStatements(run));
  Rows rows = RowsOf(run);
  TRY(session_.ExecuteBeforeReset(std::move(rows.commands)));
  Logged(run, rows.log_hash);
  return {};
}

Result<void> Executor::RunStatements(UnitRun& run) {
  if (book_.dialect() == Dialect::kSqlite)
    TRY(CheckRebuilds(session_, run.step, std::span(run.units).subspan(run.index)));
  RemovedRows removed;
  if (run.last()) removed = {run.step.rows_removed, run.step.alembic_locks};
  const bool postgres = book_.dialect() == Dialect::kPostgresql;
  const StatementBatch batch = BatchOf(
      book_, run.unit(), removed, postgres ? run.settings : std::vector<const PlannedStatement*>());
  int number = run.statements_before;
  auto since = world_.elapsed();
  std::string transaction;
  Result<void> checked;
  const auto announce = [&](std::size_t i) {
    if (i >= batch.roles.size() || batch.roles[i] != Role::kStatement) return;
    setting_.observe(StatementStarted{number + 1, run.statements_total, batch.statements[i]->verb});
  };
  auto executed = session_.ExecuteAll(batch.commands, [&](std::size_t i, const SqlResult& result) {
    // A cancel that came when nothing ran had nothing to interrupt.
    if (batch.roles[i] == Role::kFence && setting_.cancelled()) session_.Interrupt();
    if (batch.roles[i] == Role::kStatement) {
      setting_.observe(StatementFinished{++number, run.statements_total, batch.statements[i]->verb,
                                         result.rows_affected, MicrosecondsSince(since, world_)});
    } else if (checked) {
      checked = CheckOwn(batch, i, result, run.step, transaction);
      if (!checked) session_.Interrupt();  // what was sent behind it
    }
    since = world_.elapsed();
    announce(i + 1);
  });
  TRY(std::move(checked));
  if (executed) {
    if (!session_.InTransaction()) return Escaped(run.step);
    return run.unit().foreign_keys ? Result<void>() : CheckForeignKeys(session_, run.step);
  }
  Error error = std::move(executed).error();
  const auto failed = error.details.find("command_index");
  if (failed == error.details.end()) return error;
  const std::size_t at = std::stoul(failed->second);
  if (batch.roles[at] == Role::kMark && error.reason == Reason::kStatementFailed)
    return Escaped(run.step);
  error.details.erase(failed);
  const PlannedStatement* statement = batch.statements[at];
  return statement == nullptr ? error : AtStatement(std::move(error), run.step, *statement);
}

Result<void> Executor::CheckOwn(const StatementBatch& batch, std::size_t index,
                                const SqlResult& result, const RunStep& step,
                                std::string& transaction) const {
  switch (batch.roles[index]) {
    case Role::kFence:
      TRY(CheckFence(result, lease_));
      transaction = TextOf(result.rows[0][1]);
      return {};
    case Role::kIdentity:
    case Role::kVersionLock:
      if (!result.rows.empty() && TextOf(result.rows[0][0]) != transaction) return Escaped(step);
      [[fallthrough]];
    case Role::kAlembicLock:
      return result.rows.size() == 1 ? Result<void>() : VersionsChanged();
    case Role::kVerification:
      if (!IsSingleFalse(result)) return {};
      return AtStatement({Reason::kVerifyFailed, "it returned " + TextOf(result.rows[0][0])}, step,
                         *batch.statements[index]);
    default:
      return {};
  }
}

// The log row is of the time at which this is called.
Executor::Rows Executor::RowsOf(const UnitRun& run) const {
  if (!run.last()) return {JournalCommands(run)};
  Rows rows;
  auto& commands = rows.commands;
  const auto& removed = run.step.rows_removed;
  const auto& added = run.step.rows_added;
  if (removed.size() == 1 && added.size() == 1) {
    commands.push_back(book_.ReplaceVersion(removed[0], added[0]));
  } else {
    for (const Id& id : removed) commands.push_back(book_.DeleteVersion(id));
    for (const VersionRow& row : added) commands.push_back(book_.InsertVersion(row));
  }
  for (const auto* alembic : {&run.step.alembic_removals, &run.step.alembic_writes})
    commands.insert(commands.end(), alembic->begin(), alembic->end());
  if (run.units.size() == 1) {  // else the journal's first row brought them
    for (const RevisionPtr& object : run.step.objects)
      commands.push_back(book_.InsertObject(object->id, object->revision));
  }
  std::ranges::move(JournalCommands(run), std::back_inserter(commands));
  if (run.ahead)
    std::ranges::move(StartCommands(run.plan.steps[run.step_index + 1], *run.ahead),
                      std::back_inserter(commands));
  LogEntry entry = NextLogEntry(run.plan, run.step, OutcomeOf(run.step));
  entry.started_at = run.started_at;
  entry.duration_us = MicrosecondsSince(run.started, world_);
  rows.log_hash = HashOf(entry);
  commands.push_back(book_.InsertLog(entry, rows.log_hash));
  return rows;
}

void Executor::Logged(const UnitRun& run, const std::string& hash) {
  if (!run.last()) return;
  log_ = {log_.sequence + 1, hash};
}

// With its first row a step's text comes to the target, so that it can be told what ran, whatever
// becomes of the file.
std::vector<SqlCommand> Executor::StartCommands(const RunStep& step, const JournalRow& row) const {
  std::vector<SqlCommand> commands = {book_.PutJournal(row)};
  if (row.unit > 0) return commands;
  for (const RevisionPtr& object : step.objects)
    commands.push_back(book_.InsertObject(object->id, object->revision));
  return commands;
}

std::vector<SqlCommand> Executor::JournalCommands(const UnitRun& run) const {
  std::vector<SqlCommand> commands;
  const StepSummary& summary = run.step.summary;
  if (run.step.resolution) {
    for (const JournalRow& row : run.step.resolution->journal)
      commands.push_back(book_.PutJournal(row));
    commands.insert(commands.begin(), book_.DeleteJournal(summary.id, run.step.resolution->kind));
  } else if (!run.last()) {
    commands = StartCommands(run.step, JournalOf(run, "done"));
  } else if (run.units.size() > 1 || !journal_.empty()) {
    commands.push_back(book_.DeleteJournal(summary.id, summary.kind));
  }
  return commands;
}

// A statement that no transaction can hold: a row says that it begins, another that it ended, or
// what is written next does, where that comes at once. Between the two a crash leaves it in doubt,
// and the next run looks.
Result<void> Executor::RunAlone(UnitRun& run) {
  bool begun = ahead_.has_value();
  if (begun) journal_[ahead_->unit] = *std::exchange(ahead_, std::nullopt);
  for (int attempt = 1;; ++attempt, begun = false) {
    if (!begun && TRY(TookEffectBefore(run))) return PutJournal(run, JournalOf(run, "done"));
    auto outcome = RunAloneOnce(run, begun);
    const StatementTraits& traits = run.unit().statements[0].traits;
    const bool may_be_repeated =
        !run.ended() && (traits.fails_wholly || CanBeLookedFor(run.unit()));
    if (outcome || outcome.error().reason != Reason::kDatabaseBusy || attempt == kMaxAttempts ||
        !may_be_repeated)
      return outcome;
    session_is_at_.reset();
    TRY(PauseBeforeRetry(attempt, outcome.error()));
  }
}

Result<void> Executor::BeginAlone(UnitRun& run) {
  TRY(EnterAlone(run));
  if (setting_.cancelled())
    return Error{Reason::kCancelled, "cancelled before " + run.unit().statements[0].verb};
  return PutJournal(run, TRY(JournalOfStart(run)));
}

Result<void> Executor::PrepareAlone(const UnitRun& run) {
  const PlannedStatement& statement = run.unit().statements[0];
  TRY(EnterAlone(run));
  for (const SqlCommand& setting : TimeoutsAlone(book_.dialect(), *statement.options))
    TRY(session_.Execute(setting));
  // When none of ours was running.
  if (setting_.cancelled()) return Error{Reason::kCancelled, "cancelled before " + statement.verb};
  return {};
}

Result<void> Executor::RunAloneOnce(UnitRun& run, bool begun) {
  const PlannedStatement& statement = run.unit().statements[0];
  if (!begun) TRY(BeginAlone(run));
  if (auto prepared = PrepareAlone(run); !prepared) {
    if (prepared.error().reason != Reason::kDatabaseUnreachable)
      ForgetStart(JournalOf(run, "started"));
    return prepared;
  }
  const int number = run.statements_before + 1;
  setting_.observe(StatementStarted{number, run.statements_total, statement.verb});
  const auto since = world_.elapsed();
  auto result = session_.Execute({.sql = statement.sql, .scripted = true});
  if (!result) {
    const bool told = result.error().reason != Reason::kDatabaseUnreachable;
    if (told && statement.traits.fails_wholly) ForgetStart(JournalOf(run, "started"));
    Error error = AtStatement(std::move(result).error(), run.step, statement);
    if (told && run.leaves_doubt()) error.hint = HintForDoubt(run.step);
    return error;
  }
  run.unrecorded = JournalOf(run, "done");  // whatever comes now, it took effect
  setting_.observe(StatementFinished{number, run.statements_total, statement.verb,
                                     result->rows_affected, MicrosecondsSince(since, world_)});
  if (book_.dialect() != Dialect::kMariadb) {
    TRY(session_.Reset());
  } else {
    for (const SqlCommand& setting : TimeoutsBack(book_.dialect(), *statement.options))
      TRY(session_.Execute(setting));
  }
  const bool told_next = RunsAlone(run.units[run.index + 1]) && CanBeLookedFor(run.unit());
  return run.only_rows_follow() || told_next ? Result<void>() : PutJournal(run, *run.unrecorded);
}

// Of a statement that is known to have had no effect. That it cannot be written only makes the next
// run look.
void Executor::ForgetStart(const JournalRow& row) {
  if (!session_.Reset() || !own_rows_.Write({book_.DeleteJournalUnit(row)})) return;
  journal_.erase(row.unit);
}

Result<bool> Executor::TookEffectBefore(const UnitRun& run) {
  const auto row = journal_.find(static_cast<std::int64_t>(run.index));
  if (row == journal_.end()) return false;
  const PlannedStatement& statement = run.unit().statements[0];
  const StatementTraits& traits = statement.traits;
  TRY(EnterAlone(run));
  switch (TRY(LookFor(session_, traits.probe, SeenBefore(row->second)))) {
    case Effect::kTook:
      return true;
    case Effect::kTookNot:
    case Effect::kUnchanged:
      return false;
    case Effect::kLeftovers:
      TRY(RemoveLeftovers(session_, traits.probe, SeenBefore(row->second)));
      return false;
    case Effect::kHalfDone:
      TRY(Finish(session_, traits.probe));
      return true;
    case Effect::kUnknown:
      break;
  }
  if (traits.repeatable) return false;
  Error error{Reason::kInDoubt,
              fmt::format("{} of {} ran outside of a transaction when an earlier run was stopped, "
                          "and nothing tells whether it took effect",
                          statement.verb, run.step.summary.name)};
  error.hint = fmt::format(
      "`mig resolve` shows it; look at the database, then answer with `mig "
      "resolve {} --applied` or `--not-applied`",
      run.step.summary.name);
  return WithPlace(std::move(error), run.step, statement);
}

JournalRow Executor::JournalOf(const UnitRun& run, const std::string& state) {
  return {run.step.summary.id,
          run.step.summary.name,
          run.step.summary.kind,
          static_cast<std::int64_t>(run.index),
          state,
          run.unit().digest};
}

// REQUIRES: the session is at the unit.
Result<JournalRow> Executor::JournalOfStart(const UnitRun& run) {
  const std::string before = TRY(SeeBefore(session_, run.unit().statements[0].traits.probe));
  return JournalOf(run, before.empty() ? "started" : "started " + before);
}

Result<void> Executor::PutJournal(UnitRun& run, JournalRow row) {
  // What a script set counts for its statements alone: its role may not read the fence.
  if (book_.dialect() == Dialect::kPostgresql) TRY(session_.Reset());
  std::vector<SqlCommand> commands = {book_.PutJournal(row)};
  if (IsInDoubt(row)) commands = StartCommands(run.step, row);
  if (run.unrecorded && !run.ended()) commands.push_back(book_.PutJournal(*run.unrecorded));
  TRY(own_rows_.Write(std::move(commands)));
  run.unrecorded.reset();
  journal_[row.unit] = std::move(row);
  return {};
}

Result<void> Executor::PauseBeforeRetry(int attempt, const Error& error) {
  const Milliseconds pause = kFirstPause * (1 << (attempt - 1));
  const auto jitter =
      std::stoul(world_.random_hex(4), nullptr, 16) % static_cast<unsigned long>(pause.count());
  setting_.observe(
      Waiting{fmt::format("{}; attempt {} of {} follows", error.message, attempt + 1, kMaxAttempts),
              pause.count()});
  Milliseconds silent{0};
  for (Milliseconds left = pause + Milliseconds(jitter); left.count() > 0; left -= kPauseSlice) {
    world_.sleep(std::min(left, kPauseSlice));
    if (setting_.cancelled())
      return Error{Reason::kCancelled, "cancelled while waiting for a lock"};
    silent += kPauseSlice;
    if (silent < kSignOfLife) continue;
    TRY(GiveSignOfLife(session_));
    silent = Milliseconds(0);
  }
  return {};
}

// Evidence, not state: that it cannot be written never hides the failure itself.
void Executor::LogFailure(const RunPlan& plan, const RunStep& step, const Error& error) {
  (void)session_.Reset();  // the script may have made it read-only
  const LogEntry entry =
      NextLogEntry(plan, step, "failed: " + std::string(InfoOf(error.reason).text));
  (void)own_rows_.Write({book_.InsertLog(entry, HashOf(entry))});
}

LogEntry Executor::NextLogEntry(const RunPlan& plan, const RunStep& step,
                                const std::string& outcome) const {
  LogEntry entry;
  entry.sequence = log_.sequence + 1;
  entry.direction = NameOf(step.summary.kind);
  entry.id = step.summary.id == Id() ? "" : step.summary.id.hex();
  entry.name = step.summary.name;
  entry.actor = setting_.actor;
  entry.plan = plan.hash;
  entry.finished_at = FormatMilliseconds(world_.now());
  entry.started_at = entry.finished_at;
  entry.outcome = outcome;
  entry.previous = log_.hash;
  return entry;
}

}  // namespace mig
