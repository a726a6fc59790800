#include "daemon/executor.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/probe.h"
#include "daemon/statement_batch.h"
#include "daemon/target_log.h"
#include "daemon/transaction.h"
#include "drivers/sql/classify.h"

namespace mig {
namespace {

using Role = StatementBatch::Role;

constexpr int kMaxAttempts = 8;
constexpr Milliseconds kFirstPause{100};  // doubled with each attempt, plus up to as much again

std::int64_t MicrosecondsSince(std::chrono::steady_clock::time_point start, const World& world) {
  return std::chrono::duration_cast<std::chrono::microseconds>(world.elapsed() - start).count();
}

int CountStatements(const std::vector<Unit>& units) {
  std::size_t count = 0;
  for (const Unit& unit : units) count += unit.statements.size();
  return static_cast<int>(count);
}

Error Escaped(const RunStep& step) {
  return {Reason::kTransactionEscaped,
          step.summary.name + " ended the transaction that mig had opened"};
}

}  // namespace

struct Executor::UnitRun {
  const RunPlan& plan;
  const RunStep& step;
  const std::vector<Unit>& units;
  std::size_t index;          // of the unit
  int statements_before = 0;  // of the step, in earlier units
  int statements_total = 0;
  std::string started_at = {};
  std::chrono::steady_clock::time_point started = {};

