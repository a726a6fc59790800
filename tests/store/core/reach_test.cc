#include "store/core/reach.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "store/core/graph_text.h"
#include "tests/scratch_directory.h"
#include "tests/store/core/random_graph.h"

namespace mig {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Names(const Graph& graph, const Positions& positions) {
  std::string names;
  for (Position p : positions) names += (names.empty() ? "" : " ") + graph.name(p);
  return names;
}

Position At(const Graph& graph, std::string_view name) { return *graph.FindName(name); }

std::string Bases(std::string_view text, std::string_view a, std::string_view b) {
  Graph graph = MakeGraph(text);
  return Names(graph, MergeBasesOf(graph, At(graph, a), At(graph, b)));
}

TEST(MergeBases, OfAForkIsWhereItForked) { EXPECT_EQ(Bases("a; b: a; c: a; d: c", "b", "d"), "a"); }
TEST(MergeBases, OfAnAncestorIsTheAncestor) { EXPECT_EQ(Bases("a; b: a; c: b", "a", "c"), "a"); }
TEST(MergeBases, OfOneselfIsOneself) { EXPECT_EQ(Bases("a; b: a", "b", "b"), "b"); }
TEST(MergeBases, OfUnrelatedHistoriesAreNone) { EXPECT_EQ(Bases("a; b", "a", "b"), ""); }

TEST(MergeBases, OfACrissCrossAreBothTips) {
  EXPECT_EQ(Bases("root; a: root; b: root; x: a b; y: b a", "x", "y"), "a b");
}

TEST(MergeBases, LeaveOutWhatIsBelowABetterOne) {
  // root is reached along its own edge, but mid, above it, is common too.
  EXPECT_EQ(Bases("root; mid: root; x: mid root; y: mid", "x", "y"), "mid");
}

TEST(MergeBases, OfAnOctopusAreEveryPartThatIsShared) {
  EXPECT_EQ(Bases("a; b; c; m: a b c; n: c a", "m", "n"), "a c");
}

TEST(MergeBases, OfAllOfThemAreWhatAllShare) {
  const Graph graph = MakeGraph("a; b: a; c: b; d: b; e: a");
  EXPECT_EQ(Names(graph, OctopusBasesOf(graph, {2, 3})), "b");
  EXPECT_EQ(Names(graph, OctopusBasesOf(graph, {2, 3, 4})), "a");
}

TEST(MergeBases, FollowDependenciesOnlyWhenAsked) {
  Graph graph = MakeGraph("a; b: a; x +a");
  EXPECT_THAT(MergeBasesOf(graph, 1, 2), IsEmpty());
  EXPECT_THAT(MergeBasesOf(graph, 1, 2, Follow::kAll), ElementsAre(0));
}

TEST(Heads, ByParentsCountWhatIsMerelyDependedOn) {
  Graph graph = MakeGraph("a; b: a; x +b");
  EXPECT_EQ(Names(graph, HeadsOf(graph, Follow::kParents)), "b x");
  EXPECT_EQ(Names(graph, HeadsOf(graph, Follow::kAll)), "x");
  EXPECT_EQ(Names(graph, BasesOf(graph, Follow::kParents)), "a x");
  EXPECT_EQ(Names(graph, BasesOf(graph, Follow::kAll)), "a");
}

TEST(BranchPoints, HaveSeveralChildrenAndMergePointsSeveralParents) {
  Graph graph = MakeGraph("a; b: a; c: a; d: b c; e: d; x +d");
  EXPECT_EQ(Names(graph, BranchPointsOf(graph)), "a");
  EXPECT_EQ(Names(graph, MergePointsOf(graph)), "d");
}

TEST(Maximal, KeepsOnlyTops) {
  Graph graph = MakeGraph("a; b: a; c: b; x; y: x +b");
  EXPECT_EQ(Names(graph, MaximalOf(graph, {0, 2, 4}, Follow::kAll)), "c y");
  EXPECT_EQ(Names(graph, MaximalOf(graph, {1, 4}, Follow::kAll)), "y");
  EXPECT_EQ(Names(graph, MaximalOf(graph, {1, 4}, Follow::kParents)), "b y");
  EXPECT_EQ(Names(graph, MinimalOf(graph, {1, 2, 4}, Follow::kAll)), "b");
}

class RandomGraphs : public ::testing::TestWithParam<Follow> {};
INSTANTIATE_TEST_SUITE_P(Along, RandomGraphs, ::testing::Values(Follow::kParents, Follow::kAll));

TEST_P(RandomGraphs, AgreeWithFollowingEveryEdge) {
  std::mt19937 random(7);
  Follow follow = GetParam();
  for (int round = 0; round < 150; ++round) {
    Graph graph = RandomGraph(random, 40);
    Positions from = RandomSet(random, graph, 3);
    auto slow = SlowAncestors(graph, from, follow);
    ASSERT_EQ(ToPositions(AncestorsOf(graph, from, follow)), Positions(slow.begin(), slow.end()));
    Marks above = DescendantsOf(graph, from, follow);
    for (Position p = 0; p < graph.size(); ++p) {
      auto below = SlowAncestors(graph, {p}, follow);
      auto meets = [&](Position q) { return below.contains(q); };
      ASSERT_EQ(above[p], std::any_of(from.begin(), from.end(), meets)) << graph.name(p);
      ASSERT_EQ(IsAncestor(graph, from[0], p, follow), below.contains(from[0]));
    }
  }
}

TEST_P(RandomGraphs, HaveTheExtremesThatTheDefinitionSays) {
  std::mt19937 random(8);
  Follow follow = GetParam();
  for (int round = 0; round < 150; ++round) {
    Graph graph = RandomGraph(random, 40);
    Positions set = RandomSet(random, graph, 6), maximal, minimal;
    for (Position p : set) {
      auto above = [&](Position q) {
        return q != p && SlowAncestors(graph, {q}, follow).contains(p);
      };
      auto below = [&](Position q) {
        return q != p && SlowAncestors(graph, {p}, follow).contains(q);
      };
      if (std::none_of(set.begin(), set.end(), above)) maximal.push_back(p);
      if (std::none_of(set.begin(), set.end(), below)) minimal.push_back(p);
    }
    ASSERT_EQ(MaximalOf(graph, set, follow), maximal);
    ASSERT_EQ(MinimalOf(graph, set, follow), minimal);
  }
}

TEST_P(RandomGraphs, HaveTheMergeBasesThatTheDefinitionSays) {
  std::mt19937 random(9);
  Follow follow = GetParam();
  for (int round = 0; round < 500; ++round) {
    Graph graph = RandomGraph(random, 40);
    Position a = static_cast<Position>(random() % graph.size()),
             b = static_cast<Position>(random() % graph.size());
    auto below_a = SlowAncestors(graph, {a}, follow), below_b = SlowAncestors(graph, {b}, follow);
    Positions common;
    std::set_intersection(below_a.begin(), below_a.end(), below_b.begin(), below_b.end(),
                          std::back_inserter(common));
    ASSERT_EQ(MergeBasesOf(graph, a, b, follow), MaximalOf(graph, common, follow));
    Position c = static_cast<Position>(random() % graph.size());
    Positions shared;
    for (Position p : common) {
      if (IsAncestor(graph, p, c, follow)) shared.push_back(p);
    }
    ASSERT_EQ(OctopusBasesOf(graph, {a, b, c}, follow), MaximalOf(graph, shared, follow));
    std::erase_if(below_a, [&](Position p) { return below_b.contains(p); });
    ASSERT_EQ(Between(graph, {b}, {a}, follow), Positions(below_a.begin(), below_a.end()));
    Positions newest;
    VisitBetween(graph, {b}, {a}, follow, [&](Position p) {
      newest.push_back(p);
      return newest.size() < 3;
    });
    Positions expected(below_a.rbegin(), below_a.rend());
    if (expected.size() > 3) expected.resize(3);
    ASSERT_EQ(newest, expected);
  }
}

Positions Without(const Marks& marks, const Marks& others) {
  Positions without;
  for (Position p = 0; p < marks.size(); ++p) {
    if (marks[p] && !others[p]) without.push_back(p);
  }
  return without;
}

// Those of a set that is closed downward which nothing else of it follows.
Positions Tops(const Graph& graph, const Marks& closed, Follow follow) {
  Marks followed(closed.size());
  for (Position p = 0; p < closed.size(); ++p) {
    if (!closed[p]) continue;
    for (Position below : graph.parents(p)) followed[below] = true;
    if (follow == Follow::kParents) continue;
    for (Position below : graph.depends(p)) followed[below] = true;
  }
  return Without(closed, followed);
}

// Walks pass whole blocks of them, where the blocks know where they lead.
TEST_P(RandomGraphs, OfManyBlocksHaveTheAnswersThatTheDefinitionsSay) {
  std::mt19937 random(11);
  const Follow follow = GetParam();
  int passable = 0, impassable = 0;
  for (int round = 0; round < 24; ++round) {
    const Graph whole = RandomGraph(random, 6 * NodeTable::kBlock, 1U << round % 9);
    const Graph part = whole.Reaching(RandomSet(random, whole, 3));
    for (Position begin = 0; begin < whole.size(); begin += NodeTable::kBlock) {
      const NodeTable::Block& block = whole.nodes().block(begin);
      const bool known = follow == Follow::kParents ? block.exits_by_parents().are_known()
                                                    : block.exits_by_all().are_known();
      ++(known ? passable : impassable);
    }
    for (const Graph& graph : {whole, part}) {
      Positions members;
      for (Position p = 0; p < graph.size(); ++p) {
        if (graph.Has(p)) members.push_back(p);
      }
      for (int question = 0; question < 12; ++question) {
        const Position a = members[random() % members.size()];
        const Position b = members[random() % members.size()];
        const Marks below_a = AncestorsOf(graph, {a}, follow),
                    below_b = AncestorsOf(graph, {b}, follow);
        Marks common(graph.size());
        for (Position p = 0; p < graph.size(); ++p) common[p] = below_a[p] && below_b[p];
        ASSERT_EQ(IsAncestor(graph, a, b, follow), below_b[a]) << a << " " << b;
        ASSERT_EQ(MergeBasesOf(graph, a, b, follow), Tops(graph, common, follow)) << a << " " << b;
        const Positions between = Without(below_a, below_b);
        ASSERT_EQ(Between(graph, {b}, {a}, follow), between) << a << " " << b;
        Positions maximal;
        if (!below_b[a] || a == b) maximal.push_back(a);
        if (!below_a[b]) maximal.push_back(b);
        std::sort(maximal.begin(), maximal.end());
        const Positions both = a == b ? Positions{a} : Positions{std::min(a, b), std::max(a, b)};
        ASSERT_EQ(MaximalOf(graph, both, follow), maximal) << a << " " << b;
      }
    }
  }
  EXPECT_GT(passable, 0);
  EXPECT_GT(impassable, 0);
}

// The same graph as commits of a repository.
class GitRepository {
 public:
  explicit GitRepository(const Graph& graph) {
    std::ofstream stream(folder_ + "/stream");
    for (Position p = 0; p < graph.size(); ++p) {
      stream << "commit refs/heads/" << graph.name(p) << "\nmark :" << p + 1
             << "\ncommitter t <t@t> " << 1000000 + p << " +0000\ndata 0\n";
      const char* verb = "from";
      for (Position parent : graph.parents(p)) {
        stream << verb << " :" << parent + 1 << '\n';
        verb = "merge";
      }
      stream << '\n';
    }
    stream.close();
    Run("git init -q . && git fast-import --quiet --export-marks=marks < stream");
    std::ifstream marks(folder_ + "/marks");
    hashes_.resize(graph.size());
    for (std::string mark, hash; marks >> mark >> hash;)
      hashes_[std::stoul(mark.substr(1)) - 1] = hash;
  }
  std::string Run(const std::string& command) const {
    FILE* pipe = popen(("cd " + folder_ + " && " + command).c_str(), "r");
    std::string output;
    char buffer[4096];
    for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, n);
    pclose(pipe);
    return output;
  }

