#include "daemon/plan/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "daemon/plan/goal.h"

namespace mig {
namespace {

using End = Resolver::Walked::End;

// One side of a range: the rows, or an expression.
struct Side {
  std::string_view text;
  bool is_rows = false;
};

struct Sides {
  Side lower, upper;
};

Result<Sides> SidesOf(const Current& current, std::optional<std::string_view> range) {
  std::string_view lower, upper;
  if (range) {
    std::size_t colon = range->find(':');
    if (colon == range->npos || range->find(':', colon + 1) != range->npos) {
      return Error{Reason::kHistoryRangeSyntax, fmt::format("'{}' is no range", *range)};
    }
    lower = range->substr(0, colon);
    upper = range->substr(colon + 1);
  }
  bool nothing_applied = current.rows.empty() && current.unknown.empty();
  Sides sides{{lower.empty() ? "base" : lower}, {upper.empty() ? "heads" : upper}};
  if (upper == "current") {
    sides.upper = {nothing_applied ? "heads" : "current", !nothing_applied};
  } else if (lower == "current") {
    sides.lower = {nothing_applied ? "base" : "current", !nothing_applied};
  }
  return sides;
}

bool ClimbsFromLower(const Expression& e) {
  return e.kind == Expression::Kind::kNothing && e.relative && *e.relative > 0;
}

// What a relative END starts from.
Result<Current> StartOfClimb(const Graph& graph, const Current& current, const Side& lower,
                             const Expression& upper) {
  if (lower.is_rows) return current;
  Expression e = TRY(ParseExpression(graph, lower.text));
  if (!upper.branch.empty()) {
    Positions starts = TRY(Resolver(graph).Many(e));
    return Current{starts};
  }
  auto start = TRY(Resolver(graph).One(e));
  return start ? Current{{*start}} : Current{};
}

Result<Positions> UpperEnds(const Graph& graph, const Current& current, const Sides& sides) {
  if (sides.upper.is_rows) return KnownRows(current);
  Expression e = TRY(ParseExpression(graph, sides.upper.text));
  Current start;
  if (ClimbsFromLower(e)) start = TRY(StartOfClimb(graph, current, sides.lower, e));
  return UpgradeGoals(graph, start, e, true);
}

// From BRANCH@... only heads that carry the label are looked at. A BRANCH given as a revision means
// its one label.
Result<Positions> KeepLabelled(const Graph& graph, Positions ends, const Side& lower) {
  if (lower.is_rows || lower.text.find('@') == lower.text.npos) return ends;
  std::string branch(lower.text.substr(0, lower.text.find('@')));
  Expression e = TRY(ParseExpression(graph, branch));
  auto revision = TRY(Resolver(graph).One(e));
  if (revision && graph.name(*revision) == branch) {
    auto labels = LabelsAt(graph, *revision);
    if (labels.size() != 1) {
      return Error{
          Reason::kNoSuchBranch,
          fmt::format("revision {} stands for no branch: it has {} labels", branch, labels.size())};
    }
    branch = labels[0];
  }
  std::erase_if(ends, [&](Position p) {
    auto labels = LabelsAt(graph, p);
    return std::find(labels.begin(), labels.end(), branch) == labels.end();
  });
  return ends;
}

Result<std::vector<Resolver::Walked>> LowerEnds(const Graph& graph, const Current& current,
                                                const Side& lower) {
  Resolver resolver(graph);
  Positions ends;
  if (lower.is_rows) {
    ends = TRY(KnownRows(current));
  } else {
    Expression e = TRY(ParseExpression(graph, lower.text));
    if (Resolver::IsBelowHeads(e)) return resolver.BelowHeads(e);
    ends = TRY(resolver.Many(e));
  }
  std::vector<Resolver::Walked> walked;
  for (Position p : ends) walked.push_back({End::kRevision, p});
  return walked;
}

// START is `-N` and passes the base below some head: then it is counted from END, and ends at the
// base at the latest.
Result<Positions> LowerFromUpper(const Graph& graph, const Current& current, const Sides& sides) {
  Current ends = current;
  if (!sides.upper.is_rows) {
    Expression upper = TRY(ParseExpression(graph, sides.upper.text));
    auto end = TRY(Resolver(graph).One(upper));
    if (!end || upper.kind != Expression::Kind::kWord || !upper.branch.empty()) {
      const Reason reason =
          upper.branch.empty() ? Reason::kNoSuchBranch : Reason::kNoSuchRevision;  // as Alembic
      return Error{reason, fmt::format("'{}' cannot be counted from '{}'", sides.lower.text,
                                       sides.upper.text)};
    }
    ends = Current{{*end}};
  }
  Expression lower = TRY(ParseExpression(graph, sides.lower.text));
  DowngradeGoal goal = TRY(DowngradeGoalOf(graph, ends, lower, true));
  return goal.target ? Positions{*goal.target} : Positions{};
}

Error NotAncestor(const Sides& sides) {
  return Error{Reason::kNotAncestor,
               fmt::format("{} is not an ancestor of {}", sides.lower.text, sides.upper.text)};
}

// The revisions START stands for; none for `base`. `required` is everything at or below END.
Result<Positions> Starts(const Graph& graph, const Current& current, const Sides& sides,
                         const Marks& required) {
  auto ends = TRY(LowerEnds(graph, current, sides.lower));
  Positions starts;
  bool passes_base = !ends.empty() && ends[0].end == End::kBeyond;
  for (const auto& end : ends) {
    if (end.end == End::kBeyond) continue;
    if (end.end == End::kBase || !required[end.revision]) return NotAncestor(sides);
    starts.push_back(end.revision);
  }
  if (passes_base) return LowerFromUpper(graph, current, sides);
  if (starts.size() == ends.size()) return starts;
  return Error{Reason::kRelativeTooFar, fmt::format("'{}' passes the base", sides.lower.text)};
}

}  // namespace

Result<Positions> HistoryRange(const Graph& graph, const Current& current,
                               std::optional<std::string_view> range) {
  Sides sides = TRY(SidesOf(current, range));
  Positions uppers = TRY(UpperEnds(graph, current, sides));
  uppers = TRY(KeepLabelled(graph, std::move(uppers), sides.lower));
  TRY(RefuseOverlap(graph, uppers));
  Marks required = AncestorsOf(graph, uppers, Follow::kAll);
  Positions starts = TRY(Starts(graph, current, sides, required));
  TRY(RefuseOverlap(graph, starts));
  Marks hidden = AncestorsOf(graph, starts, Follow::kAll);
  for (Position p : starts) hidden[p] = false;
  Marks above = DescendantsOf(graph, starts, Follow::kParents);
  for (Position p : starts) required[p] = true;
  Positions shown;
  for (Position p : ToPositions(required)) {
    if (!hidden[p] && (starts.empty() || above[p])) shown.push_back(p);
  }
  std::reverse(shown.begin(), shown.end());
  return shown;
}

Result<Positions> ShowSelection(const Graph& graph, const Current& current, std::string_view text) {
  if (text == "current") return KnownRows(current);
  return Resolver(graph).Many(text);
}

std::vector<BranchPoint> BranchPoints(const Graph& graph) {
  std::vector<BranchPoint> points;
  Positions found = BranchPointsOf(graph);
  for (auto p = found.rbegin(); p != found.rend(); ++p) {
    auto children = graph.children(*p);
    points.push_back({*p, {children.begin(), children.end()}});
  }
  return points;
}

Result<std::vector<CurrentTip>> CurrentTips(const Graph& graph, const Current& current) {
  Positions rows = TRY(KnownRows(current));
  Positions tips = AppliedTips(graph, rows);
  std::vector<CurrentTip> answer;
  for (auto p = tips.rbegin(); p != tips.rend(); ++p) {
    answer.push_back({*p, std::find(rows.begin(), rows.end(), *p) != rows.end()});
  }
  return answer;
}

}  // namespace mig