  const Unit& unit() const { return units[index]; }
  bool last() const { return index + 1 == units.size(); }
};

Executor::Executor(Session& session, const Bookkeeping& book, const Lease& lease,
                   const World& world, Setting setting)
    : session_(session), book_(book), lease_(lease), world_(world), setting_(std::move(setting)) {}

Result<void> Executor::Run(const RunPlan& plan) {
  for (const RunStep& step : plan.steps) TRY(UnitsOf(step, book_.dialect()));
  TRY(SealLog(session_, book_, lease_, world_));
  TRY(ReadLogTail());
  TRY(ReadJournal(plan));
  for (std::size_t index = 0; index < plan.steps.size(); ++index) {
    if (setting_.cancelled())
      return Error{Reason::kCancelled, "cancelled before " + plan.steps[index].summary.name};
    auto outcome = RunStepAt(plan, index);
    if (!outcome) {
      LogFailure(plan, plan.steps[index], outcome.error());
      return outcome;
    }
    ++steps_done_;
  }
  return {};
}

Result<void> Executor::ReadLogTail() {
  const SqlResult tail = TRY(session_.Execute(book_.ReadLogTail()));
  if (tail.rows.empty()) return {};
  log_sequence_ = NumberOf(tail.rows[0][0]);
  log_hash_ = TextOf(tail.rows[0][1]);
  return {};
}

// An earlier run that left a step half done must be finished before anything else.
Result<void> Executor::ReadJournal(const RunPlan& plan) {
  const SqlResult rows = TRY(session_.Execute(book_.ReadJournal()));
  for (const auto& cells : rows.rows) {
    JournalRow row;
    row.id = Id::FromHex(TextOf(cells[0])).value_or(Id());
    row.name = TextOf(cells[1]);
    row.kind = TextOf(cells[2]) == NameOf(StepKind::kDowngrade) ? StepKind::kDowngrade
                                                                : StepKind::kUpgrade;
    row.unit = NumberOf(cells[3]);
    row.state = TextOf(cells[4]);
    row.digest = TextOf(cells[5]);
    const bool continues = !plan.steps.empty() && plan.steps[0].summary.id == row.id &&
                           plan.steps[0].summary.kind == row.kind;
    if (!continues) {
      Error error{Reason::kInDoubt,
                  fmt::format("an earlier run stopped in the middle of the {} of {}",
                              NameOf(row.kind), row.name)};
      error.hint = row.kind == StepKind::kUpgrade
                       ? fmt::format("finish it first: `mig upgrade {}`", row.name)
                       : "finish it first: repeat that downgrade";
      return error;
    }
    journal_[row.unit] = row;
  }
  return {};
}

Result<void> Executor::RunStepAt(const RunPlan& plan, std::size_t index) {
  const RunStep& step = plan.steps[index];
  const auto units = TRY(UnitsOf(step, book_.dialect()));
  const int total = static_cast<int>(plan.steps.size());
  const int statements = CountStatements(units);
  setting_.observe(StepStarted{static_cast<int>(index) + 1, total, step.summary, statements});
  UnitRun run{plan, step, units, 0, 0, statements};
  run.started_at = FormatMilliseconds(world_.now());
  run.started = world_.elapsed();
  for (; run.index < units.size(); ++run.index) {
    TRY(RunUnit(run));
    run.statements_before += static_cast<int>(run.unit().statements.size());
  }
  journal_.clear();
  setting_.observe(
      StepFinished{static_cast<int>(index) + 1, total, MicrosecondsSince(run.started, world_)});
  return {};
}

std::string Executor::StateAfterFailure(const UnitRun& run) {
  const std::string& name = run.step.summary.name;
  if (run.units.size() == 1) return name + " was rolled back: nothing of it took effect";
  return fmt::format(
      "{} of the {} parts of {} took effect and are recorded: the same command goes on from there",
      run.index, run.units.size(), name);
}

Result<void> Executor::RunUnit(UnitRun& run) {
  const Unit& unit = run.unit();
  const auto done = journal_.find(static_cast<std::int64_t>(run.index));
  if (done != journal_.end() && done->second.digest != unit.digest) {
    return Error{Reason::kEditedSinceApplied,
                 fmt::format("part {} of {} ran already and was edited since", run.index + 1,
                             run.step.summary.name)};
  }
  if (done != journal_.end() && done->second.state == "done" && !run.last()) return {};
  const bool shares =
      unit.transaction || Classify(book_.dialect(), unit.statements[0].sql).runs_in_transaction;
  auto outcome = shares ? RunInTransaction(run) : RunAlone(run);
  if (!outcome) state_ = StateAfterFailure(run);
  const bool entered = outcome && session_is_at_ == run.index;
  session_is_at_ = entered ? std::optional(run.index + 1) : std::nullopt;
  return outcome;
}

// Every unit starts from the fixed state. On MariaDB, whose units are no choice of the file's, from
// what the step's earlier units made of it: in one go the session simply goes on, elsewhere their
// settings are repeated.
Result<void> Executor::EnterUnit(const UnitRun& run) {
  const bool mariadb = book_.dialect() == Dialect::kMariadb;
  if (mariadb && run.index > 0 && session_is_at_ == run.index) return {};
  session_is_at_.reset();
  TRY(session_.Reset());
  if (!mariadb) return {};
  for (std::size_t i = 0; i < run.index; ++i) {
    for (const PlannedStatement& statement : run.units[i].statements) {
      if (!Classify(book_.dialect(), statement.sql).sets_session) continue;
      auto set = session_.Execute({statement.sql});
      if (!set) return AtStatement(std::move(set).error(), run.step, statement);
    }
  }
  session_is_at_ = run.index;
  return {};
}

Result<void> Executor::RunInTransaction(UnitRun& run) {
  for (int attempt = 1;; ++attempt) {
    auto outcome = TryInTransaction(run);
    if (outcome || outcome.error().reason != Reason::kDatabaseBusy || attempt == kMaxAttempts)
      return outcome;
    session_is_at_.reset();
    TRY(PauseBeforeRetry(attempt, outcome.error()));
  }
}

Result<void> Executor::TryInTransaction(UnitRun& run) {
  std::string log_hash;
  TRY(EnterUnit(run));
  const auto body = [&]() -> Result<void> {
    TRY(RunStatements(run));
    log_hash = TRY(WriteBookkeeping(run));
    return {};
  };
  TRY(Transact(session_, body));
  if (run.last()) {
    ++log_sequence_;
    log_hash_ = log_hash;
  }
  return {};
}

Result<void> Executor::RunStatements(UnitRun& run) {
  const StatementBatch batch = BatchOf(book_, run.unit());
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
    }
    since = world_.elapsed();
    announce(i + 1);
  });
  if (executed) {
    TRY(std::move(checked));
    if (session_.InTransaction()) return {};
    return Escaped(run.step);
  }
  Error error = std::move(executed).error();
  const auto failed = error.details.find("command_index");
  if (failed == error.details.end()) return error;
  const std::size_t at = std::stoul(failed->second);
  if (batch.roles[at] == Role::kIdentity && error.reason == Reason::kStatementFailed)
    return Escaped(run.step);
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
      if (result.rows.empty() || TextOf(result.rows[0][0]) == transaction) return {};
      return Escaped(step);
    case Role::kVerification:
      if (!IsSingleFalse(result)) return {};
      return AtStatement({Reason::kVerifyFailed, "it returned " + TextOf(result.rows[0][0])}, step,
                         *batch.statements[index]);
    default:
      return {};
  }
}

