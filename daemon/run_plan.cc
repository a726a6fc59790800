#include "daemon/run_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "daemon/alembic_plan.h"
#include "daemon/plan/plan.h"
#include "daemon/reapply.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

VersionRow RowOf(const Graph& graph, Position p) { return {graph.id(p), graph.name(p)}; }

constexpr std::size_t kRowDigits = 16;  // of a plan's hash

std::string_view NameOf(Operation::Kind kind) {
  switch (kind) {
    case Operation::Kind::kUpgrade:
      return "upgrade";
    case Operation::Kind::kDowngrade:
      return "downgrade";
    case Operation::Kind::kStamp:
      return "stamp";
    case Operation::Kind::kReapply:
      return "reapply";
    case Operation::Kind::kResolve:
      return "resolve";
  }
  return "";
}

// docs/formats.md specifies it: it stands in mig_log.
std::string HashOf(const RunPlan& plan, Operation::Kind kind, Dialect dialect,
                   const std::vector<VersionRow>& rows) {
  std::string text = "mig-plan 1\n";
  for (const VersionRow& row : rows) text += "row " + row.id.hex() + "\n";
  const std::string digits = Hex(Sha256(text)).substr(0, kRowDigits);
  text += fmt::format("operation {} {}\n", NameOf(kind), mig::NameOf(dialect));
  for (const RunStep& step : plan.steps) {
    text += fmt::format("{} {}\n", mig::NameOf(step.summary.kind), step.summary.id.hex());
    for (const Id& id : step.rows_removed) text += "from " + id.hex() + "\n";
    for (const VersionRow& row : step.rows_added) text += "to " + row.id.hex() + "\n";
  }
  for (const ValueUsed& used : plan.values.values)
    text += fmt::format("value {} {}\n", used.name, used.digest);
  return digits + Hex(Sha256(text)).substr(kRowDigits);
}

// Positions of the view for what is applied of it: its rows, or what stands in for rows that only
// the target knows.
Positions RowsInView(const Situation& situation, const Catalog& both) {
  const Catalog& view = situation.view->catalog;
  const Current current = CurrentFrom(both.graph(), situation.row_ids());
  if (situation.history->foreign().empty())
    return MaximalOf(view.graph(), current.rows, Follow::kAll);
  Positions applied;
  for (const Position p : ToPositions(AncestorsOf(both.graph(), current.rows, Follow::kAll))) {
    if (const auto in_view = view.graph().FindId(both.graph().id(p))) applied.push_back(*in_view);
  }
  std::sort(applied.begin(), applied.end());
  return MaximalOf(view.graph(), applied, Follow::kAll);
}

// The rows each step replaces, worked out against the target's own rows: those it follows directly,
// since what is applied is closed downward.
void RecomputeRows(std::vector<RunStep>& steps, const std::vector<Id>& start) {
  std::set<Id> rows(start.begin(), start.end());
  for (RunStep& step : steps) {
    step.rows_removed.clear();
    for (const Id& id : LinksOf(step.revision->revision)) {
      if (rows.erase(id) > 0) step.rows_removed.push_back(id);
    }
    rows.insert(step.summary.id);
  }
}

Result<RunPlan> Upgrade(const Situation& situation, const std::string& target) {
  const Catalog& view = situation.view->catalog;
  const Catalog both = TRY(situation.history->WithNamesOfView());
  Current current;
  current.rows = RowsInView(situation, both);
  const Plan plan = TRY(PlanUpgrade(view.graph(), current, target));
  TRY(RefuseEdited(view.graph(), plan, both.graph(),
                   CurrentFrom(both.graph(), situation.row_ids()).rows));
  RunPlan run;
  for (const Step& step : plan.steps) run.steps.push_back(TRY(StepOf(view, step)));
  if (!situation.history->foreign().empty()) RecomputeRows(run.steps, situation.row_ids());
  return run;
}

Result<RunPlan> Downgrade(const Situation& situation, const std::string& target) {
  const Catalog both = TRY(situation.history->WithNamesOfTarget());
  const Plan plan =
      TRY(PlanDowngrade(both.graph(), CurrentFrom(both.graph(), situation.row_ids()), target));
  RunPlan run;
  for (const Step& step : plan.steps) run.steps.push_back(TRY(StepOf(both, step)));
  return run;
}

// Two contents under one name cannot both be applied.
Result<void> RefuseTwoOfOneName(const Graph& graph, const Positions& applied) {
  std::map<std::string, Position> seen;
  for (const Position p : applied) {
    const auto [other, fresh] = seen.emplace(graph.name(p), p);
    if (fresh) continue;
    Error error{
        Reason::kEditedSinceApplied,
        fmt::format("revision {} is applied as {} and would be stamped as {}", graph.name(p),
                    graph.id(other->second).short_hex(), graph.id(p).short_hex())};
    error.details["name"] = graph.name(p);
    return error;
  }
  return {};
}

