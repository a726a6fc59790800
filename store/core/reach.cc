#include "store/core/reach.h"

#include <algorithm>
#include <cstdint>
#include <queue>
#include <unordered_map>
#include <utility>

namespace mig {
namespace {

template <typename Visit>
void ForEachBelow(const Graph& graph, Position p, Follow follow, Visit visit) {
  for (Position below : graph.parents(p)) visit(below);
  if (follow == Follow::kParents) return;
  for (Position below : graph.depends(p)) visit(below);
}

template <typename Visit>
void ForEachAbove(const Graph& graph, Position p, Follow follow, Visit visit) {
  for (Position above : graph.children(p)) visit(above);
  if (follow == Follow::kParents) return;
  for (Position above : graph.dependents(p)) visit(above);
}

bool HasBelow(const Graph& graph, Position p, Follow follow) {
  return !graph.parents(p).empty() || (follow == Follow::kAll && !graph.depends(p).empty());
}

bool HasAbove(const Graph& graph, Position p, Follow follow) {
  return !graph.children(p).empty() || (follow == Follow::kAll && !graph.dependents(p).empty());
}

template <typename Wanted>
Positions Where(const Graph& graph, Wanted wanted) {
  Positions found;
  for (Position p = 0; p < graph.size(); ++p) {
    if (wanted(p)) found.push_back(p);
  }
  return found;
}

// Flags painted from chosen revisions downward, the highest position first, so that a revision's
// flags are complete when it is taken. Costs only what is painted, not the whole graph. A stale
// revision is one whose answer is known already, and that of all below it: once nothing else waits,
// the question is answered.
class Painter {
 public:
  using Flags = std::uint8_t;
  static constexpr Flags kStale = 1;

  Painter(const Graph& graph, Follow follow) : graph_(graph), follow_(follow) {}

  void Paint(Position p, Flags flags) {
    auto [entry, is_new] = flags_.emplace(p, Flags{0});
    bool was_fresh = !is_new && !(entry->second & kStale);
    entry->second |= flags;
    bool is_fresh = !(entry->second & kStale);
    if (is_new) waiting_.push(p);
    fresh_ += static_cast<std::size_t>(is_fresh) - static_cast<std::size_t>(was_fresh);
  }

  void PaintBelow(Position p, Flags flags) {
    ForEachBelow(graph_, p, follow_, [&](Position below) { Paint(below, flags); });
  }

  bool HasFresh() const { return fresh_ > 0; }
  Position highest() const { return waiting_.top(); }

  // Takes the highest waiting revision, with its flags. REQUIRES: HasFresh().
  std::pair<Position, Flags> Take() {
    Position p = waiting_.top();
    waiting_.pop();
    Flags flags = flags_.at(p);
    if (!(flags & kStale)) --fresh_;
    return {p, flags};
  }

 private:
  const Graph& graph_;
  const Follow follow_;
  std::unordered_map<Position, Flags> flags_;
  std::priority_queue<Position> waiting_;
  std::size_t fresh_ = 0;
};

}  // namespace

Marks AncestorsOf(const Graph& graph, const Positions& from, Follow follow) {
  Marks marks(graph.size(), false);
  if (from.empty()) return marks;
  for (Position p : from) marks[p] = true;
  for (Position p = *std::max_element(from.begin(), from.end()) + 1; p-- > 0;) {
    if (marks[p]) ForEachBelow(graph, p, follow, [&](Position below) { marks[below] = true; });
  }
  return marks;
}

Marks DescendantsOf(const Graph& graph, const Positions& from, Follow follow) {
  Marks marks(graph.size(), false);
  if (from.empty()) return marks;
  for (Position p : from) marks[p] = true;
  for (Position p = *std::min_element(from.begin(), from.end()); p < graph.size(); ++p) {
    if (marks[p]) ForEachAbove(graph, p, follow, [&](Position above) { marks[above] = true; });
  }
  return marks;
}

Positions ToPositions(const Marks& marks) {
  Positions positions;
  for (Position p = 0; p < marks.size(); ++p) {
    if (marks[p]) positions.push_back(p);
  }
  return positions;
}

bool IsAncestor(const Graph& graph, Position lower, Position upper, Follow follow) {
  Painter painter(graph, follow);
  painter.Paint(upper, 0);
  while (painter.HasFresh() && painter.highest() >= lower) {
    Position p = painter.Take().first;
    if (p == lower) return true;
    painter.PaintBelow(p, 0);
  }
  return false;
}

bool SharesLineage(const Graph& graph, Position a, Position b, Follow follow) {
  return IsAncestor(graph, std::min(a, b), std::max(a, b), follow);
}

Positions MaximalOf(const Graph& graph, const Positions& set, Follow follow) {
  Painter painter(graph, follow);
  for (Position p : set) painter.Paint(p, 0);
  Positions maximal;
  while (painter.HasFresh()) {
    auto [p, flags] = painter.Take();
    if (!(flags & Painter::kStale)) maximal.push_back(p);
    painter.PaintBelow(p, Painter::kStale);
  }
  std::reverse(maximal.begin(), maximal.end());
  return maximal;
}

Positions MinimalOf(const Graph& graph, const Positions& set, Follow follow) {
  Marks above(graph.size(), false);
  Marks member(graph.size(), false);
  for (Position p : set) member[p] = true;
  Positions minimal;
  for (Position p = 0; p < graph.size(); ++p) {
    if (member[p] && !above[p]) minimal.push_back(p);
    if (!member[p] && !above[p]) continue;
    ForEachAbove(graph, p, follow, [&](Position child) { above[child] = true; });
  }
  return minimal;
}

Positions HeadsOf(const Graph& graph, Follow follow) {
  return Where(graph, [&](Position p) { return !HasAbove(graph, p, follow); });
}

Positions BasesOf(const Graph& graph, Follow follow) {
  return Where(graph, [&](Position p) { return !HasBelow(graph, p, follow); });
}

Positions BranchPointsOf(const Graph& graph) {
  return Where(graph, [&](Position p) { return graph.children(p).size() > 1; });
}

Positions MergePointsOf(const Graph& graph) {
  return Where(graph, [&](Position p) { return graph.parents(p).size() > 1; });
}

Positions MergeBasesOf(const Graph& graph, Position a, Position b, Follow follow) {
  constexpr Painter::Flags kA = 2, kB = 4, kBoth = kA | kB;
  Painter painter(graph, follow);
  painter.Paint(a, kA);
  painter.Paint(b, kB);
  Positions bases;
  while (painter.HasFresh()) {
    auto [p, flags] = painter.Take();
    if (flags == kBoth) bases.push_back(p);
    painter.PaintBelow(p, (flags & kBoth) == kBoth ? kBoth | Painter::kStale : flags);
  }
  std::reverse(bases.begin(), bases.end());
  return bases;
}

std::size_t CountBetween(const Graph& graph, const Positions& lower, const Positions& upper,
                         Follow follow) {
  Painter painter(graph, follow);
  for (Position p : upper) painter.Paint(p, 0);
  for (Position p : lower) painter.Paint(p, Painter::kStale);
  std::size_t count = 0;
  while (painter.HasFresh()) {
    auto [p, flags] = painter.Take();
    if (!(flags & Painter::kStale)) ++count;
    painter.PaintBelow(p, flags);
  }
  return count;
}

}  // namespace mig
