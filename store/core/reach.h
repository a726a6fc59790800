// Questions about who is above and below whom in a graph.
//
// Sets of revisions are sorted vectors of positions without repeats; Marks is the same as one bit a
// revision. Everything is iterative and costs at most a pass over the positions between the highest
// and the lowest revision involved, never their square; ancestry, merge bases and maximal members
// far less: blocks in which nothing is decided are passed by their exits
// (store/core/node_table.h).
#pragma once

#include <functional>
#include <vector>

#include "store/core/graph.h"

namespace mig {

using Positions = std::vector<Position>;
using Marks = std::vector<bool>;  // indexed by position

enum class Follow {
  kParents,  // parents alone: what a branch is made of
  kAll,      // parents and dependencies: what must be applied
};

// `from` and everything below it, resp. above it.
Marks AncestorsOf(const Graph& graph, const Positions& from, Follow follow);
Marks DescendantsOf(const Graph& graph, const Positions& from, Follow follow);
Positions ToPositions(const Marks& marks);

// Is `lower` equal to or below `upper`?
bool IsAncestor(const Graph& graph, Position lower, Position upper, Follow follow);
// Is one of the two an ancestor of the other, or are they equal? Alembic calls it sharing a
// lineage.
bool SharesLineage(const Graph& graph, Position a, Position b, Follow follow);

// The members that are nobody's ancestor within the set, resp. nobody's descendant.
Positions MaximalOf(const Graph& graph, const Positions& set, Follow follow);
Positions MinimalOf(const Graph& graph, const Positions& set, Follow follow);

// Heads: nothing follows them. By kParents a revision that another one merely depends on is still a
// head.
Positions HeadsOf(const Graph& graph, Follow follow);
// Bases: without parents (kParents), and without dependencies too (kAll).
Positions BasesOf(const Graph& graph, Follow follow);
// Revisions with several children, resp. with several parents.
Positions BranchPointsOf(const Graph& graph);
Positions MergePointsOf(const Graph& graph);

// All best common ancestors of a and b: common ancestors that are below no other common ancestor.
// Several for a criss-cross, none for unrelated histories. The answer of `git merge-base --all`,
// which follows parents. Flags are painted downward from the higher position and stop when only
// stale ones remain, as in Git's commit-reach.c.
Positions MergeBasesOf(const Graph& graph, Position a, Position b,
                       Follow follow = Follow::kParents);

// The best common ancestors of all of them: `git merge-base --all --octopus`.
Positions OctopusBasesOf(const Graph& graph, const Positions& tips,
                         Follow follow = Follow::kParents);

// The revisions that are in `upper` or below it, but neither in `lower` nor below it: `git rev-list
// lower..upper`, oldest first.
Positions Between(const Graph& graph, const Positions& lower, const Positions& upper,
                  Follow follow);
// The same, newest first, until `visit` returns false; what is below that is not walked over.
void VisitBetween(const Graph& graph, const Positions& lower, const Positions& upper, Follow follow,
                  const std::function<bool(Position)>& visit);

// The set with parents and dependencies before what follows them, else the older (`created`, as
// text), the smaller name, the smaller id first: an order that depends on these revisions alone,
// and not on where and when they became known.
Positions OldestFirst(const Graph& graph, const Positions& set);

}  // namespace mig
