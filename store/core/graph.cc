#include "store/core/graph.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <queue>
#include <tuple>

#include "store/core/nearest.h"

namespace mig {
namespace {

constexpr std::size_t kShortestWordWithPrefix = 4;
constexpr std::size_t kShortestIdPrefix = 4;

// The id that starts with these hex digits and goes on with `filler` digits.
std::optional<Id> Padded(std::string_view hex, char filler) {
  if (hex.size() > 64) return std::nullopt;
  std::string digits(hex);
  digits.resize(64, filler);
  return Id::FromHex(digits);
}

}  // namespace

std::optional<Position> Graph::FindName(std::string_view name) const {
  auto found = FindWord(name);
  if (!found || nodes_[*found].name != name) return std::nullopt;
  return found;
}

std::optional<Position> Graph::FindWord(std::string_view word) const {
  auto found = words_.find(word);
  if (found == words_.end()) return std::nullopt;
  return found->second;
}

std::optional<Position> Graph::FindId(const Id& id) const {
  if (id == Id()) return std::nullopt;
  auto found =
      std::lower_bound(by_id_.begin(), by_id_.end(), id,
                       [&](Position p, const Id& wanted) { return nodes_[p].id < wanted; });
  if (found == by_id_.end() || nodes_[*found].id != id) return std::nullopt;
  return *found;
}

std::vector<std::pair<std::string_view, Position>> Graph::WordsWithPrefix(
    std::string_view prefix) const {
  std::vector<std::pair<std::string_view, Position>> matches;
  for (auto it = words_.lower_bound(prefix); it != words_.end(); ++it) {
    if (!it->first.starts_with(prefix)) break;
    if (it->first.size() >= kShortestWordWithPrefix) matches.emplace_back(it->first, it->second);
  }
  return matches;
}

std::vector<Position> Graph::IdsWithPrefix(std::string_view hex) const {
  auto lowest = Padded(hex, '0');
  auto highest = Padded(hex, 'f');
  if (hex.size() < kShortestIdPrefix || !lowest || !highest) return {};
  auto first = std::lower_bound(by_id_.begin(), by_id_.end(), *lowest,
                                [&](Position p, const Id& id) { return nodes_[p].id < id; });
  auto last = std::upper_bound(first, by_id_.end(), *highest,
                               [&](const Id& id, Position p) { return id < nodes_[p].id; });
  return {first, last};
}

std::vector<std::string> Graph::NearMisses(std::string_view word) const {
  constexpr std::size_t kMost = 3;
  std::vector<std::string_view> all;
  std::vector<std::string> holding;
  for (const auto& [candidate, position] : words_) {
    all.push_back(candidate);
    bool holds = word.size() >= kShortestWordWithPrefix && candidate.find(word) != candidate.npos;
    if (holds && holding.size() < kMost) holding.push_back(candidate);
  }
  if (!holding.empty()) return holding;
  std::string_view nearest = Nearest(word, all);
  if (nearest.empty()) return {};
  return {std::string(nearest)};
}

// Links specs: first by their place in the input, then in topological order.
class GraphBuilder {
 public:
  GraphBuilder(std::vector<NodeSpec> specs, Names names)
      : specs_(std::move(specs)), names_(names) {}

  Result<Graph> Build() {
    if (specs_.size() >= std::numeric_limits<Position>::max()) {
      return Error{Reason::kLimitExceeded, "there are more revisions than a graph can hold"};
    }
    TRY(RefuseSelfLoops());
    TRY(AddNames());
    TRY(AddLabels());
    TRY(LinkAll());
    TRY(Sort());
    return Place();
  }

 private:
  using Links = std::vector<std::vector<Position>>;

  Result<void> RefuseSelfLoops() {
    for (const NodeSpec& spec : specs_) {
      const std::string& name = spec.node.name;
      if (std::count(spec.parents.begin(), spec.parents.end(), name) > 0) {
        return Error{Reason::kSelfLoop,
                     "revision " + name + " names itself as its parent",
                     {{"name", name}}};
      }
      if (std::count(spec.depends.begin(), spec.depends.end(), name) > 0) {
        return Error{Reason::kDependencySelfLoop,
                     "revision " + name + " depends on itself",
                     {{"name", name}}};
      }
    }
    return {};
  }

