#include "daemon/engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "daemon/alembic_plan.h"
#include "daemon/block_watch.h"
#include "daemon/executor.h"
#include "daemon/lease.h"
#include "daemon/limits.h"
#include "daemon/precautions.h"
#include "daemon/put_with_ancestors.h"
#include "daemon/script.h"
#include "drivers/baseline.h"
#include "drivers/sql/placeholder.h"
#include "store/placeholder_key.h"

namespace mig {
namespace {

// Digits of a run's id that may stand for it.
constexpr std::size_t kShortestRunPrefix = 4;
// How often a target is recorded anew because garbage was collected meanwhile.
constexpr int kRecordAttempts = 10;

constexpr int kOpenAttempts = 50;
constexpr Milliseconds kServerNotices{20};

// To read with: does not wait for long where somebody keeps mig's own tables locked, since nothing
// is told meanwhile. Sets nothing in a session of a pooler's.
Result<std::unique_ptr<Session>> OpenReader(const TargetUrl& url, IfMissing if_missing) {
  auto session = TRY(OpenSession(url, if_missing));
  if (session->dialect() == Dialect::kPostgresql) {
    TRY(
        session->Execute({"SELECT pg_catalog.set_config('lock_timeout', '5s', false) "
                          "WHERE pg_catalog.pg_backend_pid() = $1",
                          {session->server_id()}}));
  }
  return session;
}

// Lets a run be interrupted while its session lives.
class Interruptible {
 public:
  Interruptible(RunInProgress& run, Session& session) : run_(run) { run_.Interrupts(&session); }
  ~Interruptible() { run_.Interrupts(nullptr); }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

