// What people look at: history ranges, heads, branch points, current and show.
//
// Errors of all: those of Resolver (store/core/expression.h), and what each function lists.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "store/core/expression.h"
#include "store/core/graph.h"

namespace mig {

// Newest first: a revision before everything below it. `range` is [START]:[END], either side
// possibly `current` or relative; nullopt is all. START itself is included; from a START only what
// descends from it by parent links is shown. Errors: kHistoryRangeSyntax, kNotAncestor, kOverlap,
// kAmbiguousCurrent.
Result<Positions> HistoryRange(const Graph& graph, const Current& current,
                               std::optional<std::string_view> range);

// The revisions `show` prints for an expression; `current` stands for the rows.
Result<Positions> ShowSelection(const Graph& graph, const Current& current, std::string_view text);

struct BranchPoint {
  Position revision;
  Positions children;
};
// Newest first.
std::vector<BranchPoint> BranchPoints(const Graph& graph);

struct CurrentTip {
  Position revision;
  bool is_row;  // else it is implied: the tip of another branch that a row reaches through a
                // dependency
};
// The rows and the implied tips, newest first. Errors: kUnknownApplied.
Result<std::vector<CurrentTip>> CurrentTips(const Graph& graph, const Current& current);

}  // namespace mig