Result<std::string> Executor::WriteBookkeeping(const UnitRun& run) {
  std::vector<SqlCommand> commands = book_.RegainRole();
  const std::size_t rows_from = commands.size();
  std::size_t rows_removed = 0;
  std::string log_hash;
  if (run.last()) {
    rows_removed = run.step.rows_removed.size();
    for (const Id& id : run.step.rows_removed) commands.push_back(book_.DeleteVersion(id));
    for (const VersionRow& row : run.step.rows_added) commands.push_back(book_.InsertVersion(row));
    for (const RevisionPtr& object : run.step.objects) {
      commands.push_back(book_.InsertObject(object->id, object->revision));
    }
    if (run.units.size() > 1)
      commands.push_back(book_.DeleteJournal(run.step.summary.id, run.step.summary.kind));
    LogEntry entry = NextLogEntry(run.plan, run.step, "done");
    entry.started_at = run.started_at;
    entry.duration_us = MicrosecondsSince(run.started, world_);
    log_hash = HashOf(entry);
    commands.push_back(book_.InsertLog(entry, log_hash));
  } else {
    commands.push_back(book_.PutJournal(JournalOf(run, "done")));
  }
  Result<void> rows_as_read;
  TRY(session_.ExecuteAll(commands, [&](std::size_t i, const SqlResult& result) {
    if (i < rows_from || i >= rows_from + rows_removed || result.rows_affected == 1) return;
    rows_as_read = Error{Reason::kDatabaseFormat,
                         "table mig_version was changed by somebody else during the run"};
  }));
  TRY(std::move(rows_as_read));
  return log_hash;
}

// A statement that no transaction can hold: a row says that it begins, another that it ended;
// between the two a crash leaves it in doubt, and the next run looks.
Result<void> Executor::RunAlone(UnitRun& run) {
  const PlannedStatement& statement = run.unit().statements[0];
  if (TRY(TookEffectBefore(run))) return PutJournal(run, "done");
  TRY(EnterUnit(run));
  if (setting_.cancelled()) return Error{Reason::kCancelled, "cancelled before " + statement.verb};
  const std::string before =
      TRY(SeeBefore(session_, Classify(book_.dialect(), statement.sql).probe));
  TRY(PutJournal(run, before.empty() ? "started" : "started " + before));
  const auto& timeout = run.unit().options[0]->statement_timeout;
  if (timeout && book_.dialect() == Dialect::kPostgresql) {
    TRY(session_.Execute({fmt::format("SET statement_timeout = {}", timeout->count())}));
  }
  const int number = run.statements_before + 1;
  setting_.observe(StatementStarted{number, run.statements_total, statement.verb});
  const auto since = world_.elapsed();
  auto result = session_.Execute({statement.sql});
  if (!result) {
    const bool told = result.error().reason != Reason::kDatabaseUnreachable;
    if (told && Classify(book_.dialect(), statement.sql).fails_wholly) ForgetStart(run);
    return AtStatement(std::move(result).error(), run.step, statement);
  }
  setting_.observe(StatementFinished{number, run.statements_total, statement.verb,
                                     result->rows_affected, MicrosecondsSince(since, world_)});
  if (book_.dialect() != Dialect::kMariadb) TRY(session_.Reset());
  return PutJournal(run, "done");
}