// What Alembic's table says, as mig calls it.
Result<std::vector<std::string>> NamesInTable(const Graph& graph, const AlembicState& alembic) {
  if (!alembic.found) {
    return Error{Reason::kNoCurrentRevision, "the target has no version table of Alembic"};
  }
  std::vector<std::string> names = graph.names(TRY(PositionsOfAlembic(graph, alembic.rows)));
  if (names.empty()) names.push_back("base");
  return names;
}

Result<RunPlan> Stamp(const Situation& situation, const Operation& operation) {
  const Catalog both = TRY(situation.history->WithNamesOfView());
  const Graph& graph = both.graph();
  const std::vector<std::string> revisions = operation.from_alembic
                                                 ? TRY(NamesInTable(graph, situation.state.alembic))
                                                 : operation.revisions;
  Plan plan = TRY(PlanStamp(graph, CurrentFrom(graph, situation.row_ids()), revisions,
                            operation.purge || operation.from_alembic));
  TRY(RefuseTwoOfOneName(graph, ToPositions(AncestorsOf(graph, plan.final, Follow::kAll))));
  RunStep step = TRY(StampStep(both, plan));
  step.rows_removed.clear();
  step.summary.from.clear();
  for (const VersionRow& row :
       situation.state.rows) {  // unknown rows, which have no position, included
    step.summary.from.push_back(row.name);
    if (std::erase(step.rows_added, row) == 0) step.rows_removed.push_back(row.id);
  }
  RunPlan run;
  if (!step.rows_removed.empty() || !step.rows_added.empty()) run.steps.push_back(std::move(step));
  return run;
}

// A name without a file is enough to know where a target is; what is executed is never guessed.
Result<void> RefuseOneOfSeveral(const LinkedRevision& revision) {
  if (revision.stands_for == 1) return {};
  const std::string& name = revision.revision.name;
  return Error{
      Reason::kMissingParent,
      fmt::format("revision {} is in no file, and {} stored revisions have its name", name,
                  revision.stands_for),
      {{"name", name}},
      fmt::format("`mig restore ID` brings one back: the latest is {}", revision.id.short_hex())};
}

}  // namespace

std::string SummaryOf(const Operation& operation) {
  const std::string revisions = fmt::format("{}", fmt::join(operation.revisions, " "));
  switch (operation.kind) {
    case Operation::Kind::kUpgrade:
      return "upgrade " + revisions;
    case Operation::Kind::kDowngrade:
      return "downgrade " + revisions;
    case Operation::Kind::kStamp:
      if (operation.from_alembic) return "stamp --alembic";
      return (operation.purge ? "stamp --purge " : "stamp ") + revisions;
    case Operation::Kind::kReapply:
      return "reapply";
    case Operation::Kind::kResolve:
      return revisions.empty() ? "resolve" : "resolve " + revisions;
  }
  return "";
}

Situation Situation::Untouched(ViewPtr view) {
  auto history = std::make_shared<const JoinedHistory>(view);
  return {std::move(view), {}, std::move(history)};
}

std::vector<Id> Situation::row_ids() const {
  std::vector<Id> ids;
  for (const VersionRow& row : state.rows) ids.push_back(row.id);
  return ids;
}

Result<Situation> SituationOf(ViewPtr view, OpenTarget& target, JoinedHistories& histories,
                              AlembicMoves moves) {
  Situation situation;
  situation.state = TRY(ReadState(target));
  TRY(TakeOverRows(view->catalog.graph(), situation.state));
  situation.history = TRY(histories.Of(view, target, situation.state));
  situation.view = std::move(view);
  if (moves == AlembicMoves::kAllow || !situation.state.alembic.found) return situation;
  const Catalog both = TRY(situation.history->WithNamesOfView());
  TRY(RefuseDifference(both.graph(), situation.state));
  return situation;
}

Result<RunStep> StepOf(const Catalog& catalog, const Step& step) {
  const Graph& graph = catalog.graph();
  const Node& node = graph.node(step.revision);
  const std::vector<std::string> parents = graph.names(graph.parents(step.revision));
  RunStep run;
  const bool up = step.direction == Direction::kUp;
  run.summary = {up ? StepKind::kUpgrade : StepKind::kDowngrade,
                 node.id,
                 node.name,
                 node.message,
                 up ? parents : std::vector<std::string>{node.name},
                 up ? std::vector<std::string>{node.name} : parents};
  run.revision = TRY(catalog.Load(step.revision));
  if (up) TRY(RefuseOneOfSeveral(*run.revision));
  if (up) run.objects.push_back(run.revision);
  run.rows_removed = graph.ids(step.rows_removed);
  for (const Position p : step.rows_added) run.rows_added.push_back(RowOf(graph, p));
  return run;
}