  Positions MergeBases(Position a, Position b) const {
    return PositionsOf(Run("git merge-base --all " + hashes_[a] + " " + hashes_[b]));
  }

  Positions OctopusBases(const Positions& tips) const {
    std::string command = "git merge-base --all --octopus";
    for (Position p : tips) command += " " + hashes_[p];
    return PositionsOf(Run(command));
  }

  bool IsAncestor(Position lower, Position upper) const {
    return Run("git merge-base --is-ancestor " + hashes_[lower] + " " + hashes_[upper] +
               " && echo yes") == "yes\n";
  }

  // Commits that no other one follows.
  Positions Heads() const {
    return PositionsOf(Run("git rev-list --all --children | awk 'NF == 1 { print $1 }'"));
  }

  std::size_t CountBetween(Position lower, Position upper) const {
    return std::stoul(Run("git rev-list --count " + hashes_[lower] + ".." + hashes_[upper]));
  }

 private:
  Position PositionOf(const std::string& hash) const {
    return static_cast<Position>(std::find(hashes_.begin(), hashes_.end(), hash) - hashes_.begin());
  }

  Positions PositionsOf(const std::string& output) const {
    std::istringstream lines(output);
    Positions positions;
    for (std::string hash; lines >> hash;) positions.push_back(PositionOf(hash));
    std::sort(positions.begin(), positions.end());
    return positions;
  }

