// Random graphs for property tests, and the plainest possible answers about them.
#pragma once

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "store/core/graph.h"
#include "store/core/reach.h"

namespace mig {

// `most` revisions at most; revision i is called r<i> and stands at position i. Its parents are
// among the `near` before it.
inline Graph RandomGraph(std::mt19937& random, int most, unsigned near = ~0U) {
  auto chance = [&](int percent) { return static_cast<int>(random() % 100) < percent; };
  int count = 1 + static_cast<int>(random() % static_cast<unsigned>(most));
  int merges = static_cast<int>(random() % 60), depends = static_cast<int>(random() % 30);
  std::vector<NodeSpec> specs(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    NodeSpec& spec = specs[static_cast<std::size_t>(i)];
    const auto before = static_cast<unsigned>(i);
    auto parent = [&] {
      return "r" + std::to_string(before - 1 - random() % std::min(before, near));
    };
    spec.node.name = "r" + std::to_string(i);
    spec.node.created = std::string(6 - std::to_string(i).size(), '0') + std::to_string(i);
    if (i > 0 && chance(92)) spec.parents.push_back(parent());
    while (i > 1 && !spec.parents.empty() && chance(merges)) spec.parents.push_back(parent());
    if (i > 0 && chance(depends)) spec.depends.push_back("r" + std::to_string(random() % before));
  }
  return Graph::Build(std::move(specs)).value();
}

// By following edges one by one until nothing new turns up.
inline std::set<Position> SlowAncestors(const Graph& graph, const Positions& from, Follow follow) {
  std::set<Position> seen;
  Positions todo = from;
  while (!todo.empty()) {
    Position p = todo.back();
    todo.pop_back();
    if (!seen.insert(p).second) continue;
    todo.insert(todo.end(), graph.parents(p).begin(), graph.parents(p).end());
    if (follow == Follow::kAll) {
      todo.insert(todo.end(), graph.depends(p).begin(), graph.depends(p).end());
    }
  }
  return seen;
}

inline Positions RandomSet(std::mt19937& random, const Graph& graph, std::size_t most) {
  std::set<Position> set;
  for (std::size_t i = 0; i < most; ++i) set.insert(static_cast<Position>(random() % graph.size()));
  return {set.begin(), set.end()};
}

}  // namespace mig
