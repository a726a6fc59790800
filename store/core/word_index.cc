#include "store/core/word_index.h"

#include <algorithm>
#include <utility>

#include "store/core/merge_sorted.h"

namespace mig {
namespace {

std::uint64_t EightBytes(std::string_view text) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    number = number << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
  }
  return number;
}

// Words in the order they came in, and whether that is their order by text: often it is, since
// names start with times.
class Words {
 public:
  using Word = WordIndex::Word;

  void Reserve(std::size_t count) { words_.reserve(count); }

  void Add(std::string_view text, Word word) {
    sorted_ = sorted_ && last_ <= text;
    last_ = text;
    words_.push_back(word);
  }

  // The last of equal words stays the last.
  std::vector<Word> Sorted(const NodeTable& nodes) && {
    if (!sorted_) Sort(nodes);
    return std::move(words_);
  }

 private:
  // A word with its first sixteen bytes as two numbers, so that sorting a million of them rarely
  // looks at their texts.
  struct Key {
    std::uint64_t first, second;
    Word word;
    std::size_t order;
  };

  void Sort(const NodeTable& nodes) {
    std::vector<Key> keys;
    keys.reserve(words_.size());
    for (const Word word : words_) {
      const std::string_view text = WordIndex::TextOf(nodes, word);
      const std::string_view rest = text.size() > 8 ? text.substr(8) : std::string_view();
      keys.push_back({EightBytes(text), EightBytes(rest), word, keys.size()});
    }
    std::sort(keys.begin(), keys.end(), [&](const Key& a, const Key& b) {
      if (a.first != b.first) return a.first < b.first;
      if (a.second != b.second) return a.second < b.second;
      const int texts = WordIndex::TextOf(nodes, a.word).compare(WordIndex::TextOf(nodes, b.word));
      return texts != 0 ? texts < 0 : a.order < b.order;
    });
    std::transform(keys.begin(), keys.end(), words_.begin(),
                   [](const Key& key) { return key.word; });
  }

  std::vector<Word> words_;
  bool sorted_ = true;
  std::string_view last_;
};

bool Before(const NodeTable& nodes, WordIndex::Word a, WordIndex::Word b) {
  return WordIndex::TextOf(nodes, a) < WordIndex::TextOf(nodes, b);
}

}  // namespace

std::string_view WordIndex::TextOf(const NodeTable& nodes, Word word) {
  return PackedWord(nodes.packed(word.position), word.index);
}

WordIndex WordIndex::Of(const NodeTable& nodes, Position first,
                        const std::vector<Position>& order) {
  Words labels, others;
  others.Reserve(nodes.size() - first);
  for (Position i = 0; i < nodes.size() - first; ++i) {
    const Position p = first + (order.empty() ? i : order[i]);
    const PackedWords words = PackedWordsOf(nodes.packed(p));
    std::uint32_t index = 0;
    others.Add(words.name, {p, index});
    for (const std::string_view label : words.labels) labels.Add(label, {p, ++index});
    for (const std::string_view alias : words.aliases) others.Add(alias, {p, ++index});
  }
  WordIndex index;
  const auto before = [&](Word a, Word b) { return Before(nodes, a, b); };
  index.words_ =
      MergeSorted(std::move(others).Sorted(nodes), std::move(labels).Sorted(nodes), before, false);
  return index;
}

WordIndex WordIndex::With(const WordIndex& added, const NodeTable& nodes, Winner winner) const {
  const auto before = [&](Word a, Word b) { return Before(nodes, a, b); };
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