  ScratchDirectory directory_;
  const std::string folder_ = directory_.path().string();
  std::vector<std::string> hashes_;
};

// Two revisions, with several merge bases if a hundred tries find such.
std::pair<Position, Position> InterestingPair(std::mt19937& random, const Graph& graph) {
  std::pair<Position, Position> pair;
  for (int tries = 0; tries < 100; ++tries) {
    pair = {static_cast<Position>(random() % graph.size()),
            static_cast<Position>(random() % graph.size())};
    if (MergeBasesOf(graph, pair.first, pair.second).size() > 1) break;
  }
  return pair;
}

TEST(Git, AgreesAboutMergeBasesAndCounts) {
  if (std::system("git --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "git is not installed";
  std::mt19937 random(10);
  std::size_t several = 0;
  for (int round = 0; round < 4; ++round) {
    Graph graph = RandomGraph(random, 60);
    GitRepository git(graph);
    for (int question = 0; question < 15; ++question) {
      auto [a, b] = InterestingPair(random, graph);
      Positions bases = git.MergeBases(a, b);
      several += bases.size() > 1;
      ASSERT_EQ(MergeBasesOf(graph, a, b), bases) << graph.name(a) << " " << graph.name(b);
      ASSERT_EQ(Between(graph, {a}, {b}, Follow::kParents).size(), git.CountBetween(a, b));
      ASSERT_EQ(IsAncestor(graph, a, b, Follow::kParents), git.IsAncestor(a, b));
      Position c = static_cast<Position>(random() % graph.size());
      ASSERT_EQ(OctopusBasesOf(graph, {a, b, c}), git.OctopusBases({a, b, c}));
    }
    ASSERT_EQ(HeadsOf(graph, Follow::kParents), git.Heads());
  }
  EXPECT_GT(several, 0u) << "no question had several merge bases: it asked too little";
}

}  // namespace
}  // namespace mig