 private:
  RunInProgress& run_;
};

// Refuses what can be refused by reading, before anything is made for the run.
Result<void> CheckReadable(const RunSpec& spec, const RunPlan& plan, Dialect dialect) {
  TRY(CheckPlan(spec.plan, plan));
  for (const RunStep& step : plan.steps) TRY(UnitsOf(step, dialect));
  return spec.atomic ? CheckAtomic(plan, dialect) : Result<void>();
}

// Whether a known run can be what a request with its id asks for. The revision is not compared: it
// may have been spelled out.
Result<void> CheckSameRequest(const RunSummary& known, const RunSpec& asked) {
  const auto verb = [](std::string_view summary) { return summary.substr(0, summary.find(' ')); };
  const std::string summary = SummaryOf(asked.operation);
  if (known.project == asked.view.project && known.target_name == asked.target.name &&
      verb(known.summary) == verb(summary))
    return {};
  return Error{
      Reason::kInvalidArgument,
      fmt::format("`{}` is the id of a run of another target, project or operation", known.id),
      {},
      "give each run an id of its own"};
}

// Rows that nobody knows are what `stamp --purge` is there to forget.
Result<Situation> SituationFor(const Operation& operation, const ViewPtr& view, OpenTarget& target,
                               JoinedHistories& histories) {
  const bool settles = operation.purge || operation.from_alembic;
  auto situation =
      SituationOf(view, target, histories, settles ? AlembicMoves::kAllow : AlembicMoves::kRefuse);
  if (situation || !operation.purge || situation.error().reason != Reason::kUnknownApplied)
    return situation;
  Situation without_unknown = Situation::Untouched(view);
  without_unknown.state = TRY(ReadState(target));
  return without_unknown;
}

// Whether the version rows are where the unfinished step was to lead.
Result<bool> IsDoneElsewhere(const Unfinished& unfinished, const Situation& situation) {
  const Catalog both = TRY(situation.history->WithNamesOfTarget());
  const Graph& graph = both.graph();
  const Current current = CurrentFrom(graph, situation.row_ids());
  const Marks applied = AncestorsOf(graph, current.rows, Follow::kAll);
  const auto named = graph.AllNamed(unfinished.name);
  const bool there = std::ranges::any_of(named, [&](Position p) { return applied[p]; });
  return there == (unfinished.kind == StepKind::kUpgrade);
}

Result<RunPlan> PlanOn(OpenTarget& target, const RunSpec& spec, const ViewPtr& view,
                       JoinedHistories& histories) {
  if (spec.operation.kind == Operation::Kind::kResolve) {
    const auto unfinished = TRY(UnfinishedOf(target));
    const auto& revisions = spec.operation.revisions;
    return PlanResolve(unfinished, revisions.empty() ? "" : revisions[0], spec.operation.answer);
  }
  const Situation situation = TRY(SituationFor(spec.operation, view, target, histories));
  RunPlan plan = TRY(PlanOperation(situation, spec.operation, target.session->dialect(),
                                   target.address.placeholders));
  if (plan.steps.empty() && situation.state.format != 0) {
    const auto unfinished = TRY(ReadUnfinished(*target.session, target.book));
    if (unfinished) {
      return TRY(IsDoneElsewhere(*unfinished, situation)) ? MustBeForgottenFirst(*unfinished)
                                                          : MustBeFinishedFirst(*unfinished);
    }
  }
  const AlembicState& alembic = situation.state.alembic;
  if (!alembic.found && !alembic.keep) return plan;
  const Catalog both = TRY(situation.history->WithNamesOfView());
  TRY(FollowInAlembic(situation, spec.operation, both, target.book, target.alembic, plan));
  return plan;
}

// What servers, policies and drivers say of statements may tell their values. What a run destroys
// is told without them, and the name of its backup has to be read.
EventBody Concealed(EventBody body, const ValuesUsed& values) {
  auto* notice = std::get_if<Notice>(&body);
  if (notice != nullptr && notice->severity != "DESTROYS" && notice->severity != "BACKUP")
    notice->message = Concealed(std::move(notice->message), values);
  if (auto* waiting = std::get_if<Waiting>(&body))
    waiting->reason = Concealed(std::move(waiting->reason), values);
  return body;
}

std::vector<RevisionPtr> ObjectsOf(const RunPlan& plan) {
  std::vector<RevisionPtr> objects;
  for (const RunStep& step : plan.steps)
    objects.insert(objects.end(), step.objects.begin(), step.objects.end());
  return objects;
}

// What the version table says now, for the last line of a run; nothing when the connection is gone.
std::vector<std::string> CurrentNames(const Result<TargetState>& state) {
  std::vector<std::string> names;
  if (!state) return names;
  for (const VersionRow& row : state->rows) names.push_back(row.name);
  return names;
}

Notice TooManyNotices() {
  return {"WARNING", fmt::format("the database has more to say than the {} notices of a run that "
                                 "are told",
                                 kMaxNotices)};
}

std::string StateSentence(const RunFinished& finished, const std::string& step_state,
                          bool connected) {
  if (!connected) return "the connection was lost: `mig current` tells what took effect";
  std::string at = finished.current.empty() ? "<base>" : "";
  for (const std::string& name : finished.current) at += (at.empty() ? "" : ", ") + name;
  const std::string done = fmt::format("{} of {} steps took effect; the target is at {}",
                                       finished.steps_done, finished.steps_total, at);
  return step_state.empty() ? done : step_state + "; " + done;
}

// What a reapply that stopped took back and did not apply again, the lowest first: another one
// knows nothing of it.
std::vector<std::string> LeftTakenBack(const RunPlan& plan, int steps_done) {
  std::vector<std::string> left;
  for (int done = 0; done < steps_done; ++done) {
    const StepSummary& step = plan.steps[static_cast<std::size_t>(done)].summary;
    if (step.kind == StepKind::kDowngrade) left.insert(left.begin(), step.name);
    if (step.kind == StepKind::kUpgrade) std::erase(left, step.name);
  }
  return left;
}

}  // namespace

std::string PlainEvent(const Event& event) { return std::to_string(event.body.index()); }

Engine::Engine(Kv& kv, const World& world, ServedTargets served, SessionOpener open_session,
               RefPolicies policies, EventEncoder encode, std::filesystem::path graph_file)
    : kv_(kv),
      world_(world),
      served_(std::move(served)),
      open_session_(std::move(open_session)),
      objects_(kv, [&world] { return FormatMilliseconds(world.now()); }),
      seen_(kv),
      refs_(kv),
      target_records_(kv),
      index_(objects_, std::move(graph_file)),
      views_(objects_, refs_, index_),
      histories_(objects_, kMaxJoinedHistories, kMaxJoinedBytes),
      shared_refs_(objects_, refs_, views_, world, std::move(policies)),
      sessions_(OpenReader, kSessionKeeping, kMaxKeptSessions),
      journal_(kv, world, std::move(encode)),
      runs_(world) {}

Result<TargetAddress> Engine::AddressOf(const TargetSpec& target) const {
  TargetAddress address = TRY(mig::AddressOf(target, served_));
  PlaceholderValues values = *address.placeholders;
  if (values.values.empty() || !values.key.empty()) return address;
  values.key = TRY(PlaceholderKey(kv_, [this] { return world_.random_hex(32); }));
  address.placeholders = std::make_shared<const PlaceholderValues>(std::move(values));
  return address;
}

Result<OpenTarget> Engine::OpenToRead(const TargetAddress& address) {
  return Open(address, IfMissing::kFail,
              [this](const TargetUrl& url, IfMissing) { return sessions_.Open(url); });
}

Result<OpenTarget> Engine::OpenAnew(const TargetAddress& address, IfMissing if_missing) {
  auto target = Open(address, if_missing, open_session_);
  const bool refused = !target && target.error().reason == Reason::kDatabaseRefused;
  if (!refused || !sessions_.Close(address.url)) return target;
  for (int attempt = 1;; ++attempt) {  // a server takes a moment to see that they are gone
    world_.sleep(kServerNotices);
    auto again = Open(address, if_missing, open_session_);
    if (again || again.error().reason != Reason::kDatabaseRefused || attempt == kOpenAttempts)
      return again;
  }
}

Result<bool> Engine::EnsureVersion(const TargetSpec& spec) {
  const TargetAddress address = TRY(AddressOf(spec));
  OpenTarget target = TRY(Open(address, IfMissing::kFail));
  if (TRY(FindTables(*target.session, target.book)) == TablesFound::kAll) {
    TRY(ReadState(target));
    return false;
  }
  const LeaseRequest request{"mig ensure-version", "", Milliseconds(10'000), {}, true};
  TRY(Lease::Acquire(*target.session, target.book, request, world_, [](const EventBody&) {}));
  return true;
}

Result<TargetDescription> Engine::Describe(const TargetSpec& spec) {
  const TargetAddress address = TRY(AddressOf(spec));
  OpenTarget target = TRY(OpenToRead(address));
  TargetDescription description;
  description.target_url = target.address.url.redacted;
  description.dialect = target.session->dialect();
  description.server_version = target.session->server_version();
  description.state = TRY(ReadState(target));
  if (description.state.format == 0) return description;
  const SqlResult lease = TRY(target.session->Execute(target.book.ReadLease()));
  if (!lease.rows.empty()) {
    const auto& row = lease.rows[0];
    description.lease = {NumberOf(row[0]), TextOf(row[1]), TextOf(row[2]), TextOf(row[3]),
                         TextOf(row[4])};
  }
  const SqlResult count = TRY(target.session->Execute(target.book.CountLog()));
  description.log_entries = TRY(OnlyNumberOf(count));
  return description;
}

Result<Engine::SchemaDump> Engine::DumpSchema(const TargetSpec& spec) {
  const TargetAddress address = TRY(AddressOf(spec));
  SchemaDump dump{address.url.dialect, "", address.url.redacted};
  dump.sql = WithoutPlaceholders(dump.dialect, TRY(ReadBaseline(address.url)));
  return dump;
}

Result<Engine::KnownRun> Engine::StartRun(const RunSpec& asked) {
  if (!asked.request_id.empty()) {
    TRY(CheckRunId(asked.request_id));
    if (auto known = FindRun(asked.request_id); known && known->summary.id == asked.request_id) {
      TRY(CheckSameRequest(known->summary, asked));
      return known;
    }
  }
  TRY(CheckKinds(asked.allow));
  const ViewPtr view = TRY(views_.Find(asked.view));
  const RunSpec spec = TRY(Spelled(view, asked));
  const TargetAddress address = TRY(AddressOf(spec.target));
  RunSummary summary;
  summary.id = spec.request_id.empty() ? world_.random_hex(16) : spec.request_id;
  summary.project = spec.view.project;
  summary.target_name = address.name;
  summary.target_url = address.url.redacted;
  summary.summary = SummaryOf(spec.operation);
  summary.actor = spec.actor;
  summary.started = FormatMilliseconds(world_.now());
  const RunPtr run = TRY(runs_.Start(
      std::move(summary),
      [this, spec, view, address](RunInProgress& started) {
        return CarryOut(spec, view, address, started);
      },
      [this](const RunPtr& started) { journal_.Follow(started); }));
  KnownRun known{run, run->summary()};
  TRY(CheckSameRequest(known.summary, asked));  // of two at once the other may have been first
  return known;
}

Result<Engine::KnownRun> Engine::FindRun(const std::string& id) {
  if (RunPtr run = runs_.Find(id)) {
    RunSummary summary = run->summary();
    return KnownRun{std::move(run), std::move(summary)};
  }
  auto stored = journal_.Find(id);
  if (stored) return KnownRun{nullptr, *std::move(stored)};
  if (stored.error().reason != Reason::kNoSuchRun) return Unexpected(std::move(stored).error());
  std::set<std::string> ids;
  if (id.size() >= kShortestRunPrefix) {
    const auto in_progress = runs_.IdsWithPrefix(id);
    const auto journalled = TRY(journal_.IdsWithPrefix(id, 2));
    ids.insert(in_progress.begin(), in_progress.end());
    ids.insert(journalled.begin(), journalled.end());
  }
  if (ids.size() == 1 && *ids.begin() != id) return FindRun(*ids.begin());
  return Error{Reason::kNoSuchRun,
               fmt::format("the daemon knows {} {}", ids.empty() ? "no run" : "several runs", id)};
}

Result<std::vector<RunSummary>> Engine::ListRuns(const RunFilter& filter, std::size_t offset,
                                                 std::size_t limit) {
  std::vector<RunSummary> all = runs_.List(filter);
  std::set<std::string> known;
  for (const RunSummary& summary : all) known.insert(summary.id);
  for (RunSummary& summary : TRY(journal_.List(filter, offset + limit + all.size()))) {
    if (known.insert(summary.id).second) all.push_back(std::move(summary));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const RunSummary& a, const RunSummary& b) { return a.started > b.started; });
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(offset, all.size())));
  if (all.size() > limit) all.resize(limit);
  return all;
}

