// The revisions of a graph as they lie in memory: what is known of each, packed, and its edges
// downward, flat.
//
// They lie in blocks, and each block knows where it leads: a walk passes it in a few steps where
// nothing in it matters. A table only grows, and what is in it never changes: a copy shares all
// blocks, so it costs a pointer for each few hundred revisions, and adding to the copy does not
// disturb the original.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/id.h"

namespace mig {

// A revision's place in a graph: parents and dependencies have a smaller one than what follows
// them.
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

// A node as bytes: its id, then each text with its length before it (LEB128), the lists with their
// number of texts before them.
std::string Pack(const Node& node);
// Whether these bytes are a packed node, from end to end.
bool IsPacked(std::string_view bytes);

// REQUIRES of all: a packed node. The views are of its bytes.
Node Unpack(std::string_view packed);
Id PackedId(std::string_view packed);
std::string_view PackedName(std::string_view packed);
std::string_view PackedCreated(std::string_view packed);
// The name, then the labels, then the aliases, in their order. REQUIRES: there are so many.
std::string_view PackedWord(std::string_view packed, std::size_t index);

// All of them at once.
struct PackedWords {
  std::string_view name;
  std::vector<std::string_view> labels, aliases;
};
PackedWords PackedWordsOf(std::string_view packed);

class NodeTable {
 public:
  // The positions from a multiple of kBlock up to the next one.
  static constexpr Position kBlock = 512;
  class Block;
  class Exits;

  NodeTable() = default;
  NodeTable(const NodeTable& other) : blocks_(other.blocks_), size_(other.size_) {}
  NodeTable(NodeTable&&) = default;
  NodeTable& operator=(NodeTable&&) = default;

  // REQUIRES: `packed` is; the edges lead to smaller positions; nobody copied this table before: to
  // go on from what is shared, copy it and add to the copy.
  void Add(std::string_view packed, std::span<const Position> parents,
           std::span<const Position> depends);

  Position size() const { return size_; }
  // The one that `p` is in.
  const Block& block(Position p) const { return *blocks_[p / kBlock]; }
  inline std::string_view packed(Position p) const;
  inline std::span<const Position> parents(Position p) const;
  inline std::span<const Position> depends(Position p) const;

 private:
  Block& LastBlock();

  std::vector<std::shared_ptr<Block>> blocks_;
  Position size_ = 0;
  bool last_is_own_ = false;  // no other table has the last block
};

// Which positions below its block each revision leads to, however many steps that takes. They are
// few, unless dozens of branches go on side by side: then it is not known.
class NodeTable::Exits {
 public:
  using Set = std::uint64_t;

  bool are_known() const { return to_.size() <= kMost; }

  // Those that `p` leads to. REQUIRES: they are known, and the block has `p`.
  Set of(Position p) const { return of_[p % kBlock]; }

  template <typename Visit>
  void ForEach(Set set, Visit visit) const {
    for (; set != 0; set &= set - 1) visit(to_[static_cast<std::size_t>(std::countr_zero(set))]);
  }

  // Room for all revisions of a block.
  void Reserve() { of_.reserve(kBlock); }
  // For the next revision of the block, `p`.
  void Add(Position p, std::span<const Position> parents, std::span<const Position> depends);

 private:
  static constexpr std::size_t kMost = 64;

  Set With(Position to);

  std::vector<Position> to_;  // one more than kMost: there were more
  std::vector<Set> of_;       // by row; bit i stands for to_[i]
};

// REQUIRES of all that take a position: the block has it.
class NodeTable::Block {
 public:
  std::string_view packed(Position p) const { return text_.of(p % kBlock); }
  std::span<const Position> parents(Position p) const { return parents_.of(p % kBlock); }
  std::span<const Position> depends(Position p) const { return depends_.of(p % kBlock); }

  // Along parents alone, resp. along parents and dependencies.
  const Exits& exits_by_parents() const { return exits_by_parents_; }
  const Exits& exits_by_all() const { return exits_by_all_; }

 private:
  friend class NodeTable;

  // Rows of different lengths, one after the other in one array.
  struct Text {
    std::string bytes;
    std::vector<std::uint32_t> ends;
    std::string_view of(Position row) const {
      const std::uint32_t begin = row == 0 ? 0 : ends[row - 1];
      return std::string_view(bytes).substr(begin, ends[row] - begin);
    }
  };
  struct Edges {
    std::vector<Position> to;
    std::vector<std::uint32_t> ends;
    std::span<const Position> of(Position row) const {
      const std::uint32_t begin = row == 0 ? 0 : ends[row - 1];
      return {to.data() + begin, to.data() + ends[row]};
    }
    void Add(std::span<const Position> row);
  };

  void Reserve(std::size_t text_bytes);

  Text text_;
  Edges parents_, depends_;
  Exits exits_by_parents_, exits_by_all_;
};

std::string_view NodeTable::packed(Position p) const { return block(p).packed(p); }
std::span<const Position> NodeTable::parents(Position p) const { return block(p).parents(p); }
std::span<const Position> NodeTable::depends(Position p) const { return block(p).depends(p); }

}  // namespace mig
