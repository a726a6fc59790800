// The words by which revisions are called, sorted: names, labels and aliases.
//
// One word may be said of several revisions (versions of an edited one, revisions of unrelated
// refs); they stand side by side, those that go by it before others last. The texts stay in the
// node table.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "store/core/node_table.h"

namespace mig {

class WordIndex {
 public:
  struct Word {
    Position position;
    std::uint32_t index;  // 0: the name; then the labels, then the aliases, in their order
  };

  // The words of the revisions from `first` on. `order` says which of equal words goes first, by
  // revision counted from `first`; empty: as their positions. A label goes before a name or alias.
  static WordIndex Of(const NodeTable& nodes, Position first,
                      const std::vector<Position>& order = {});

  // Which of equal words win: the old ones, or the added ones.
  enum class Winner { kOld, kAdded };
  // Costs a copy of the array, not a comparison of each word. REQUIRES: both are of `nodes`, or of
  // tables that `nodes` goes on from.
  WordIndex With(const WordIndex& added, const NodeTable& nodes, Winner winner) const;

  std::span<const Word> Exactly(const NodeTable& nodes, std::string_view text) const;
  std::span<const Word> StartingWith(const NodeTable& nodes, std::string_view prefix) const;
  std::span<const Word> all() const { return words_; }

  static std::string_view TextOf(const NodeTable& nodes, Word word);

 private:
  std::vector<Word> words_;
};

}  // namespace mig