Result<std::optional<RunPlan>> Engine::Foresee(const RunSpec& spec, const ViewPtr& view,
                                               const TargetAddress& address, RunInProgress& run,
                                               RunFinished& finished) {
  std::optional<RunPlan> foreseen;
  auto target = OpenToRead(address);
  if (!target) return foreseen;
  const Interruptible interruptible(run, *target->session);
  auto plan = PlanOn(*target, spec, view, histories_);
  if (!plan && plan.error().reason == Reason::kCancelled) return plan.error();
  if (!plan) return foreseen;
  foreseen = *std::move(plan);
  if (foreseen->steps.empty()) finished.current = foreseen->start;
  return foreseen;
}

Result<OpenTarget> Engine::OpenForRun(const RunSpec& spec, const ViewPtr& view,
                                      const TargetAddress& address, const Observer& observe) {
  auto target = OpenAnew(address, IfMissing::kFail);
  const bool create = spec.operation.kind == Operation::Kind::kUpgrade && !target &&
                      IsYetToBeMade(address, target.error());
  if (!create) return target;
  const Dialect dialect = address.url.dialect;
  const RunPlan plan =
      TRY(PlanOperation(Situation::Untouched(view), spec.operation, dialect, address.placeholders));
  TRY(CheckReadable(spec, plan, dialect));
  TRY(CheckAppliedBefore(address, plan, view, histories_,
                         [this](const TargetSpec& other) { return AddressOf(other); }));
  if (address.policy.is_protected) {
    const std::vector<Loss> losses = TRY(LossesOf(plan, dialect));
    TRY(CheckConsent(address.name, losses, spec.allow));
  }
  OpenTarget created = TRY(OpenAnew(address, IfMissing::kCreate));
  observe(Notice{"NOTICE", "creating database " + address.url.redacted});
  return created;
}

