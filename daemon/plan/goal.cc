#include "daemon/plan/goal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace mig {
namespace {

using End = Resolver::Walked::End;

Error TooFar(const Expression& e, std::string_view why) {
  return Error{Reason::kRelativeTooFar, fmt::format("'{}' leads nowhere: {}", e.text, why)};
}

Error SeveralRows(const Expression& e, std::size_t count) {
  return Error{Reason::kAmbiguousCurrent,
               fmt::format("'{}' has {} current revisions to start from", e.text, count)};
}

// "REV" of "BRANCH@REV-2"; `branch` says whether the lineage of BRANCH is asked for.
Expression StartOf(const Expression& e, std::string branch) {
  Expression start;
  start.kind = e.kind;
  start.text = e.symbol;
  start.symbol = e.symbol;
  start.branch = std::move(branch);
  return start;
}

// Does a younger ancestor along parents have the dependency of `p` on `below` already? Then Alembic
// forgets this one.
bool IsRedundantDependency(const Graph& graph, Position p, Position below) {
  auto others = graph.dependents(below);
  return std::any_of(others.begin(), others.end(), [&](Position other) {
    return other != p && IsAncestor(graph, other, p, Follow::kParents);
  });
}

// The members of a branch's applied part that no other member stands on.
Positions TipsOf(const Graph& graph, const Positions& members) {
  Marks stood_on(graph.size(), false);
  for (Position p : members) {
    for (Position below : graph.parents(p)) stood_on[below] = true;
    for (Position below : graph.depends(p)) {
      if (!stood_on[below] && !IsRedundantDependency(graph, p, below)) stood_on[below] = true;
    }
  }
  Positions tips;
  std::copy_if(members.begin(), members.end(), std::back_inserter(tips),
               [&](Position p) { return !stood_on[p]; });
  return tips;
}

// The rows of a branch; where it has none, the applied tips of it; where nothing of it is applied,
// none.
Result<Positions> StartsInBranch(const Graph& graph, const Current& current,
                                 const std::string& branch) {
  Resolver resolver(graph);
  Positions rows = TRY(KnownRows(current));
  Positions starts = TRY(resolver.InLineage(rows, branch));
  if (!starts.empty()) return starts;
  Positions applied = ToPositions(AncestorsOf(graph, rows, Follow::kAll));
  Positions members = TRY(resolver.InLineage(applied, branch));
  return TipsOf(graph, members);
}

Result<std::optional<Position>> ClimbStart(const Graph& graph, const Current& current,
                                           const Expression& e) {
  std::size_t count = current.rows.size() + current.unknown.size();
  if (e.branch.empty() && count > 1) return SeveralRows(e, count);
  Positions starts;
  if (e.branch.empty()) {
    starts = TRY(KnownRows(current));
  } else {
    starts = TRY(StartsInBranch(graph, current, e.branch));
  }
  if (starts.size() > 1) return SeveralRows(e, starts.size());
  return starts.empty() ? std::nullopt : std::optional(starts[0]);
}

// From where BRANCH@-N descends.
Result<Position> DescentStart(const Graph& graph, const Current& current, const Expression& e) {
  Resolver resolver(graph);
  Positions rows = TRY(KnownRows(current));
  Positions starts = TRY(resolver.InLineage(rows, e.branch));
  if (starts.empty()) starts = TRY(resolver.InLineage(AppliedTips(graph, rows), e.branch));
  if (starts.empty()) return TooFar(e, "nothing of that branch is applied");
  if (starts.size() > 1) return SeveralRows(e, starts.size());
  Expression start = StartOf(e, e.branch);
  start.kind = Expression::Kind::kWord;
  start.symbol = graph.name(starts[0]);
  auto found = TRY(resolver.One(start));
  return *found;
}

Result<DowngradeGoal> Descend(const Graph& graph, const Expression& e,
                              std::optional<Position> start, std::string branch, bool clamp) {
  auto walked = TRY(Resolver(graph).Walk(start, *e.relative, {}, clamp));
  if (walked.end == End::kBeyond) return TooFar(e, "it passes the base");
  DowngradeGoal goal;
  goal.branch = std::move(branch);
  if (walked.end == End::kRevision) goal.target = walked.revision;
  return goal;
}

Result<DowngradeGoal> DescendFromRows(const Graph& graph, const Current& current,
                                      const Expression& e, bool clamp) {
  if (!e.branch.empty()) {
    Position start = TRY(DescentStart(graph, current, e));
    return Descend(graph, e, start, e.branch, clamp);
  }
  std::size_t count = current.rows.size() + current.unknown.size();
  if (count == 0) return TooFar(e, "nothing is applied");
  if (count > 1) return SeveralRows(e, count);
  Positions rows = TRY(KnownRows(current));
  return Descend(graph, e, rows[0], graph.name(rows[0]), clamp);
}

// REV+N, and REV-0.
Result<DowngradeGoal> ClimbForDowngrade(const Graph& graph, const Expression& e, bool clamp) {
  if (e.kind == Expression::Kind::kNothing) return TooFar(e, "a downgrade goes down");
  Resolver resolver(graph);
  auto start = TRY(resolver.One(StartOf(e, {})));
  auto walked = TRY(resolver.Walk(start, *e.relative, e.branch, clamp));
  if (walked.end != End::kRevision) return TooFar(e, "there are not so many revisions above");
  return DowngradeGoal{walked.revision, e.branch};
}

}  // namespace