  Result<void> AddNames() {
    for (Position i = 0; i < specs_.size(); ++i) {
      const Node& node = specs_[i].node;
      TRY(AddName(node.name, i));
      for (const std::string& alias : node.aliases) TRY(AddName(alias, i));
      if (node.id != Id()) by_id_.push_back(i);
    }
    auto id_of = [&](Position i) -> const Id& { return specs_[i].node.id; };
    std::stable_sort(by_id_.begin(), by_id_.end(),
                     [&](Position a, Position b) { return id_of(a) < id_of(b); });
    auto twice = std::adjacent_find(by_id_.begin(), by_id_.end(),
                                    [&](Position a, Position b) { return id_of(a) == id_of(b); });
    if (twice != by_id_.end()) {
      return Error{Reason::kDuplicateName,
                   "revision " + specs_[*twice].node.name + " is given twice"};
    }
    return {};
  }

  Result<void> AddName(const std::string& name, Position i) {
    auto [entry, is_new] = words_.emplace(name, i);
    if (!is_new && names_ == Names::kUnique && entry->second != i) {
      return Error{Reason::kDuplicateName, "two revisions are called " + name, {{"name", name}}};
    }
    entry->second = i;
    return {};
  }

  Result<void> AddLabels() {
    for (Position i = 0; i < specs_.size(); ++i) {
      for (const std::string& label : specs_[i].node.labels) {
        auto [entry, is_new] = words_.emplace(label, i);
        if (is_new) continue;
        if (names_ == Names::kVersions) {
          if (specs_[entry->second].node.name != label) entry->second = i;
          continue;
        }
        return Error{Reason::kDuplicateLabel,
                     "label " + label + " of revision " + specs_[i].node.name +
                         " is already used by revision " + specs_[entry->second].node.name,
                     {{"label", label}, {"name", specs_[i].node.name}}};
      }
    }
    return {};
  }

  Result<void> LinkAll() {
    parents_.resize(specs_.size());
    depends_.resize(specs_.size());
    for (Position i = 0; i < specs_.size(); ++i) {
      if (IsShadowed(i)) continue;
      TRY(Link(i, specs_[i].depends, Reason::kMissingDependency, "depends on ", depends_[i]));
    }
    for (Position i = 0; i < specs_.size(); ++i) {
      if (IsShadowed(i)) continue;
      TRY(Link(i, specs_[i].parents, Reason::kMissingParent, "follows ", parents_[i]));
    }
    return {};
  }

  bool IsShadowed(Position i) const {
    return names_ != Names::kVersions && words_.find(specs_[i].node.name)->second != i;
  }

  Result<void> Link(Position i, const std::vector<std::string>& references, Reason missing,
                    std::string_view verb, std::vector<Position>& links) {
    for (const std::string& reference : references) {
      auto found = Find(reference);
      const std::string& name = specs_[i].node.name;
      if (!found) {
        return Error{
            missing,
            "revision " + name + " " + std::string(verb) + reference + ", which is not there",
            {{"name", name}, {"missing", reference}}};
      }
      if (std::find(links.begin(), links.end(), *found) == links.end()) links.push_back(*found);
    }
    return {};
  }

  std::optional<Position> Find(const std::string& reference) const {
    if (auto found = words_.find(reference); found != words_.end()) return found->second;
    auto id = Id::FromHex(reference);
    if (!id) return std::nullopt;
    auto found =
        std::lower_bound(by_id_.begin(), by_id_.end(), *id,
                         [&](Position i, const Id& wanted) { return specs_[i].node.id < wanted; });
    if (found == by_id_.end() || specs_[*found].node.id != *id) return std::nullopt;
    return *found;
  }

  // Kahn's algorithm, the eldest ready revision first; order_ holds places in the input.
  Result<void> Sort() {
    order_ = Sorted({&parents_, &depends_});
    if (order_.size() == specs_.size()) return {};
    if (auto sorted = Sorted({&parents_}); sorted.size() < specs_.size()) {
      return CycleError(Reason::kCycle, "parents form a cycle: ", sorted, {&parents_});
    }
    return CycleError(Reason::kDependencyCycle, "parents and dependencies form a cycle: ", order_,
                      {&parents_, &depends_});
  }

