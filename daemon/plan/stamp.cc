// PlanStamp: what a target is said to be, without running anything.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "daemon/plan/goal.h"
#include "daemon/plan/plan.h"

namespace mig {
namespace {

using End = Resolver::Walked::End;
using Destination = std::optional<Position>;  // nullopt: base

// Rows that share a lineage, dependencies included, with what any target names: the only ones stamp
// may touch.
Result<Positions> TouchedRows(const Graph& graph, const Positions& rows,
                              const std::vector<std::string>& targets) {
  Positions touched;
  for (const std::string& target : targets) {
    for (Position p : TRY(Resolver(graph).InLineage(rows, target, Follow::kAll))) {
      if (std::find(touched.begin(), touched.end(), p) == touched.end()) touched.push_back(p);
    }
  }
  return touched;
}

// `-N` has a meaning here only while nothing is applied: N below the heads.
Result<std::vector<Destination>> BelowHeads(const Resolver& resolver, const Expression& e) {
  std::vector<Destination> found;
  for (const auto& walked : TRY(resolver.BelowHeads(e))) {
    if (walked.end == End::kBase) {
      return Error{Reason::kRelativeTooFar, fmt::format("'{}' leads below a base", e.text)};
    }
    found.push_back(walked.end == End::kRevision ? Destination(walked.revision) : std::nullopt);
  }
  return found;
}

Result<std::vector<Destination>> DestinationsOf(const Graph& graph,
                                                const std::vector<std::string>& targets) {
  Resolver resolver(graph);
  std::vector<Destination> found;
  for (const std::string& target : targets) {
    Expression e = TRY(ParseExpression(graph, target));
    if (Resolver::IsBelowHeads(e)) {
      auto below = TRY(BelowHeads(resolver, e));
      found.insert(found.end(), below.begin(), below.end());
    } else {
      for (Position p : TRY(resolver.Many(e))) found.emplace_back(p);
    }
  }
  if (found.empty()) found.emplace_back(std::nullopt);
  return found;
}

Error Excluding(const Graph& graph, Destination destination) {
  return Error{Reason::kOverlap, fmt::format("{} and the other targets exclude each other",
                                             destination ? graph.name(*destination) : "base")};
}

// Applies destinations one after the other to rows, each judged against the touched rows as they
// were at the start.
class Stamper {
 public:
  Stamper(const Graph& graph, Positions rows, Positions touched)
      : graph_(graph), rows_(std::move(rows)), touched_(std::move(touched)) {}

  Result<void> Stamp(Destination destination) {
    if (!destination) return MoveTouched(destination);
    if (Has(touched_, *destination)) return {};
    bool is_above = Meets(AncestorsOf(graph_, {*destination}, Follow::kAll));
    bool is_below = Meets(DescendantsOf(graph_, {*destination}, Follow::kAll));
    if (is_above && is_below) return Excluding(graph_, destination);
    if (is_below) return MoveTouched(destination);
    if (is_above && AllStillThere()) return MoveTouched(destination);
    return Add(*destination);
  }

  const Positions& rows() const { return rows_; }

 private:
  static bool Has(const Positions& set, Position p) {
    return std::find(set.begin(), set.end(), p) != set.end();
  }

  bool Meets(const Marks& marks) const {
    return std::any_of(touched_.begin(), touched_.end(), [&](Position p) { return marks[p]; });
  }

  bool AllStillThere() const {
    return std::all_of(touched_.begin(), touched_.end(), [&](Position p) { return Has(rows_, p); });
  }

  Result<void> MoveTouched(Destination destination) {
    if (!AllStillThere()) return Excluding(graph_, destination);
    std::erase_if(rows_, [&](Position p) { return Has(touched_, p); });
    return destination ? Add(*destination) : Result<void>();
  }

  Result<void> Add(Position p) {
    if (Has(rows_, p)) return Excluding(graph_, p);
    rows_.push_back(p);
    return {};
  }

  const Graph& graph_;
  Positions rows_;
  const Positions touched_;
};

}  // namespace

Result<Plan> PlanStamp(const Graph& graph, const Current& current,
                       const std::vector<std::string>& targets, bool purge) {
  Positions rows;
  if (!purge) rows = TRY(KnownRows(current));
  Positions touched = TRY(TouchedRows(graph, rows, targets));
  auto destinations = TRY(DestinationsOf(graph, targets));
  Stamper stamper(graph, rows, touched);
  for (Destination destination : destinations) TRY(stamper.Stamp(destination));
  Plan plan;
  plan.start = MaximalOf(graph, rows, Follow::kAll);
  plan.final = MaximalOf(graph, stamper.rows(), Follow::kAll);
  return plan;
}

}  // namespace mig
