#include "store/core/graph.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <iterator>
#include <numeric>

#include "store/core/merge_sorted.h"
#include "store/core/nearest.h"

namespace mig {
namespace {

constexpr std::size_t kShortestWordWithPrefix = 4;
constexpr std::size_t kShortestIdPrefix = 4;
// Distances by spelling are costly: beyond so many words only those with the same start are asked.
constexpr std::size_t kMostCompared = 20000;

// The id that starts with these hex digits and goes on with `filler` digits.
std::optional<Id> Padded(std::string_view hex, char filler) {
  if (hex.size() > 64) return std::nullopt;
  std::string digits(hex);
  digits.resize(64, filler);
  return Id::FromHex(digits);
}

}  // namespace

Graph::Graph() : Graph(Over({})) {}

Graph Graph::Over(NodeTable nodes, const std::vector<Position>& order) {
  auto all = Derived(std::move(nodes));
  all->words = WordIndex::Of(all->nodes, 0, order);
  all->by_id = SortedById(all->nodes, 0);
  return Graph(std::move(all), nullptr);
}

Graph Graph::ExtendedTo(NodeTable nodes, Winner winner) const {
  const Position first = size();
  auto all = Derived(std::move(nodes));
  all->words = all_->words.With(WordIndex::Of(all->nodes, first), all->nodes, winner);
  const auto before = [&](Position a, Position b) {
    return PackedId(all->nodes.packed(a)) < PackedId(all->nodes.packed(b));
  };
  all->by_id = MergeSorted(all_->by_id, SortedById(all->nodes, first), before, true);
  if (!members_) return Graph(std::move(all), nullptr);
  std::vector<bool> marks = members_->marks;
  marks.resize(all->nodes.size(), true);
  auto part = PartOf(all->nodes, std::move(marks));
  return Graph(std::move(all), std::move(part));
}

Graph Graph::Reaching(const std::vector<Position>& tips) const {
  std::vector<bool> marks(size(), false);
  for (const Position p : tips) marks[p] = true;
  const std::vector<Position>& tops = heads_by_all();
  if (std::all_of(tops.begin(), tops.end(), [&](Position p) { return marks[p]; })) return *this;
  for (Position p = tips.empty() ? 0 : *std::max_element(tips.begin(), tips.end()) + 1; p-- > 0;) {
    if (!marks[p]) continue;
    for (const Position below : parents(p)) marks[below] = true;
    for (const Position below : depends(p)) marks[below] = true;
  }
  return Graph(all_, PartOf(nodes(), std::move(marks)));
}

std::vector<Id> Graph::ids(std::span<const Position> positions) const {
  std::vector<Id> ids;
  for (const Position p : positions) ids.push_back(id(p));
  return ids;
}

std::vector<std::string> Graph::names(std::span<const Position> positions) const {
  std::vector<std::string> names;
  for (const Position p : positions) names.push_back(name(p));
  return names;
}

std::shared_ptr<Graph::All> Graph::Derived(NodeTable nodes) {
  auto all = std::make_shared<All>();
  all->nodes = std::move(nodes);
  const NodeTable& table = all->nodes;
  all->children = Reversed(table, [&](Position p) { return table.parents(p); });
  all->dependents = Reversed(table, [&](Position p) { return table.depends(p); });
  for (Position p = 0; p < table.size(); ++p) {
    if (!all->children.of(p).empty()) continue;
    all->heads.by_parents.push_back(p);
    if (all->dependents.of(p).empty()) all->heads.by_all.push_back(p);
  }
  return all;
}

template <typename EdgesOf>
Graph::Upward Graph::Reversed(const NodeTable& nodes, EdgesOf edges_of) {
  Upward up;
  up.offset.assign(nodes.size() + 1, 0);
  for (Position p = 0; p < nodes.size(); ++p) {
    for (const Position below : edges_of(p)) ++up.offset[below];
  }
  std::partial_sum(up.offset.begin(), up.offset.end(), up.offset.begin());
  if (up.offset.back() == 0) return {};
  up.to.resize(up.offset.back());
  // Filled from the ends, which so become the beginnings.
  for (Position p = nodes.size(); p-- > 0;) {
    for (const Position below : edges_of(p)) up.to[--up.offset[below]] = p;
  }
  return up;
}

std::vector<Position> Graph::SortedById(const NodeTable& nodes, Position first) {
  // The first four bytes of an id, which nearly always decide, and its position.
  std::vector<std::uint64_t> keys;
  keys.reserve(nodes.size() - first);
  for (Position p = first; p < nodes.size(); ++p) {
    const std::string_view packed = nodes.packed(p);
    const auto byte = [&](std::size_t i) {
      return std::uint64_t{static_cast<unsigned char>(packed[i])};
    };
    const std::uint64_t start = byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
    if (start != 0 || PackedId(packed) != Id()) keys.push_back(start << 32 | p);
  }
  const auto position_of = [](std::uint64_t key) { return static_cast<Position>(key); };
  const auto before = [&](std::uint64_t a, std::uint64_t b) {
    if (a >> 32 != b >> 32) return a < b;
    return std::pair(PackedId(nodes.packed(position_of(a))), a) <
           std::pair(PackedId(nodes.packed(position_of(b))), b);
  };
  // Ids are hashes: their first bits put a few of them into each bucket.
  const int bits = std::clamp(static_cast<int>(std::bit_width(keys.size())) - 3, 1, 20);
  std::vector<std::uint32_t> ends((std::size_t{1} << bits) + 1, 0);
  for (const std::uint64_t key : keys) ++ends[(key >> (64 - bits)) + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<std::uint64_t> in_buckets(keys.size());
  for (const std::uint64_t key : keys) in_buckets[ends[key >> (64 - bits)]++] = key;
  auto begin = in_buckets.begin();
  for (std::size_t bucket = 0; bucket + 1 < ends.size(); ++bucket) {
    const auto end = in_buckets.begin() + static_cast<std::ptrdiff_t>(ends[bucket]);
    std::sort(begin, end, before);
    begin = end;
  }
  std::vector<Position> sorted(in_buckets.size());
  std::transform(in_buckets.begin(), in_buckets.end(), sorted.begin(), position_of);
  return sorted;
}

std::shared_ptr<const Graph::Part> Graph::PartOf(const NodeTable& nodes, std::vector<bool> marks) {
  auto part = std::make_shared<Part>();
  std::vector<bool> has_child(marks.size()), has_dependent(marks.size());
  for (Position p = static_cast<Position>(marks.size()); p-- > 0;) {
    if (!marks[p]) continue;
    ++part->count;
    for (const Position below : nodes.parents(p)) has_child[below] = true;
    for (const Position below : nodes.depends(p)) has_dependent[below] = true;
    if (has_child[p]) continue;
    part->heads.by_parents.push_back(p);
    if (!has_dependent[p]) part->heads.by_all.push_back(p);
  }
  std::reverse(part->heads.by_parents.begin(), part->heads.by_parents.end());
  std::reverse(part->heads.by_all.begin(), part->heads.by_all.end());
  part->marks = std::move(marks);
  return part;
}

std::vector<Position> Graph::Members(std::span<const Position> positions) const {
  std::vector<Position> members;
  std::copy_if(positions.begin(), positions.end(), std::back_inserter(members),
               [&](Position p) { return Has(p); });
  return members;
}

std::optional<Position> Graph::Winning(std::span<const WordIndex::Word> words) const {
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    if (Has(word->position)) return word->position;
  }
  return std::nullopt;
}

std::optional<Position> Graph::FindName(std::string_view name) const {
  auto found = FindWord(name);
  if (!found || PackedName(nodes().packed(*found)) != name) return std::nullopt;
  return found;
}

std::optional<Position> Graph::FindWord(std::string_view word) const {
  return Winning(all_->words.Exactly(nodes(), word));
}

std::vector<Position> Graph::AllNamed(std::string_view name) const {
  std::vector<Position> named;
  for (const WordIndex::Word word : all_->words.Exactly(nodes(), name)) {
    if (word.index == 0 && Has(word.position)) named.push_back(word.position);
  }
  return named;
}

std::optional<Position> Graph::FindId(const Id& wanted) const {
  if (wanted == Id()) return std::nullopt;
  auto found = std::lower_bound(all_->by_id.begin(), all_->by_id.end(), wanted,
                                [&](Position p, const Id& sought) { return id(p) < sought; });
  for (; found != all_->by_id.end() && id(*found) == wanted; ++found) {
    if (Has(*found)) return *found;
  }
  return std::nullopt;
}

std::vector<std::pair<std::string_view, Position>> Graph::WordsWithPrefix(
    std::string_view prefix) const {
  std::vector<std::pair<std::string_view, Position>> matches;
  for (const WordIndex::Word word : all_->words.StartingWith(nodes(), prefix)) {
    const std::string_view text = WordIndex::TextOf(nodes(), word);
    if (!Has(word.position) || text.size() < kShortestWordWithPrefix) continue;
    if (!matches.empty() && matches.back().first == text) matches.pop_back();
    matches.emplace_back(text, word.position);
  }
  return matches;
}

std::vector<Position> Graph::IdsWithPrefix(std::string_view hex) const {
  auto lowest = Padded(hex, '0');
  auto highest = Padded(hex, 'f');
  if (hex.size() < kShortestIdPrefix || !lowest || !highest) return {};
  auto first = std::lower_bound(all_->by_id.begin(), all_->by_id.end(), *lowest,
                                [&](Position p, const Id& sought) { return id(p) < sought; });
  auto last = std::upper_bound(first, all_->by_id.end(), *highest,
                               [&](const Id& sought, Position p) { return sought < id(p); });
  return Members({first, last});
}

std::vector<std::string> Graph::NearMisses(std::string_view word) const {
  constexpr std::size_t kMost = 3;
  std::vector<std::string> holding;
  std::vector<std::string_view> compared;
  for (const WordIndex::Word candidate : all_->words.all()) {
    if (!Has(candidate.position)) continue;
    const std::string_view text = WordIndex::TextOf(nodes(), candidate);
    const bool alike = count() <= kMostCompared ||
                       (compared.size() < kMostCompared && text.substr(0, 3) == word.substr(0, 3));
    if (alike) compared.push_back(text);
    bool holds = word.size() >= kShortestWordWithPrefix && text.find(word) != text.npos;
    if (holds && holding.size() < kMost) holding.emplace_back(text);
  }
  if (!holding.empty()) return holding;
  std::string_view nearest = Nearest(word, compared);
  if (nearest.empty()) return {};
  return {std::string(nearest)};
}

}  // namespace mig
