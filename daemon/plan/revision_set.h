// Sets of revisions as Git writes them, and listings of them.
//
// Errors of all: those of Resolver (store/core/expression.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/graph.h"
#include "store/core/reach.h"
#include "store/core/result.h"

namespace mig {

// The words of a view within a graph that has more: what a target has applied, what a ref has. They
// mean what the view means by them, `head` its own head; what the view does not know is looked up
// in the whole graph.
class WordsOfView {
 public:
  // REQUIRES: both outlive it; `graph` has what `view` has.
  WordsOfView(const Graph& view, const Graph& graph) : view_(view), graph_(graph) {}

  // Positions of the whole graph; as Resolver::Many and Resolver::One.
  Result<Positions> Many(std::string_view text) const;
  Result<std::optional<Position>> One(std::string_view text) const;
  // Of the view.
  Positions Heads(Follow follow) const;
  bool Has(std::string_view word) const { return view_.FindWord(word) || graph_.FindWord(word); }
  const Graph& graph() const { return graph_; }

 private:
  Positions InGraph(const Positions& of_view) const;
  // What the view does not know, the graph may.
  bool IsElsewhere(const Error& error) const;

  const Graph& view_;
  const Graph& graph_;
};

// What `upper` reaches and `lower` does not.
struct RevisionSet {
  Positions upper;
  Positions lower;
};

// `B`: what B reaches; `^A`: without what A reaches; `A..B`: both; `A...B`: what either reaches but
// not both. Where a side of `..` is empty, or no word is positive, `heads` is meant; where there is
// no word at all, the whole graph. A word that is an exact name or label is that, whatever dots it
// holds.
Result<RevisionSet> RevisionSetOf(const WordsOfView& view, const std::vector<std::string>& words,
                                  Follow follow);

struct ListingQuery {
  RevisionSet set;
  Follow follow = Follow::kParents;
  std::string grep;                // only whose name or message holds it, ignoring case
  std::vector<std::string> names;  // only these; empty: any
  std::optional<Position> below;   // only smaller positions: where the page before ended
  std::size_t most = 0;
};

struct ListedPage {
  Positions revisions;  // newest first: a revision before everything below it
  bool last = true;
  Marks members;  // of the whole set, unfiltered; empty: what a member follows is one, too
};

// One page. Costs a pass over the positions of the set down to the end of the page, or over all of
// them where something is left out; for all of a graph nothing but the page.
ListedPage PageOf(const Graph& graph, const ListingQuery& query);
// How many all pages have together, `most` aside.
std::size_t CountOf(const Graph& graph, const ListingQuery& query);

}  // namespace mig
