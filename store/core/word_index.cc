#include "store/core/word_index.h"

#include <algorithm>

#include "store/core/merge_sorted.h"

namespace mig {
namespace {

// A word with its first sixteen bytes as two numbers, so that sorting a million of them rarely
// looks at their texts.
struct SortKey {
  std::uint64_t first, second;
  WordIndex::Word word;
  std::uint32_t order;
};

std::uint64_t EightBytes(std::string_view text) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    number = number << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
  }
  return number;
}

SortKey KeyOf(std::string_view text, WordIndex::Word word, std::size_t order) {
  const std::string_view rest = text.size() > 8 ? text.substr(8) : std::string_view();
  return {EightBytes(text), EightBytes(rest), word, static_cast<std::uint32_t>(order)};
}

// Lower ones first: of equal words the last one wins.
std::vector<SortKey> KeysOf(const NodeTable& nodes, Position first,
                            const std::vector<Position>& order) {
  std::vector<SortKey> keys;
  keys.reserve(nodes.size() - first);
  const auto each = [&](auto visit) {
    for (Position i = 0; i < nodes.size() - first; ++i)
      visit(first + (order.empty() ? i : order[i]));
  };
  const auto add = [&](std::string_view text, WordIndex::Word word) {
    keys.push_back(KeyOf(text, word, keys.size()));
  };
  each([&](Position p) {
    std::uint32_t index = 0;
    for (const std::string_view label : PackedLabels(nodes.packed(p))) add(label, {p, ++index});
  });
  each([&](Position p) {
    const std::string_view packed = nodes.packed(p);
    add(PackedName(packed), {p, 0});
    auto index = static_cast<std::uint32_t>(PackedLabels(packed).size());
    for (const std::string_view alias : PackedAliases(packed)) add(alias, {p, ++index});
  });
  return keys;
}

}  // namespace

std::string_view WordIndex::TextOf(const NodeTable& nodes, Word word) {
  const std::string_view packed = nodes.packed(word.position);
  if (word.index == 0) return PackedName(packed);
  const auto labels = PackedLabels(packed);
  const std::size_t index = word.index - 1;
  return index < labels.size() ? labels[index] : PackedAliases(packed)[index - labels.size()];
}

WordIndex WordIndex::Of(const NodeTable& nodes, Position first,
                        const std::vector<Position>& order) {
  std::vector<SortKey> keys = KeysOf(nodes, first, order);
  const auto before = [&nodes](const SortKey& a, const SortKey& b) {
    if (a.first != b.first) return a.first < b.first;
    if (a.second != b.second) return a.second < b.second;
    const int texts = TextOf(nodes, a.word).compare(TextOf(nodes, b.word));
    return texts != 0 ? texts < 0 : a.order < b.order;
  };
  if (!std::is_sorted(keys.begin(), keys.end(), before)) {
    std::sort(keys.begin(), keys.end(), before);
  }
  WordIndex index;
  index.words_.reserve(keys.size());
  for (const SortKey& key : keys) index.words_.push_back(key.word);
  return index;
}

WordIndex WordIndex::With(const WordIndex& added, const NodeTable& nodes, Winner winner) const {
  const auto before = [&](Word a, Word b) { return TextOf(nodes, a) < TextOf(nodes, b); };
  WordIndex index;
  index.words_ = MergeSorted(words_, added.words_, before, winner == Winner::kAdded);
  return index;
}

std::span<const WordIndex::Word> WordIndex::Exactly(const NodeTable& nodes,
                                                    std::string_view text) const {
  const auto begin = std::lower_bound(
      words_.begin(), words_.end(), text,
      [&](Word word, std::string_view wanted) { return TextOf(nodes, word) < wanted; });
  auto end = begin;
  while (end != words_.end() && TextOf(nodes, *end) == text) ++end;
  return {begin, end};
}

std::span<const WordIndex::Word> WordIndex::StartingWith(const NodeTable& nodes,
                                                         std::string_view prefix) const {
  const auto head = [&](Word word) { return TextOf(nodes, word).substr(0, prefix.size()); };
  const auto begin =
      std::lower_bound(words_.begin(), words_.end(), prefix,
                       [&](Word word, std::string_view wanted) { return head(word) < wanted; });
  const auto end =
      std::upper_bound(begin, words_.end(), prefix,
                       [&](std::string_view wanted, Word word) { return wanted < head(word); });
  return {begin, end};
}

}  // namespace mig
