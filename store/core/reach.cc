#include "store/core/reach.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <queue>
#include <string_view>
#include <tuple>
#include <utility>

namespace mig {
namespace {

template <typename Visit>
void ForEachBelow(const Graph& graph, Position p, Follow follow, Visit visit) {
  for (Position below : graph.parents(p)) visit(below);
  if (follow == Follow::kParents) return;
  for (Position below : graph.depends(p)) visit(below);
}

bool HasBelow(const Graph& graph, Position p, Follow follow) {
  return !graph.parents(p).empty() || (follow == Follow::kAll && !graph.depends(p).empty());
}

template <typename Wanted>
Positions Where(const Graph& graph, Wanted wanted) {
  Positions found;
  for (Position p = 0; p < graph.size(); ++p) {
    if (graph.Has(p) && wanted(p)) found.push_back(p);
  }
  return found;
}

// Flags painted from chosen revisions downward, the highest position first, so that a revision's
// flags are complete when it is taken. One byte for each position up to the highest, of which only
// those walked over are touched. A stale revision is one whose answer is known already, and that of
// all below it: once nothing fresh waits, the question is answered.
class Painter {
 public:
  // Unlike unsigned char it aliases nothing, so that members stay in registers.
  using Flags = char8_t;
  static constexpr Flags kStale = 1, kReached = 0x80;

  Painter(const Graph& graph, Follow follow, Position highest)
      : nodes_(graph.nodes()),
        follow_(follow),
        flags_(static_cast<Flags*>(std::calloc(highest / kBlock + 1, kBlock)), &std::free),
        at_(highest + 1) {
    if (flags_ == nullptr) std::abort();
  }

  // REQUIRES: `p` is no higher than the highest, and nothing was taken.
  void Start(Position p, Flags flags) { Paint(p, flags | kReached); }

  // Takes everything down to `end`, the highest first, while something fresh waits: `take` is told
  // a position and its flags, and returns those to paint below it with, all of them and perhaps
  // more, or nothing to stop. Blocks that do not matter are passed without taking what is in them:
  // `matters` is told the flags of what is fresh in one, reached from above it or started in it.
  //
  // Revisions that nothing reached are painted below like the others, without flags: to leave them
  // out would be a branch that the processor guesses wrong time and again.
  template <typename Matters, typename Take>
  void Walk(Position end, Matters matters, Take take) {
    while (fresh_ > 0 && at_ > end) {
      const Position begin = (at_ - 1) / kBlock * kBlock;
      const NodeTable::Block& block = nodes_.block(begin);
      if (begin >= end && ExitsOf(block).are_known() && !matters(FreshFrom(begin))) {
        Pass(begin, ExitsOf(block));
        continue;
      }
      for (const Position last = std::max(begin, end); at_ > last && fresh_ > 0;) {
        const Flags flags = flags_[--at_];
        fresh_ -= static_cast<std::size_t>(IsFresh(flags));
        const std::optional<Flags> below = take(at_, flags);
        if (!below) return;
        PaintBelow(block, at_, *below);
      }
    }
  }

  Flags flags(Position p) const { return flags_[p]; }
  static bool IsFresh(Flags flags) { return (flags & (kReached | kStale)) == kReached; }

 private:
  static constexpr Position kBlock = NodeTable::kBlock;

  const NodeTable::Exits& ExitsOf(const NodeTable::Block& block) const {
    return follow_ == Follow::kParents ? block.exits_by_parents() : block.exits_by_all();
  }

  // Of the block that begins there.
  template <typename Visit>
  void ForEachReached(Position begin, Visit visit) const {
    std::uint64_t several;
    for (Position p = begin; p < begin + kBlock; p += sizeof several) {
      std::memcpy(&several, &flags_[p], sizeof several);
      if (several == 0) continue;
      for (Position q = p; q < p + sizeof several; ++q) {
        if (flags_[q] != 0) visit(q);
      }
    }
  }

  Flags FreshFrom(Position begin) const {
    Flags fresh = 0;
    ForEachReached(begin, [&](Position p) {
      if (IsFresh(flags_[p])) fresh |= flags_[p];
    });
    return fresh;
  }

