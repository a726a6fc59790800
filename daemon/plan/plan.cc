#include "daemon/plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <unordered_map>

#include "daemon/plan/goal.h"

namespace mig {
namespace {

// The version rows while steps change the applied set: always its maximal elements. A step costs as
// much as the revision has edges downward.
class Rows {
 public:
  Rows(const Graph& graph, const Positions& rows)
      : graph_(graph),
        start_(MaximalOf(graph, rows, Follow::kAll)),
        rows_(start_.begin(), start_.end()) {}

  const Positions& start() const { return start_; }

  // REQUIRES: everything below `p` is applied.
  Step Up(Position p) {
    Step step{Direction::kUp, p, {}, {p}};
    ForEachBelow(p, [&](Position below) {
      if (rows_.erase(below) > 0) step.rows_removed.push_back(below);
    });
    rows_.insert(p);
    return step;
  }

  // REQUIRES: nothing above `p` is applied; `applied` is what was before the first step down.
  Step Down(Position p, const Marks& applied) {
    Step step{Direction::kDown, p, {p}, {}};
    ForEachBelow(p, [&](Position below) {
      if (--EdgesAbove(below, applied) > 0) return;
      step.rows_added.push_back(below);
      rows_.insert(below);
    });
    rows_.erase(p);
    return step;
  }

  Positions Now() const { return {rows_.begin(), rows_.end()}; }

 private:
  template <typename Visit>
  void ForEachBelow(Position p, Visit visit) const {
    for (Position below : graph_.parents(p)) visit(below);
    for (Position below : graph_.depends(p)) visit(below);
  }

  // How many edges lead to `p` from applied revisions; counted once, then kept by Down.
  std::size_t& EdgesAbove(Position p, const Marks& applied) {
    auto [entry, is_new] = edges_above_.emplace(p, 0);
    if (!is_new) return entry->second;
    for (const auto& above : {graph_.children(p), graph_.dependents(p)}) {
      entry->second += static_cast<std::size_t>(
          std::count_if(above.begin(), above.end(), [&](Position q) { return applied[q]; }));
    }
    return entry->second;
  }

