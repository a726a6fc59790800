// The revision graph: which revision follows which, as one immutable value.
//
// A revision is a node; its position is its index in topological order, so parents and dependencies
// always have a smaller position than what follows them, and "walk downward by position" needs no
// generation numbers. Among revisions that nothing orders, the older one (`created`, as text) comes
// first, then the smaller name: equal inputs give equal positions.
//
// Two kinds of edge: a parent is the revision that this one follows; a dependency must merely be
// applied before it. Children and dependents are the same edges read upward. No edge appears twice.
//
// A Graph never changes once built, so threads may share it without locks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/core/id.h"
#include "store/core/result.h"

namespace mig {

using Position = std::uint32_t;

// What is known of one revision besides its edges.
struct Node {
  std::string name = {};  // unique in the graph
  Id id = {};             // all zero where identity does not matter (tests, recorded cases)
  std::string created = {};
  std::string message = {};
  std::vector<std::string> labels = {};   // unique in the graph, and nobody's name or alias
  std::vector<std::string> aliases = {};  // other exact names of it, e.g. the id it had in Alembic
};

// One revision as its file states it, before it is linked. A reference is a name, an alias or 64
// hex digits of an id; a dependency may be a label too, which stands for the revision that declares
// it.
struct NodeSpec {
  Node node = {};
  std::vector<std::string> parents = {};
  std::vector<std::string> depends = {};
};

// May two revisions have one name? With kShadowed, as Alembic has it, the one given last takes the
// name, and the other stands alone: without edges, and found by its labels and its id only. With
// kVersions they are versions of one revision, as a file and what was applied before its edit: each
// has its edges, given as ids, and names and labels stand for the one given last.
enum class Names { kUnique, kShadowed, kVersions };

class Graph {
 public:
  Graph() = default;  // without revisions

  // Links revisions given in any order.
  // Errors: kDuplicateName, kDuplicateLabel, kMissingParent, kMissingDependency, kSelfLoop,
  // kDependencySelfLoop, kCycle (along parents alone), kDependencyCycle (along parents and
  // dependencies), kLimitExceeded.
  static Result<Graph> Build(std::vector<NodeSpec> specs, Names names = Names::kUnique);

  Position size() const { return static_cast<Position>(nodes_.size()); }
  const Node& node(Position p) const { return nodes_[p]; }
  const std::string& name(Position p) const { return nodes_[p].name; }

  std::span<const Position> parents(Position p) const { return parents_.of(p); }
  std::span<const Position> depends(Position p) const { return depends_.of(p); }
  std::span<const Position> children(Position p) const { return children_.of(p); }
  std::span<const Position> dependents(Position p) const { return dependents_.of(p); }

  // Exact look-ups. FindWord takes a name, an alias or a label; a label stands for the revision
  // that declares it.
  std::optional<Position> FindName(std::string_view name) const;
  std::optional<Position> FindWord(std::string_view word) const;
  std::optional<Position> FindId(const Id& id) const;

  // Every name, alias and label that starts with `prefix` and is longer than three characters, with
  // whom it stands for, in byte order. A revision appears once for each of its words that match.
  std::vector<std::pair<std::string_view, Position>> WordsWithPrefix(std::string_view prefix) const;

  // Revisions whose id starts with these hex digits. REQUIRES: at least 4 digits; fewer match
  // nothing.
  std::vector<Position> IdsWithPrefix(std::string_view hex) const;

  // Up to three words that `word` may have been meant to be: those that hold it (people remember
  // the end of a name), else the nearest by spelling.
  std::vector<std::string> NearMisses(std::string_view word) const;

 private:
  // Adjacency in two flat arrays: the neighbours of p are to[offset[p]] .. to[offset[p + 1]].
  struct Edges {
    std::vector<Position> offset = {0};
    std::vector<Position> to;
    std::span<const Position> of(Position p) const {
      return {to.data() + offset[p], to.data() + offset[p + 1]};
    }
  };
  friend class GraphBuilder;

  std::vector<Node> nodes_;
  Edges parents_, depends_, children_, dependents_;
  std::map<std::string, Position, std::less<>> words_;
  std::vector<Position> by_id_;  // positions sorted by id; revisions without one are left out
};

}  // namespace mig
