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
// A graph may leave out revisions that its table holds: then it is the part that some tips reach,
// and positions have gaps. Everything but size(), packed() and Has() speaks of its members alone.
//
// A Graph never changes once built, so threads may share it without locks; copies share everything.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/core/id.h"
#include "store/core/node_table.h"
#include "store/core/result.h"
#include "store/core/word_index.h"

namespace mig {

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

// Which of equal words win when a graph is extended: those of its own revisions, or the added ones.
using Winner = WordIndex::Winner;

class Graph {
 public:
  Graph();  // without revisions

  // Links revisions given in any order.
  // Errors: kDuplicateName, kDuplicateLabel, kMissingParent, kMissingDependency, kSelfLoop,
  // kDependencySelfLoop, kCycle (along parents alone), kDependencyCycle (along parents and
  // dependencies), kLimitExceeded.
  static Result<Graph> Build(std::vector<NodeSpec> specs, Names names = Names::kUnique);

  // The revisions of a table, all of them. Where words are equal, the highest position goes by
  // them; `order` (positions, those that lose first) says otherwise.
  static Graph Over(NodeTable nodes, const std::vector<Position>& order = {});

  // This graph and what its table was extended by, which are members all. Costs copies of the
  // sorted arrays, but neither sorts nor compares what was there. REQUIRES: `nodes` starts with
  // this graph's table, and what it adds follows members, or what is added.
  Graph ExtendedTo(NodeTable nodes, Winner winner) const;

  // The part of this graph that is in `tips` or below them, by parents and dependencies; a copy of
  // this graph where that is all of it.
  Graph Reaching(const std::vector<Position>& tips) const;

  // Whether the other is a copy of this graph: then all that is derived from one holds for both.
  bool IsSame(const Graph& other) const { return all_ == other.all_ && members_ == other.members_; }

  // The end of the positions; members are counted by count().
  Position size() const { return all_->nodes.size(); }
  Position count() const { return members_ ? members_->count : size(); }
  bool Has(Position p) const { return !members_ || (p < size() && members_->marks[p]); }

  const NodeTable& nodes() const { return all_->nodes; }
  Node node(Position p) const { return Unpack(all_->nodes.packed(p)); }
  Id id(Position p) const { return PackedId(all_->nodes.packed(p)); }
  std::string name(Position p) const { return std::string(PackedName(all_->nodes.packed(p))); }
  std::vector<Id> ids(std::span<const Position> positions) const;
  std::vector<std::string> names(std::span<const Position> positions) const;

  std::span<const Position> parents(Position p) const { return all_->nodes.parents(p); }
  std::span<const Position> depends(Position p) const { return all_->nodes.depends(p); }
  std::vector<Position> children(Position p) const { return Members(all_->children.of(p)); }
  std::vector<Position> dependents(Position p) const { return Members(all_->dependents.of(p)); }

  // Those without children, resp. without children and dependents.
  const std::vector<Position>& heads_by_parents() const { return heads().by_parents; }
  const std::vector<Position>& heads_by_all() const { return heads().by_all; }

  // Exact look-ups. FindWord takes a name, an alias or a label; a label stands for the revision
  // that declares it.
  std::optional<Position> FindName(std::string_view name) const;
  std::optional<Position> FindWord(std::string_view word) const;
  std::optional<Position> FindId(const Id& id) const;
  // Every revision of this name, those that go by it last.
  std::vector<Position> AllNamed(std::string_view name) const;

  // Every name, alias and label that starts with `prefix` and is longer than three characters, with
  // whom it stands for, in byte order. A revision appears once for each of its words that match.
  std::vector<std::pair<std::string_view, Position>> WordsWithPrefix(std::string_view prefix) const;

  // Revisions whose id starts with these hex digits. REQUIRES: at least 4 digits; fewer match
  // nothing.
  std::vector<Position> IdsWithPrefix(std::string_view hex) const;

  // Up to three words that `word` may have been meant to be: those that hold it (people remember
  // the end of a name), else the nearest by spelling. In a large graph not every word is compared.
  std::vector<std::string> NearMisses(std::string_view word) const;

 private:
  // Edges read upward: what stands directly on p is to[offset[p]] .. to[offset[p + 1]].
  struct Upward {
    std::vector<Position> offset;
    std::vector<Position> to;
    std::span<const Position> of(Position p) const {
      if (to.empty()) return {};
      return {to.data() + offset[p], to.data() + offset[p + 1]};
    }
  };
  struct Heads {
    std::vector<Position> by_parents, by_all;
  };
  // What is known of all revisions of the table.
  struct All {
    NodeTable nodes;
    Upward children, dependents;
    WordIndex words;
    std::vector<Position> by_id;  // sorted by id; revisions without one are left out
    Heads heads;
  };
  struct Part {
    std::vector<bool> marks;
    Position count = 0;
    Heads heads;
  };

  Graph(std::shared_ptr<const All> all, std::shared_ptr<const Part> members)
      : all_(std::move(all)), members_(std::move(members)) {}

  static std::shared_ptr<All> Derived(NodeTable nodes);
  template <typename EdgesOf>
  static Upward Reversed(const NodeTable& nodes, EdgesOf edges_of);
  static std::vector<Position> SortedById(const NodeTable& nodes, Position first);
  static std::shared_ptr<const Part> PartOf(const NodeTable& nodes, std::vector<bool> marks);

  const Heads& heads() const { return members_ ? members_->heads : all_->heads; }
  std::vector<Position> Members(std::span<const Position> positions) const;
  std::optional<Position> Winning(std::span<const WordIndex::Word> words) const;

  std::shared_ptr<const All> all_;
  std::shared_ptr<const Part> members_;  // null: all of them
};

}  // namespace mig
