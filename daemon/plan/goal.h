// Goals: the revisions that an expression of `upgrade`, `downgrade` or a history range aims at,
// given where a target is.
//
// Relative forms start from the rows here; absolute ones are left to the Resolver
// (store/core/expression.h), whose errors these functions have too.
#pragma once

#include <optional>
#include <string>

#include "store/core/expression.h"
#include "store/core/graph.h"

namespace mig {

// What `upgrade` is to bring in. `+N` climbs from the only row, `BRANCH@+N` from the row in BRANCH,
// or else from the applied tip of it, or else from its base. With `clamp` a climb ends at the last
// revision instead of failing. Errors: kAmbiguousCurrent, kRelativeTooFar.
Result<Positions> UpgradeGoals(const Graph& graph, const Current& current,
                               const Expression& expression, bool clamp = false);

struct DowngradeGoal {
  std::optional<Position> target;  // what stays; nullopt: `base`
  std::string branch;              // which of several ways up from there is meant; empty: all
};

// Where `downgrade` is to stop. `-N` descends from the only row, `BRANCH@-N` from the row, or the
// applied tip, in BRANCH. Errors: kAmbiguousCurrent, kRelativeTooFar.
Result<DowngradeGoal> DowngradeGoalOf(const Graph& graph, const Current& current,
                                      const Expression& expression, bool clamp = false);

// kOverlap where one of these is an ancestor of another.
Result<void> RefuseOverlap(const Graph& graph, const Positions& revisions);

// The rows, and the tips of other branches that they reach through dependencies: applied revisions
// without an applied child.
Positions AppliedTips(const Graph& graph, const Positions& rows);

}  // namespace mig