RunFinished Engine::CarryOut(const RunSpec& spec, const ViewPtr& view, const TargetAddress& address,
                             RunInProgress& run) {
  const auto started = world_.elapsed();
  const RunSummary summary = run.summary();
  const Observer tell = [&](EventBody body) {
    run.Tell(FormatMilliseconds(world_.now()), std::move(body));
  };
  ValuesUsed values;  // by the plan
  std::unique_ptr<BlockWatch> watch;
  const Observer observe = [&](EventBody body) {
    if (watch != nullptr) watch->Note(body);
    tell(Concealed(std::move(body), values));
  };
  observe(RunStarted{summary.id, summary.target_name, summary.target_url, summary.summary});
  RunFinished finished;
  const auto refuse = [&](const RunPlan& plan) -> Result<void> {
    TRY(CheckReadable(spec, plan, address.url.dialect));
    values = plan.values;
    return {};
  };
  const auto take_note_of = [&](OpenTarget& target) {
    const auto state = ReadState(target);
    finished.current = CurrentNames(state);
    const auto recorded = state ? RecordHeads(address, *state, spec, view) : Result<void>();
    if (!recorded) observe(Notice{"WARNING", recorded.error().message});
  };
  const auto outcome = [&]() -> Result<void> {
    const std::optional<RunPlan> foreseen = TRY(Foresee(spec, view, address, run, finished));
    bool checked = foreseen.has_value();
    if (foreseen) TRY(refuse(*foreseen));
    if (foreseen && foreseen->steps.empty()) return {};
    OpenTarget target = TRY(OpenForRun(spec, view, address, observe));
    const Interruptible interruptible(run, *target.session);
    target.session->OnNotice([&observe, notices = 0](const SqlNotice& notice) mutable {
      if (notices > kMaxNotices) return;
      observe(++notices > kMaxNotices ? TooManyNotices() : Notice{notice.severity, notice.message});
    });
    const auto cancelled = [&run] { return run.cancelled(); };
    if (!checked) {
      const auto plan = PlanOn(target, spec, view, histories_);
      checked = plan.has_value();
      if (plan) TRY(refuse(*plan));
      if (plan && plan->steps.empty()) {
        take_note_of(target);
        return {};
      }
      // What nobody can read now is planned where it can be waited for.
      if (!plan && plan.error().reason != Reason::kDatabaseBusy) return plan.error();
    }
    const LeaseRequest request{spec.actor, summary.id, spec.lock_wait, cancelled};
    const Lease lease = TRY(Lease::Acquire(*target.session, target.book, request, world_, observe));
    const RunPlan plan = TRY(PlanOn(target, spec, view, histories_));
    if (!checked) TRY(refuse(plan));
    TRY(CheckPlan(spec.plan, plan));
    if (spec.atomic) TRY(CheckAtomic(plan, address.url.dialect));
    values = plan.values;
    for (const std::string& warning : plan.warnings) observe(Notice{"WARNING", warning});
    TRY(TakePrecautions(spec, view, plan, target, lease, observe, run));
    TRY(PutWithAncestors(objects_, spec.view.project, view->catalog, ObjectsOf(plan)));
    // Its thread reads the values, which stay as they are from here on.
    watch = std::make_unique<BlockWatch>(
        *target.session, [&address] { return OpenSession(address.url, IfMissing::kFail); },
        [&](EventBody body) { tell(Concealed(std::move(body), values)); });
    Executor executor(*target.session, target.book, lease, world_,
                      {spec.actor, observe, cancelled, spec.atomic});
    auto ran = executor.Run(plan);
    (void)Remember(target, seen_, world_);  // what is not remembered is not missed: see audit.h
    finished.steps_done = executor.steps_done();
    finished.steps_total = static_cast<int>(plan.steps.size());
    take_note_of(target);
    if (ran) return {};
    finished.state = StateSentence(finished, executor.state(),
                                   ran.error().reason != Reason::kDatabaseUnreachable);
    const auto left = LeftTakenBack(plan, finished.steps_done);
    if (spec.operation.kind == Operation::Kind::kReapply && !left.empty()) {
      finished.state += fmt::format(
          "; taken back and not applied again: {}; `mig upgrade` applies what another reapply does "
          "not",
          fmt::join(left, ", "));
    }
    if (executor.changed()) ran.error().details["changed"] = "true";
    const std::string holder = watch->LastHolder();
    if (ran.error().reason == Reason::kDatabaseBusy && !holder.empty())
      ran.error().message += "; it waited for " + holder;
    return ran;
  }();
  watch.reset();  // nothing is told behind the end
  if (!outcome) {
    finished.outcome =
        outcome.error().reason == Reason::kCancelled ? RunOutcome::kCancelled : RunOutcome::kFailed;
    finished.error = Concealed(outcome.error(), values);
    if (finished.state.empty()) finished.state = "nothing was changed";
  }
  finished.duration_us =
      std::chrono::duration_cast<std::chrono::microseconds>(world_.elapsed() - started).count();
  return finished;
}

