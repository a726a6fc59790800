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

// Which of two words comes first: as strcmp.
int Compare(const NodeTable& nodes, const SortKey& a, const SortKey& b) {
  if (a.first != b.first) return a.first < b.first ? -1 : 1;
  if (a.second != b.second) return a.second < b.second ? -1 : 1;
  return WordIndex::TextOf(nodes, a.word).compare(WordIndex::TextOf(nodes, b.word));
}

struct Keys {
  std::vector<SortKey> labels, others;

  static void Add(std::string_view text, WordIndex::Word word, std::vector<SortKey>& keys) {
    const std::string_view rest = text.size() > 8 ? text.substr(8) : std::string_view();
    keys.push_back(
        {EightBytes(text), EightBytes(rest), word, static_cast<std::uint32_t>(keys.size())});
  }
};

Keys KeysOf(const NodeTable& nodes, Position first, const std::vector<Position>& order) {
  Keys keys;
  keys.others.reserve(nodes.size() - first);
  for (Position i = 0; i < nodes.size() - first; ++i) {
    const Position p = first + (order.empty() ? i : order[i]);
    const PackedWords words = PackedWordsOf(nodes.packed(p));
    std::uint32_t index = 0;
    Keys::Add(words.name, {p, index}, keys.others);
    for (const std::string_view label : words.labels) Keys::Add(label, {p, ++index}, keys.labels);
    for (const std::string_view alias : words.aliases) Keys::Add(alias, {p, ++index}, keys.others);
  }
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
  Keys keys = KeysOf(nodes, first, order);
  // The last of equal words wins.
  const auto before = [&nodes](const SortKey& a, const SortKey& b) {
    const int texts = Compare(nodes, a, b);
    return texts != 0 ? texts < 0 : a.order < b.order;
  };
  for (auto* sorted : {&keys.labels, &keys.others}) {  // often they are: names start with times
    if (!std::is_sorted(sorted->begin(), sorted->end(), before))
      std::sort(sorted->begin(), sorted->end(), before);
  }
  WordIndex index;
  index.words_.reserve(keys.labels.size() + keys.others.size());
  auto label = keys.labels.begin();
  for (const SortKey& other : keys.others) {
    for (; label != keys.labels.end() && Compare(nodes, *label, other) <= 0; ++label)
      index.words_.push_back(label->word);
    index.words_.push_back(other.word);
  }
  for (; label != keys.labels.end(); ++label) index.words_.push_back(label->word);
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