  void Pass(Position begin, const NodeTable::Exits& exits) {
    NodeTable::Exits::Set set = 0;  // of those before with the same flags
    Flags flags = 0;
    const auto paint = [&] { exits.ForEach(set, [&](Position below) { Paint(below, flags); }); };
    ForEachReached(begin, [&](Position p) {
      if (flags_[p] != flags) {
        paint();
        set = 0;
        flags = flags_[p];
      }
      set |= exits.of(p);
      fresh_ -= static_cast<std::size_t>(IsFresh(flags));
    });
    paint();
    at_ = begin;
  }

  void PaintBelow(const NodeTable::Block& block, Position p, Flags flags) {
    for (const Position below : block.parents(p)) Paint(below, flags);
    if (follow_ == Follow::kParents) return;
    for (const Position below : block.depends(p)) Paint(below, flags);
  }

  void Paint(Position p, Flags flags) {
    const Flags before = flags_[p];
    flags_[p] = before | flags;
    fresh_ +=
        static_cast<std::size_t>(IsFresh(flags_[p])) - static_cast<std::size_t>(IsFresh(before));
  }

  const NodeTable& nodes_;
  const Follow follow_;
  const std::unique_ptr<Flags[], void (*)(void*)> flags_;
  Position at_;  // everything from here on was taken
  std::size_t fresh_ = 0;
};

// What is above a member, which may be a member itself.
Marks StrictlyAbove(const Graph& graph, const Positions& set, Follow follow) {
  Marks member(graph.size(), false), above(graph.size(), false);
  for (Position p : set) member[p] = true;
  for (Position p = set.empty() ? graph.size() : *std::min_element(set.begin(), set.end());
       p < graph.size(); ++p) {
    if (!graph.Has(p)) continue;
    bool stands = false;
    ForEachBelow(graph, p, follow,
                 [&](Position below) { stands = stands || member[below] || above[below]; });
    above[p] = stands;
  }
  return above;
}

bool AnyFresh(Painter::Flags fresh) { return fresh != 0; }

Position Highest(const Positions& set) { return *std::max_element(set.begin(), set.end()); }

template <typename Visit>
void WalkBetween(const Graph& graph, const Positions& lower, const Positions& upper, Follow follow,
                 const Visit& visit) {
  if (upper.empty()) return;
  Painter painter(graph, follow, std::max(Highest(upper), lower.empty() ? 0 : Highest(lower)));
  for (Position p : upper) painter.Start(p, 0);
  for (Position p : lower) painter.Start(p, Painter::kStale);
  painter.Walk(0, AnyFresh, [&](Position p, Painter::Flags flags) -> std::optional<Painter::Flags> {
    if (Painter::IsFresh(flags) && !visit(p)) return std::nullopt;
    return flags;
  });
}

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
  for (Position p = *std::min_element(from.begin(), from.end()) + 1; p < graph.size(); ++p) {
    if (marks[p] || !graph.Has(p)) continue;
    bool above = false;
    ForEachBelow(graph, p, follow, [&](Position below) { above = above || marks[below]; });
    marks[p] = above;
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
  if (lower > upper) return false;
  Painter painter(graph, follow, upper);
  painter.Start(upper, 0);
  painter.Walk(
      lower + 1, [](Painter::Flags) { return false; },
      [](Position, Painter::Flags flags) { return std::optional(flags); });
  return painter.flags(lower) != 0;
}

bool SharesLineage(const Graph& graph, Position a, Position b, Follow follow) {
  return IsAncestor(graph, std::min(a, b), std::max(a, b), follow);
}

Positions MaximalOf(const Graph& graph, const Positions& set, Follow follow) {
  if (set.size() < 2) return set;
  Painter painter(graph, follow, Highest(set));
  for (Position p : set) painter.Start(p, 0);
  Positions maximal;
  painter.Walk(0, AnyFresh, [&](Position p, Painter::Flags flags) {
    if (Painter::IsFresh(flags)) maximal.push_back(p);
    return std::optional<Painter::Flags>(flags != 0 ? flags | Painter::kStale : 0);
  });
  std::reverse(maximal.begin(), maximal.end());
  return maximal;
}

Positions MinimalOf(const Graph& graph, const Positions& set, Follow follow) {
  const Marks above = StrictlyAbove(graph, set, follow);
  Positions minimal;
  std::copy_if(set.begin(), set.end(), std::back_inserter(minimal),
               [&](Position p) { return !above[p]; });
  return minimal;
}

Positions HeadsOf(const Graph& graph, Follow follow) {
  return follow == Follow::kParents ? graph.heads_by_parents() : graph.heads_by_all();
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
  Painter painter(graph, follow, std::max(a, b));
  painter.Start(a, kA);
  painter.Start(b, kB);
  Positions bases;
  const auto are_both = [](Painter::Flags flags) { return (flags & kBoth) == kBoth; };
  painter.Walk(0, are_both, [&](Position p, Painter::Flags flags) {
    if (are_both(flags) && Painter::IsFresh(flags)) bases.push_back(p);
    return std::optional<Painter::Flags>(are_both(flags) ? flags | Painter::kStale : flags);
  });
  std::reverse(bases.begin(), bases.end());
  return bases;
}

// What is common to some tips is what is at or below one of their bases, so they are taken one
// after the other.
Positions OctopusBasesOf(const Graph& graph, const Positions& tips, Follow follow) {
  if (tips.empty()) return {};
  Positions bases = {tips[0]};
  for (std::size_t i = 1; i < tips.size(); ++i) {
    Positions common;
    for (Position base : bases) {
      Positions more = MergeBasesOf(graph, base, tips[i], follow);
      common.insert(common.end(), more.begin(), more.end());
    }
    std::sort(common.begin(), common.end());
    common.erase(std::unique(common.begin(), common.end()), common.end());
    bases = MaximalOf(graph, common, follow);
  }
  return bases;
}

Positions Between(const Graph& graph, const Positions& lower, const Positions& upper,
                  Follow follow) {
  Positions between;
  WalkBetween(graph, lower, upper, follow, [&](Position p) {
    between.push_back(p);
    return true;
  });
  std::reverse(between.begin(), between.end());
  return between;
}

void VisitBetween(const Graph& graph, const Positions& lower, const Positions& upper, Follow follow,
                  const std::function<bool(Position)>& visit) {
  WalkBetween(graph, lower, upper, follow, visit);
}

Positions OldestFirst(const Graph& graph, const Positions& set) {
  const auto older = [&](Position a, Position b) {
    const std::string_view x = graph.nodes().packed(a), y = graph.nodes().packed(b);
    if (const int order = PackedCreated(x).compare(PackedCreated(y)); order != 0) return order < 0;
    if (const int order = PackedName(x).compare(PackedName(y)); order != 0) return order < 0;
    return std::tuple(PackedId(x), a) < std::tuple(PackedId(y), b);
  };
  // The usual case: positions are topological, so the eldest is ready when its turn comes.
  if (std::is_sorted(set.begin(), set.end(), older)) return set;
  const Position low = set.front();
  constexpr std::uint32_t kOutside = 0xffffffff;
  std::vector<std::uint32_t> index_of(set.back() - low + 1, kOutside);
  for (std::uint32_t i = 0; i < set.size(); ++i) index_of[set[i] - low] = i;
  std::vector<std::uint32_t> waits_for(set.size(), 0);
  std::vector<Positions> above(set.size());
  const auto younger = [&](Position a, Position b) { return older(b, a); };
  std::priority_queue<Position, Positions, decltype(younger)> ready(younger);
  for (std::uint32_t i = 0; i < set.size(); ++i) {
    ForEachBelow(graph, set[i], Follow::kAll, [&](Position below) {
      const std::uint32_t index = below < low ? kOutside : index_of[below - low];
      if (index == kOutside) return;
      ++waits_for[i];
      above[index].push_back(set[i]);
    });
    if (waits_for[i] == 0) ready.push(set[i]);
  }
  Positions sorted;
  while (!ready.empty()) {
    sorted.push_back(ready.top());
    ready.pop();
    for (Position p : above[index_of[sorted.back() - low]]) {
      if (--waits_for[index_of[p - low]] == 0) ready.push(p);
    }
  }
  return sorted;
}

}  // namespace mig