// What the view does not know, the target keeps by itself.
Result<void> Engine::RecordHeads(const TargetAddress& address, const TargetState& state,
                                 const RunSpec& spec, const ViewPtr& view) {
  if (state.format == 0) return {};
  TargetRecord seen = {
      spec.view.project, state.target_id, address.url.redacted, FormatSeconds(world_.now()), {}};
  std::vector<RevisionPtr> rows;
  for (const VersionRow& row : state.rows) {
    const auto position = view->catalog.graph().FindId(row.id);
    if (!position) continue;
    seen.heads.push_back(row.id);
    rows.push_back(TRY(view->catalog.Load(*position)));
  }
  for (int attempt = 1;; ++attempt) {
    const std::string collection = TRY(refs_.Collection());
    TRY(PutWithAncestors(objects_, spec.view.project, view->catalog, rows));
    auto put = target_records_.Put(seen, collection, world_.random_hex(32));
    if (put || put.error().reason != Reason::kRefMoved || attempt == kRecordAttempts) return put;
  }
}

Result<std::optional<UnfinishedReport>> Engine::ReportUnfinished(const TargetSpec& spec) {
  const TargetAddress address = TRY(AddressOf(spec));
  OpenTarget target = TRY(OpenAnew(address, IfMissing::kFail));
  auto unfinished = TRY(UnfinishedOf(target));
  std::optional<UnfinishedReport> report;
  if (!unfinished) return report;
  auto parts = TRY(PartsOf(*unfinished, *target.session, target.book, target.address.placeholders));
  report = UnfinishedReport{*std::move(unfinished), std::move(parts), address.url.redacted};
  return report;
}

