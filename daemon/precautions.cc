#include "daemon/precautions.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <future>
#include <set>

#include "daemon/plan/consent.h"
#include "daemon/sign_of_life.h"
#include "daemon/thread.h"
#include "daemon/transaction.h"
#include "drivers/backup.h"
#include "drivers/sql/destruction.h"
#include "drivers/sql/statement_tokens.h"
#include "store/core/ascii.h"

namespace mig {
namespace {

// Counting stops here: it only has to tell a person how much there is.
constexpr std::int64_t kMostCounted = 100'000;

// Takes it on a thread of its own, and lets the session give signs of life meanwhile. Errors: those
// of TakeBackup and Session; kLimitExceeded.
Result<Backup> TakeBeside(Session& session, BackupOrder order) {
  std::atomic<bool> lost = false;
  order.cancelled = [&lost, asked = std::move(order.cancelled)] { return lost || asked(); };
  std::packaged_task<Result<Backup>()> take([&order] { return TakeBackup(order); });
  std::future<Result<Backup>> taken = take.get_future();
  std::thread thread = TRY(StartThread([&take] { take(); }));
  Result<void> sign;
  while (taken.wait_for(kSignOfLife) == std::future_status::timeout) {
    if (sign) sign = GiveSignOfLife(session);
    lost = !sign;
  }
  thread.join();
  return sign ? taken.get() : std::move(sign).error();
}

bool HasStatements(const RunPlan& plan) {
  return std::ranges::any_of(plan.steps, [](const RunStep& step) {
    return step.summary.kind == StepKind::kUpgrade || step.summary.kind == StepKind::kDowngrade;
  });
}

constexpr char kNotCounted[] = "rows not counted";

// Whether names without a schema may stand for other tables behind the statement.
bool MovesNames(Dialect dialect, const std::string& sql) {
  const StatementTokens tokens(dialect, sql, 3);
  if (dialect == Dialect::kMariadb) return tokens.IsWord(0, "use");
  if (dialect != Dialect::kPostgresql || tokens.IsAnyWord(0, {"create", "alter"})) return false;
  const std::size_t what = tokens.IsAnyWord(1, {"local", "session"}) ? 2 : 1;
  return (tokens.IsWord(0, "set") && tokens.IsWord(what, "schema")) ||
         AsciiLower(sql).find("search_path") != std::string::npos;
}

bool IsWithoutSchema(const std::string& table) {
  return !table.empty() && table.find('.') == std::string::npos;
}

bool IsOfNoTable(const Error& error) {
  const auto is = [&](const char* key, std::string_view text) {
    const auto found = error.details.find(key);
    return found != error.details.end() && found->second.starts_with(text);
  };
  return is("sqlstate", "42P01") || is("db_code", "1146") || is("db_message", "no such table");
}

// "1204 rows", or why they are not known. A table of an earlier step is not there yet.
std::string RowsOf(Session& session, const std::string& table) {
  std::string rows;
  const auto body = [&]() -> Result<void> {
    if (session.dialect() == Dialect::kPostgresql) {
      TRY(session.Execute({"SET LOCAL lock_timeout = '2s'"}));
      TRY(session.Execute({"SET LOCAL statement_timeout = '10s'"}));
    }
    const SqlResult counted = TRY(session.Execute(
        {fmt::format("SELECT count(*) FROM (SELECT 1 AS one FROM {} LIMIT {}) AS counted", table,
                     kMostCounted + 1)}));
    const std::int64_t count = TRY(OnlyNumberOf(counted));
    rows = count > kMostCounted ? fmt::format("more than {} rows", kMostCounted)
                                : fmt::format("{} row{}", count, count == 1 ? "" : "s");
    return {};
  };
  const auto outcome = Transact(session, body);
  if (outcome) return rows;
  return IsOfNoTable(outcome.error()) ? "not there now" : kNotCounted;
}

// The time of a file's name: "20261122T081530Z".
std::string CompactTime(const std::string& time) {
  std::string compact;
  for (const char c : time) {
    if (c != '-' && c != ':') compact += c;
  }
  return compact;
}

// A target's name may hold anything; a file's name holds less.
std::string FileName(const std::string& name) {
  std::string safe;
  for (const char c : name) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
    safe += plain ? c : '_';
  }
  return safe;
}

std::string SizeText(std::int64_t bytes) {
  if (bytes < 10'000) return fmt::format("{} bytes", bytes);
  if (bytes < 10'000'000) return fmt::format("{} KiB", bytes >> 10);
  return fmt::format("{} MiB", bytes >> 20);
}

// Whether revisions are taken back to be applied anew: whoever reapplies an edit may not think of
// the rows that go with it.
bool AppliesAgain(const RunPlan& plan) {
  std::set<std::string> left;
  return std::ranges::any_of(plan.steps, [&](const RunStep& step) {
    if (step.summary.kind == StepKind::kDowngrade) left.insert(step.summary.name);
    return step.summary.kind == StepKind::kUpgrade && left.contains(step.summary.name);
  });
}

}  // namespace

std::string MemoryAddress(const TargetAddress& address) {
  return address.schema.empty() ? address.url.redacted
                                : address.url.redacted + " schema " + address.schema;
}

Result<IdentityFacts> IdentityOf(OpenTarget& target, SeenTargets& seen) {
  IdentityFacts facts;
  facts.address = MemoryAddress(target.address);
  // As a rule it is the database that was there before, and one look tells.
  const auto id_before = TRY(seen.IdAt(facts.address));
  if (id_before) facts.here = TRY(seen.Find(*id_before, facts.address));
  const auto look = [&]() -> Result<void> {
    facts.log =
        TRY(ReadLogEnds(*target.session, target.book, facts.here ? facts.here->sequence : 0));
    return {};
  };
  TRY(look());
  if (facts.here && facts.here->target_id == facts.log.target_id) return facts;
  facts.here = TRY(seen.Find(facts.log.target_id, facts.address));
  if (facts.here) {
    TRY(look());
    return facts;
  }
  facts.id_before = id_before;
  facts.elsewhere = TRY(seen.Of(facts.log.target_id));
  return facts;
}

Result<void> Remember(OpenTarget& target, SeenTargets& seen, const World& world) {
  const LogEnds ends = TRY(ReadLogEnds(*target.session, target.book, 0));
  // An unsealed end is a script's: what can be remembered is what the next run makes of it.
  if (ends.last.sequence > 0 && ends.last.hash.empty()) return {};
  return seen.Put({ends.target_id, MemoryAddress(target.address), ends.last.sequence,
                   ends.last.hash, FormatSeconds(world.now())});
}

Result<std::vector<Loss>> LossesOf(const RunPlan& plan, Dialect dialect) {
  std::vector<Loss> losses;
  for (const RunStep& step : plan.steps) {
    bool moved = false;
    for (const Unit& unit : TRY(UnitsOf(step, dialect))) {
      for (const auto* statements : {&unit.statements, &unit.verifications}) {
        for (const PlannedStatement& statement : *statements) {
          moved = moved || MovesNames(dialect, statement.sql);
          for (Destruction& what : DestructionsOf(dialect, statement.sql)) {
            const bool elsewhere = moved && IsWithoutSchema(what.table);
            if (statement.with_names) what.object = Concealed(std::move(what.object), plan.values);
            losses.push_back({step.summary.name, std::move(what), elsewhere ? kNotCounted : ""});
          }
        }
      }
    }
  }
  return losses;
}

Result<void> CheckAppliedBefore(const TargetAddress& target, const RunPlan& plan,
                                const ViewPtr& view, JoinedHistories& histories,
                                const TargetFinder& find) {
  if (target.policy.applied_before == nullptr) return {};
  const TargetAddress address = TRY(find(*target.policy.applied_before));
  OpenTarget before = TRY(Open(address, IfMissing::kFail));
  const Situation situation = TRY(SituationOf(view, before, histories));
  const Catalog both = TRY(situation.history->WithNamesOfTarget());
  const Current current = CurrentFrom(both.graph(), situation.row_ids());
  const Marks applied = AncestorsOf(both.graph(), current.rows, Follow::kAll);
  for (const RunStep& step : plan.steps) {
    if (step.summary.kind != StepKind::kUpgrade) continue;
    const auto there = both.graph().FindId(step.summary.id);
    if (there && applied[*there]) continue;
    const std::string& name = step.summary.name;
    const std::vector<Position> named = both.graph().AllNamed(name);
    const auto other = std::ranges::find_if(named, [&](Position p) { return applied[p]; });
    Error error{Reason::kNotAppliedBefore,
                fmt::format("revision {} is not applied on {}, where target {} requires it first",
                            name, address.name, target.name),
                {{"name", name}},
                fmt::format("`mig upgrade {} -t {}` applies it there", name, address.name)};
    if (other != named.end()) {
      error.message =
          fmt::format("revision {} is applied on {} as {}, where target {} requires {} first", name,
                      address.name, both.graph().id(*other).short_hex(), target.name,
                      step.summary.id.short_hex());
      error.hint = fmt::format("`mig reapply -t {}` applies the files there", address.name);
    }
    return error;
  }
  return {};
}

Result<void> Precautions::Take(const RunPlan& plan, const ViewPtr& view, SeenTargets& seen,
                               JoinedHistories& histories) {
  TRY(CheckIdentity(seen));
  TRY(CheckAppliedBefore(target_.address, plan, view, histories, setting_.find));
  if (policy().is_protected || AppliesAgain(plan)) TRY(CheckLosses(plan));
  // What is remembered of the log is replaced behind the run: so the log itself has to tell.
  if (!break_.empty()) TRY(Log(kBreakDirection, break_, plan));
  if (!policy().backup.empty() && HasStatements(plan)) TRY(BackUp(plan));
  if (!plan.values.empty()) TRY(Log(kPlaceholdersDirection, DigestsOf(plan.values), plan));
  return {};
}

Result<void> Precautions::CheckIdentity(SeenTargets& seen) {
  const IdentityFacts facts = TRY(IdentityOf(target_, seen));
  const auto changed = WhatChanged(facts);
  if (!changed) return {};
  const std::string sentence =
      fmt::format("target {} is not the database it was: {}", target_.address.name, *changed);
  if (policy().is_protected) return Error{Reason::kTargetChanged, sentence};
  // Dropping and making a database anew is everyday where nothing is protected.
  const bool fresh = facts.log.last.sequence == 0 && facts.elsewhere.empty() && !facts.here;
  if (!fresh) setting_.observe(Notice{"WARNING", sentence});
  if (facts.here) break_ = *changed;
  return {};
}

Result<void> Precautions::CheckLosses(const RunPlan& plan) {
  std::vector<Loss> losses = TRY(LossesOf(plan, target_.session->dialect()));
  for (Loss& loss : losses) {
    if (!loss.what.table.empty() && loss.rows.empty())
      loss.rows = RowsOf(*target_.session, loss.what.table);
  }
  if (policy().is_protected) TRY(CheckConsent(target_.address.name, losses, setting_.allow));
  for (const Loss& loss : losses) setting_.observe(Notice{"DESTROYS", SentenceOf(loss)});
  return {};
}

Result<void> Precautions::BackUp(const RunPlan& plan) {
  const auto started = world_.elapsed();
  LogEntry entry;
  entry.direction = kBackupDirection;
  entry.actor = setting_.actor;
  entry.plan = plan.hash;
  entry.started_at = FormatMilliseconds(world_.now());
  const std::string& name = target_.address.name;
  setting_.observe(Waiting{fmt::format("a backup of {} is taken", name), 0});
  TRY(SealLog(*target_.session, target_.book, lease_, world_));
  BackupOrder order{
      target_.address.url,
      policy().backup,
      name,
      policy().backup_directory,
      fmt::format("{}-{}-{}", FileName(name), CompactTime(FormatSeconds(world_.now())),
                  setting_.run.substr(0, 8)),
      policy().backup_time,
      setting_.cancelled,
      target_.address.directory,
      target_.address.schema};
  const auto backup = TakeBeside(*target_.session, std::move(order));
  entry.finished_at = FormatMilliseconds(world_.now());
  entry.duration_us =
      std::chrono::duration_cast<std::chrono::microseconds>(world_.elapsed() - started).count();
  if (!backup) {
    LogFailedBackup(entry, backup.error());
    return backup.error();
  }
  entry.name = backup->file;
  entry.outcome = "done";
  setting_.observe(Notice{"BACKUP", fmt::format("{}, {}", backup->file, SizeText(backup->bytes))});
  return AppendLog(*target_.session, target_.book, lease_, world_, entry, {});
}

Result<void> Precautions::Log(std::string_view direction, std::string name, const RunPlan& plan) {
  TRY(SealLog(*target_.session, target_.book, lease_, world_));
  LogEntry entry;
  entry.direction = direction;
  entry.name = std::move(name);
  entry.actor = setting_.actor;
  entry.plan = plan.hash;
  entry.started_at = FormatMilliseconds(world_.now());
  entry.finished_at = entry.started_at;
  entry.outcome = "done";
  return AppendLog(*target_.session, target_.book, lease_, world_, entry, {});
}

// Evidence, not state, as of every failure.
void Precautions::LogFailedBackup(LogEntry entry, const Error& error) {
  entry.outcome = "failed: " + std::string(InfoOf(error.reason).text);
  (void)AppendLog(*target_.session, target_.book, lease_, world_, entry, {});
}

}  // namespace mig
