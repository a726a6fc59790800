// Plans: which revisions run, in which order, to bring a target from its rows to where a person
// wants it.
//
// Pure set algebra on the graph. The applied set is what is in the rows or below them, by parents
// and dependencies; after every step the rows are exactly its maximal elements. Steps are in
// the order of OldestFirst (upward) or its reverse (downward). What each
// expression means where, is Alembic's: docs/alembic-differences.md.
//
// Errors of all: those of Resolver (store/core/expression.h), and what each function lists.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/core/expression.h"
#include "store/core/graph.h"

namespace mig {

enum class Direction { kUp, kDown };

struct Step {
  Direction direction;
  Position revision;
  Positions rows_removed;  // from mig_version, with this step
  Positions rows_added;
};

struct Plan {
  Positions start;  // the rows before the first step, reduced to maximal elements
  std::vector<Step> steps;
  Positions final;  // the rows after the last step
};

// ancestors(target) - applied. At or below current, and `base`: a plan without steps.
// Errors: kRangeNotAllowed, kOverlap (rows that are ancestors of each other, or such targets),
// kAmbiguousCurrent, kRelativeTooFar.
Result<Plan> PlanUpgrade(const Graph& graph, const Current& current, std::string_view target);

// The children of the target and all that descends from them or depends on them leave the applied
// set. Errors: kRangeNotAllowed, kNotAncestor (nothing to undo and not there),
// kInvalidDowngradeTarget, kAmbiguousCurrent, kRelativeTooFar.
Result<Plan> PlanDowngrade(const Graph& graph, const Current& current, std::string_view target);

// No steps: `final` differs from `start`. With `purge` the rows there are, known or not, are
// forgotten first. Errors: kOverlap (targets that exclude each other).
Result<Plan> PlanStamp(const Graph& graph, const Current& current,
                       const std::vector<std::string>& targets, bool purge);

// Plans of offline scripts, which know no rows: FROM:TO, upward with FROM left out meaning `base`.
// Errors: kRangeRequired (downward, and for a stamp that leaves nothing in force); for stamp,
// several different FROM are kRangeNotAllowed.
Result<Plan> PlanOfflineUpgrade(const Graph& graph, std::string_view range);
Result<Plan> PlanOfflineDowngrade(const Graph& graph, std::string_view range);
Result<Plan> PlanOfflineStamp(const Graph& graph, const std::vector<std::string>& targets);

// What is no row of any target that `plan` fits, in whatever branches that is besides: what the
// plan applies, takes back, or makes a row, and all above that, but for the rows it starts from.
Positions RowsExcludedBy(const Graph& graph, const Plan& plan);

// kEditedSinceApplied when a step upward would run a name that is applied under another id. `both`
// is the graph of the view and the target; `rows` are the target's there.
Result<void> RefuseEdited(const Graph& view, const Plan& plan, const Graph& both,
                          const Positions& rows);

}  // namespace mig