Result<RunStep> StampStep(const Catalog& catalog, const Plan& plan) {
  const Graph& graph = catalog.graph();
  RunStep step;
  step.summary.kind = StepKind::kStamp;
  step.summary.from = graph.names(plan.start);
  step.summary.to = graph.names(plan.final);
  step.summary.name = fmt::format("{}", fmt::join(step.summary.to, ", "));
  step.rows_removed = graph.ids(plan.start);
  for (const Position p : plan.final) step.rows_added.push_back(RowOf(graph, p));
  for (const Position p : ToPositions(AncestorsOf(graph, plan.final, Follow::kAll)))
    step.objects.push_back(TRY(catalog.Load(p)));
  return step;
}

Result<RunPlan> PlanOperation(const Situation& situation, const Operation& operation,
                              Dialect dialect,
                              std::shared_ptr<const PlaceholderValues> placeholders) {
  auto plan = [&]() -> Result<RunPlan> {
    switch (operation.kind) {
      case Operation::Kind::kUpgrade:
        return Upgrade(situation, operation.revisions.at(0));
      case Operation::Kind::kDowngrade:
        return Downgrade(situation, operation.revisions.at(0));
      case Operation::Kind::kStamp:
        return Stamp(situation, operation);
      case Operation::Kind::kReapply:
        return PlanReapply(situation, dialect);
      case Operation::Kind::kResolve:
        break;  // asks the target's journal, not the history: PlanResolve
    }
    return Error{Reason::kInternal, "unknown operation"};
  }();
  if (!plan) return plan;
  for (RunStep& step : plan->steps) {
    step.placeholders = placeholders;
    CollectUsed(step, dialect, plan->values);
  }
  plan->warnings = WarningsOf(*plan, dialect);
  plan->hash = HashOf(*plan, operation.kind, dialect, situation.state.rows);
  for (const VersionRow& row : situation.state.rows) plan->start.push_back(row.name);
  return plan;
}

Result<void> CheckPlan(const std::string& wanted, const RunPlan& plan) {
  if (wanted.empty() || wanted == plan.hash) return {};
  const bool is_hash = wanted.size() == plan.hash.size() &&
                       wanted.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_hash) {
    return Error{
        Reason::kInvalidArgument,
        fmt::format("`{}` is no hash of a plan: 64 hex digits, as `mig plan` shows them", wanted)};
  }
  const bool rows = wanted.substr(0, kRowDigits) != plan.hash.substr(0, kRowDigits);
  Error error{Reason::kPlanChanged,
              rows ? "the target's rows are no longer those that the plan starts from"
                   : "these are not the steps of the plan: it is of another command or revision, "
                     "or the history has changed"};
  if (!rows && !plan.values.empty()) error.message += ", or the value of a placeholder";
  error.details["differs"] = rows ? "rows" : "steps";
  error.details["plan"] = plan.hash;
  return error;
}

Result<RunPlan> PlanResolve(const std::optional<Unfinished>& unfinished,
                            const std::string& revision, Resolution::Answer answer) {
  const bool other = unfinished && !revision.empty() && revision != unfinished->name;
  if (!unfinished || other) {
    Error error{Reason::kNoSuchRevision,
                revision.empty() ? "no revision is half applied, so there is nothing to resolve"
                                 : fmt::format("revision {} is not half applied", revision)};
    error.hint = other ? fmt::format("{} is: `mig resolve` shows it", unfinished->name)
                       : "`mig status` shows where the target is";
    return error;
  }
  const auto doubtful = std::find_if(unfinished->units.begin(), unfinished->units.end(),
                                     [](const auto& unit) { return IsInDoubt(unit.second); });
  if (answer != Resolution::Answer::kUndone && doubtful == unfinished->units.end()) {
    return Error{Reason::kUsage,
                 fmt::format("no statement of {} is in doubt", unfinished->name),
                 {},
                 fmt::format("repeat the {} to go on with it, or say --undone when you have taken "
                             "back by hand what it did",
                             NameOf(unfinished->kind))};
  }
  RunStep step;
  step.summary = {StepKind::kResolve, unfinished->id, unfinished->name, "", {}, {}};
  step.resolution = Resolution{answer, unfinished->kind, {}};
  if (answer != Resolution::Answer::kUndone) {
    JournalRows rows = unfinished->units;
    if (answer == Resolution::Answer::kApplied) {
      rows[doubtful->first].state = "done";
    } else {
      rows.erase(doubtful->first);
    }
    for (const auto& [number, row] : rows) step.resolution->journal.push_back(row);
    step.summary.message = fmt::format("part {}", doubtful->first + 1);
  }
  RunPlan plan;
  plan.steps.push_back(std::move(step));
  return plan;
}

}  // namespace mig