Result<Positions> UpgradeGoals(const Graph& graph, const Current& current, const Expression& e,
                               bool clamp) {
  Resolver resolver(graph);
  if (!e.relative) return resolver.Many(e);
  bool up = *e.relative > 0;
  bool from_rows = e.kind == Expression::Kind::kNothing;
  if (from_rows && !up) return TooFar(e, "an upgrade goes up");
  std::optional<Position> start;
  if (from_rows) {
    start = TRY(ClimbStart(graph, current, e));
  } else {
    start = TRY(resolver.One(StartOf(e, up ? "" : e.branch)));
  }
  auto walked = TRY(resolver.Walk(start, *e.relative, up ? e.branch : "", clamp));
  if (walked.end != End::kRevision) return TooFar(e, "there are not so many revisions");
  return Positions{walked.revision};
}

Result<DowngradeGoal> DowngradeGoalOf(const Graph& graph, const Current& current,
                                      const Expression& e, bool clamp) {
  Resolver resolver(graph);
  if (!e.relative) {
    auto target = TRY(resolver.One(StartOf(e, {})));
    return DowngradeGoal{target, e.branch};
  }
  if (*e.relative >= 0) return ClimbForDowngrade(graph, e, clamp);
  if (e.kind == Expression::Kind::kNothing) return DescendFromRows(graph, current, e, clamp);
  auto start = TRY(resolver.One(StartOf(e, e.branch)));
  return Descend(graph, e, start, e.branch, clamp);
}

Result<void> RefuseOverlap(const Graph& graph, const Positions& revisions) {
  if (revisions.size() < 2) return {};
  Positions tops = MaximalOf(graph, revisions, Follow::kAll);
  for (Position p : revisions) {
    if (std::binary_search(tops.begin(), tops.end(), p)) continue;
    return Error{Reason::kOverlap,
                 fmt::format("revision {} is an ancestor of another one of {}", graph.name(p),
                             fmt::join(graph.names(revisions), ", ")),
                 {{"name", graph.name(p)}}};
  }
  return {};
}

Positions AppliedTips(const Graph& graph, const Positions& rows) {
  Positions tips = ToPositions(AncestorsOf(graph, rows, Follow::kAll));
  Marks continued(graph.size(), false);
  for (Position p : tips) {
    for (Position parent : graph.parents(p)) continued[parent] = true;
  }
  std::erase_if(tips, [&](Position p) { return continued[p]; });
  return tips;
}

}  // namespace mig