// Of a statement that is known to have had no effect. That it cannot be written only makes the next
// run look.
void Executor::ForgetStart(const UnitRun& run) {
  if (!session_.Reset()) return;
  (void)TransactPatiently(session_, world_, [&]() -> Result<void> {
    const SqlResult fence = TRY(session_.Execute(book_.Fence()));
    TRY(CheckFence(fence, lease_));
    TRY(session_.Execute(book_.DeleteJournalUnit(JournalOf(run, "started"))));
    return {};
  });
}

Result<bool> Executor::TookEffectBefore(const UnitRun& run) {
  const auto row = journal_.find(static_cast<std::int64_t>(run.index));
  if (row == journal_.end()) return false;
  const std::size_t blank = row->second.state.find(' ');
  const std::string before = blank == std::string::npos ? "" : row->second.state.substr(blank + 1);
  const PlannedStatement& statement = run.unit().statements[0];
  const StatementTraits traits = Classify(book_.dialect(), statement.sql);
  switch (TRY(LookFor(session_, traits.probe, before))) {
    case Effect::kTook:
      return true;
    case Effect::kTookNot:
      return false;
    case Effect::kLeftovers:
      TRY(RemoveLeftovers(session_, traits.probe));
      return false;
    case Effect::kUnknown:
      break;
  }
  if (traits.repeatable) return false;
  return AtStatement(
      {Reason::kInDoubt,
       fmt::format("{} of {} ran outside of a transaction when an earlier run was stopped, and "
                   "nothing tells whether it took effect",
                   statement.verb, run.step.summary.name)},
      run.step, statement);
}

JournalRow Executor::JournalOf(const UnitRun& run, const std::string& state) {
  return {run.step.summary.id,
          run.step.summary.name,
          run.step.summary.kind,
          static_cast<std::int64_t>(run.index),
          state,
          run.unit().digest};
}

Result<void> Executor::PutJournal(const UnitRun& run, const std::string& state) {
  return TransactPatiently(session_, world_, [&]() -> Result<void> {
    const SqlResult fence = TRY(session_.Execute(book_.Fence()));
    TRY(CheckFence(fence, lease_));
    TRY(session_.Execute(book_.PutJournal(JournalOf(run, state))));
    return {};
  });
}

Result<void> Executor::PauseBeforeRetry(int attempt, const Error& error) {
  if (setting_.cancelled()) return Error{Reason::kCancelled, "cancelled while waiting for a lock"};
  const Milliseconds pause = kFirstPause * (1 << (attempt - 1));
  const auto jitter =
      std::stoul(world_.random_hex(4), nullptr, 16) % static_cast<unsigned long>(pause.count());
  setting_.observe(
      Waiting{fmt::format("{}; attempt {} of {} follows", error.message, attempt + 1, kMaxAttempts),
              pause.count()});
  world_.sleep(pause + Milliseconds(jitter));
  return {};
}

// Evidence, not state: that it cannot be written never hides the failure itself.
void Executor::LogFailure(const RunPlan& plan, const RunStep& step, const Error& error) {
  (void)session_.Reset();  // the script may have made it read-only
  (void)TransactPatiently(session_, world_, [&]() -> Result<void> {
    const SqlResult fence = TRY(session_.Execute(book_.Fence()));
    TRY(CheckFence(fence, lease_));
    const LogEntry entry =
        NextLogEntry(plan, step, "failed: " + std::string(InfoOf(error.reason).text));
    TRY(session_.Execute(book_.InsertLog(entry, HashOf(entry))));
    return {};
  });
}

LogEntry Executor::NextLogEntry(const RunPlan& plan, const RunStep& step,
                                const std::string& outcome) const {
  LogEntry entry;
  entry.sequence = log_sequence_ + 1;
  entry.direction = NameOf(step.summary.kind);
  entry.id = step.summary.id == Id() ? "" : step.summary.id.hex();
  entry.name = step.summary.name;
  entry.actor = setting_.actor;
  entry.plan = plan.hash;
  entry.finished_at = FormatMilliseconds(world_.now());
  entry.started_at = entry.finished_at;
  entry.outcome = outcome;
  entry.previous = log_hash_;
  return entry;
}

}  // namespace mig
