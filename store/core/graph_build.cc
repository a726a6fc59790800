// How a graph is built of revisions that name each other.
#include <algorithm>
#include <cstdlib>
#include <limits>
#include <queue>
#include <tuple>
#include <unordered_map>

#include "store/core/graph.h"

namespace mig {
namespace {

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
  Graph Place() const {
    std::vector<Position> position_of(specs_.size());
    for (Position p = 0; p < order_.size(); ++p) position_of[order_[p]] = p;
    const auto placed = [&](std::vector<Position> links) {
      for (Position& i : links) i = position_of[i];
      return links;
    };
    NodeTable nodes;
    for (Position i : order_)
      nodes.Add(Pack(specs_[i].node), placed(parents_[i]), placed(depends_[i]));
    return Graph::Over(std::move(nodes), position_of);
  }

  std::vector<NodeSpec> specs_;
  const Names names_;
  std::unordered_map<std::string_view, Position> words_;  // of specs_
  std::vector<Position> by_id_;
  Links parents_, depends_;
  std::vector<Position> order_;
};

}  // namespace

Result<Graph> Graph::Build(std::vector<NodeSpec> specs, Names names) {
  return GraphBuilder(std::move(specs), names).Build();
}

}  // namespace mig