  const Graph& graph_;
  const Positions start_;
  std::set<Position> rows_;
  std::unordered_map<Position, std::size_t> edges_above_;
};

Result<void> RefuseRange(std::string_view target) {
  if (target.find(':') == target.npos) return {};
  return Error{Reason::kRangeNotAllowed, fmt::format("'{}' is a range", target)};
}

// Positions that leave the applied set. `goal` has several ways up from it: those of its branch are
// meant.
Result<Positions> RootsOf(const Graph& graph, const DowngradeGoal& goal) {
  Positions roots;
  std::size_t ways = 0;
  if (goal.target) {
    auto children = graph.children(*goal.target);
    roots.assign(children.begin(), children.end());
    ways = roots.size();
  } else {
    roots = BasesOf(graph, Follow::kParents);
    // A base with a label of its own is a branch, even the only one: then BRANCH must exist.
    for (Position p : roots) ways += 1 + graph.node(p).labels.size();
  }
  if (goal.branch.empty() || ways < 2) return roots;
  Position member = TRY(Resolver(graph).Branch(goal.branch));
  Marks below = AncestorsOf(graph, {member}, Follow::kParents);
  std::erase_if(roots, [&](Position p) { return !below[p]; });
  if (!roots.empty()) return roots;
  return Error{Reason::kInvalidDowngradeTarget,
               fmt::format("nothing above {} is in branch '{}'",
                           goal.target ? graph.name(*goal.target) : "base", goal.branch)};
}

Result<Positions> Leaving(const Graph& graph, const Current& current, const DowngradeGoal& goal) {
  Positions roots = TRY(RootsOf(graph, goal));
  Positions rows = TRY(KnownRows(current));
  Marks applied = AncestorsOf(graph, rows, Follow::kAll);
  Positions leaving = ToPositions(DescendantsOf(graph, roots, Follow::kAll));
  std::erase_if(leaving, [&](Position p) { return !applied[p]; });
  bool is_row = goal.target && std::find(rows.begin(), rows.end(), *goal.target) != rows.end();
  if (!goal.target || !leaving.empty() || is_row) return leaving;
  return Error{
      Reason::kNotAncestor,
      fmt::format("nothing above {} is applied, and it is not current", graph.name(*goal.target)),
      {{"name", graph.name(*goal.target)}}};
}

Result<Positions> LeavingByText(const Graph& graph, const Current& current, const Expression& e) {
  DowngradeGoal goal = TRY(DowngradeGoalOf(graph, current, e));
  return Leaving(graph, current, goal);
}

// "-N" with several rows is a guess in Alembic. It is none where every row gives the same answer.
Result<Positions> LeavingFromAnyRow(const Graph& graph, const Current& current,
                                    const Expression& e) {
  Result<Positions> refused = LeavingByText(graph, current, e);
  std::optional<Result<Positions>> answer;
  for (Position row : current.rows) {
    Result<DowngradeGoal> of_row = DowngradeGoalOf(graph, Current{{row}}, e);
    Result<Positions> leaving =
        of_row ? Leaving(graph, current, *of_row) : Result<Positions>(std::move(of_row).error());
    bool agrees =
        !answer ||
        (answer->has_value() == leaving.has_value() &&
         (leaving ? **answer == *leaving : answer->error().reason == leaving.error().reason));
    if (!agrees) return refused;
    answer = std::move(leaving);
  }
  return answer ? *std::move(answer) : refused;
}

Result<Plan> UpgradeBy(const Graph& graph, const Current& current, std::string_view target) {
  Expression expression = TRY(ParseExpression(graph, target));
  Positions goals = TRY(UpgradeGoals(graph, current, expression));
  TRY(RefuseOverlap(graph, goals));
  Positions start = TRY(KnownRows(current));
  TRY(RefuseOverlap(graph, start));
  Rows rows(graph, start);
  Plan plan{rows.start(), {}, {}};
  for (Position p : OldestFirst(graph, Between(graph, start, goals, Follow::kAll)))
    plan.steps.push_back(rows.Up(p));
  plan.final = rows.Now();
  return plan;
}

Result<Plan> DowngradeBy(const Graph& graph, const Current& current, std::string_view target) {
  Expression expression = TRY(ParseExpression(graph, target));
  bool from_any_row = Resolver::IsBelowHeads(expression) && expression.branch.empty() &&
                      current.unknown.empty() && current.rows.size() > 1;
  Positions leaving = TRY(from_any_row ? LeavingFromAnyRow(graph, current, expression)
                                       : LeavingByText(graph, current, expression));
  Rows rows(graph, current.rows);
  Plan plan{rows.start(), {}, {}};
  leaving = OldestFirst(graph, leaving);
  const Marks applied = AncestorsOf(graph, current.rows, Follow::kAll);
  for (auto p = leaving.rbegin(); p != leaving.rend(); ++p)
    plan.steps.push_back(rows.Down(*p, applied));
  plan.final = rows.Now();
  return plan;
}

struct Range {
  std::string_view from, to;
};

Range SplitRange(std::string_view text) {
  std::size_t colon = text.find(':');
  if (colon == text.npos) return {{}, text};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

// Where an offline script starts.
Result<Current> OfflineStart(const Graph& graph, std::string_view from) {
  if (from.empty()) return Current{};
  Expression expression = TRY(ParseExpression(graph, from));
  auto start = TRY(Resolver(graph).One(expression));
  return start ? Current{{*start}} : Current{};
}

Error NoStart(std::string_view range) {
  return {Reason::kRangeRequired, fmt::format("'{}' does not say where the script starts", range)};
}

}  // namespace

Result<Plan> PlanUpgrade(const Graph& graph, const Current& current, std::string_view target) {
  TRY(RefuseRange(target));
  return UpgradeBy(graph, current, target);
}

Result<Plan> PlanDowngrade(const Graph& graph, const Current& current, std::string_view target) {
  TRY(RefuseRange(target));
  return DowngradeBy(graph, current, target);
}

Result<Plan> PlanOfflineUpgrade(const Graph& graph, std::string_view range) {
  auto [from, to] = SplitRange(range);
  Current start = TRY(OfflineStart(graph, from));
  return UpgradeBy(graph, start, to);
}

Result<Plan> PlanOfflineDowngrade(const Graph& graph, std::string_view range) {
  if (range.find(':') == range.npos) return NoStart(range);
  auto [from, to] = SplitRange(range);
  Current start = TRY(OfflineStart(graph, from));
  return DowngradeBy(graph, start, to);
}

Result<Plan> PlanOfflineStamp(const Graph& graph, const std::vector<std::string>& targets) {
  std::string_view start;
  std::vector<std::string> ends;
  for (const std::string& target : targets) {
    auto [from, to] = SplitRange(target);
    ends.emplace_back(to);
    if (from.empty() || from == start) continue;
    if (!start.empty()) {
      return Error{Reason::kRangeNotAllowed,
                   fmt::format("the script cannot start at both {} and {}", start, from)};
    }
    start = from;
  }
  Current current = TRY(OfflineStart(graph, start));
  Plan plan = TRY(PlanStamp(graph, current, ends, false));
  // From base to base, it would pass over whatever is stamped.
  if (start.empty() && plan.final.empty() && !ends.empty()) return NoStart(ends.front());
  return plan;
}

Positions RowsExcludedBy(const Graph& graph, const Plan& plan) {
  Positions touched = Between(graph, plan.start, plan.final, Follow::kAll);
  const Positions undone = Between(graph, plan.final, plan.start, Follow::kAll);
  touched.insert(touched.end(), undone.begin(), undone.end());
  std::set_difference(plan.final.begin(), plan.final.end(), plan.start.begin(), plan.start.end(),
                      std::back_inserter(touched));
  Marks excluded = DescendantsOf(graph, touched, Follow::kAll);
  for (const Position row : plan.start) excluded[row] = false;
  return ToPositions(excluded);
}

Result<void> RefuseEdited(const Graph& view, const Plan& plan, const Graph& both,
                          const Positions& rows) {
  for (const Step& step : plan.steps) {
    if (step.direction == Direction::kDown) continue;
    const Id id = view.id(step.revision);
    const std::string name = view.name(step.revision);
    for (const Position p : both.AllNamed(name)) {
      const bool is_applied =
          both.id(p) != id && std::any_of(rows.begin(), rows.end(), [&](Position row) {
            return IsAncestor(both, p, row, Follow::kAll);
          });
      if (!is_applied) continue;
      return Error{Reason::kEditedSinceApplied,
                   fmt::format("revision {} is applied as {}, but is {} here", name,
                               both.id(p).short_hex(), id.short_hex()),
                   {{"name", name}, {"id", id.hex()}, {"applied_id", both.id(p).hex()}}};
    }
  }
  return {};
}

}  // namespace mig