Result<RunPlan> Engine::PlanRun(const RunSpec& asked) {
  const ViewPtr view = TRY(views_.Find(asked.view));
  const RunSpec spec = TRY(Spelled(view, asked));
  const TargetAddress address = TRY(AddressOf(spec.target));
  auto target = OpenToRead(address);
  if (target) {
    RunPlan plan = TRY(PlanOn(*target, spec, view, histories_));
    if (const auto unfinished = TRY(UnfinishedOf(*target))) {
      plan.warnings.push_back(WarningOf(*unfinished));
      plan.begun = BegunOf(plan, *unfinished);
      std::ranges::move(TRY(EditsOf(plan, address.url.dialect)), std::back_inserter(plan.warnings));
    }
    return plan;
  }
  if (!IsYetToBeMade(address, target.error())) return Unexpected(std::move(target).error());
  return PlanOperation(Situation::Untouched(view), spec.operation, address.url.dialect,
                       address.placeholders);
}

Result<std::string> Engine::RenderScript(const RunSpec& asked) {
  const ViewPtr view = TRY(views_.Find(asked.view));
  const RunSpec spec = TRY(Spelled(view, asked));
  const TargetAddress address = TRY(AddressOf(spec.target));
  return mig::RenderScript(
      view->catalog, spec.operation, Bookkeeping(address.url.dialect, address.schema),
      {spec.actor, address.alembic, address.placeholders, address.url.parameters, !address.served});
}

}  // namespace mig