  std::vector<Position> Sorted(const std::vector<const Links*>& kinds) const {
    std::vector<std::size_t> waits_for(specs_.size(), 0);
    Links above(specs_.size());
    for (const Links* links : kinds) {
      for (Position i = 0; i < specs_.size(); ++i) {
        waits_for[i] += (*links)[i].size();
        for (Position below : (*links)[i]) above[below].push_back(i);
      }
    }
    auto younger = [&](Position a, Position b) { return AgeOf(b) < AgeOf(a); };
    std::priority_queue<Position, std::vector<Position>, decltype(younger)> ready(younger);
    for (Position i = 0; i < specs_.size(); ++i) {
      if (waits_for[i] == 0) ready.push(i);
    }
    std::vector<Position> sorted;
    sorted.reserve(specs_.size());
    while (!ready.empty()) {
      sorted.push_back(ready.top());
      ready.pop();
      for (Position i : above[sorted.back()]) {
        if (--waits_for[i] == 0) ready.push(i);
      }
    }
    return sorted;
  }

  std::tuple<std::string_view, std::string_view, const Id&, Position> AgeOf(Position i) const {
    const Node& node = specs_[i].node;
    return {node.created, node.name, node.id, i};
  }

  // Whoever could not be sorted has something below it that could not either: walking down comes
  // round.
  Error CycleError(Reason reason, std::string sentence, const std::vector<Position>& sorted,
                   const std::vector<const Links*>& kinds) const {
    std::vector<bool> stuck(specs_.size(), true);
    for (Position i : sorted) stuck[i] = false;
    auto at = static_cast<Position>(std::find(stuck.begin(), stuck.end(), true) - stuck.begin());
    std::vector<Position> path;
    while (std::find(path.begin(), path.end(), at) == path.end()) {
      path.push_back(at);
      at = StuckBelow(at, stuck, kinds);
    }
    path.erase(path.begin(), std::find(path.begin(), path.end(), at));
    constexpr std::size_t kMostNamed = 20;
    for (std::size_t i = 0; i < std::min(path.size(), kMostNamed); ++i) {
      sentence += specs_[path[i]].node.name + " -> ";
    }
    return Error{reason,
                 sentence + (path.size() > kMostNamed ? "..." : specs_[at].node.name),
                 {{"name", specs_[at].node.name}}};
  }

  static Position StuckBelow(Position i, const std::vector<bool>& stuck,
                             const std::vector<const Links*>& kinds) {
    for (const Links* links : kinds) {
      for (Position below : (*links)[i]) {
        if (stuck[below]) return below;
      }
    }
    std::abort();
  }

  // Renumbers everything from places in the input to positions.
  Graph Place() {
    std::vector<Position> position_of(specs_.size());
    for (Position p = 0; p < order_.size(); ++p) position_of[order_[p]] = p;
    Graph graph;
    graph.nodes_.reserve(specs_.size());
    for (Position i : order_) graph.nodes_.push_back(std::move(specs_[i].node));
    graph.parents_ = Downward(parents_, position_of);
    graph.depends_ = Downward(depends_, position_of);
    graph.children_ = Upward(graph.parents_);
    graph.dependents_ = Upward(graph.depends_);
    for (auto& [word, i] : words_) i = position_of[i];
    graph.words_ = std::move(words_);
    for (Position& i : by_id_) i = position_of[i];
    graph.by_id_ = std::move(by_id_);
    return graph;
  }

  Graph::Edges Downward(const Links& links, const std::vector<Position>& position_of) const {
    Graph::Edges edges;
    edges.offset.reserve(order_.size() + 1);
    for (Position i : order_) {
      for (Position below : links[i]) edges.to.push_back(position_of[below]);
      edges.offset.push_back(static_cast<Position>(edges.to.size()));
    }
    return edges;
  }

  static Graph::Edges Upward(const Graph::Edges& down) {
    auto count = static_cast<Position>(down.offset.size() - 1);
    Graph::Edges up;
    up.offset.assign(count + 1, 0);
    for (Position below : down.to) ++up.offset[below + 1];
    for (Position p = 0; p < count; ++p) up.offset[p + 1] += up.offset[p];
    up.to.resize(down.to.size());
    std::vector<Position> next(up.offset.begin(), up.offset.end() - 1);
    for (Position p = 0; p < count; ++p) {
      for (Position below : down.of(p)) up.to[next[below]++] = p;
    }
    return up;
  }

  std::vector<NodeSpec> specs_;
  const Names names_;
  std::map<std::string, Position, std::less<>> words_;
  std::vector<Position> by_id_;
  Links parents_, depends_;
  std::vector<Position> order_;
};

Result<Graph> Graph::Build(std::vector<NodeSpec> specs, Names names) {
  return GraphBuilder(std::move(specs), names).Build();
}

}  // namespace mig
