#include "store/core/grow.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "store/core/graph_text.h"
#include "store/core/reach.h"
#include "store/core/sha256.h"
#include "tests/store/core/random_graph.h"

namespace mig {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Id IdOfName(const std::string& name) { return Id(Sha256(name)); }

// The revision at `p`, as somebody meets it who knows ids alone.
Arrival ArrivalAt(const Graph& graph, Position p) {
  Arrival arrival{graph.node(p), {}, {}};
  arrival.node.id = IdOfName(graph.name(p));
  for (Position below : graph.parents(p)) arrival.parents.push_back(IdOfName(graph.name(below)));
  for (Position below : graph.depends(p)) arrival.depends.push_back(IdOfName(graph.name(below)));
  return arrival;
}

Graph With(const Graph& graph, const std::vector<Arrival>& arrivals,
           Winner winner = Winner::kAdded) {
  return graph.ExtendedTo(Grown(graph, arrivals).value(), winner);
}

std::set<std::string> Names(const Graph& graph, const Positions& positions) {
  std::set<std::string> names;
  for (Position p : positions) names.insert(graph.name(p));
  return names;
}

Positions Listed(std::span<const Position> positions) {
  return {positions.begin(), positions.end()};
}

// Everything a graph says, by name: equal for graphs that differ in nothing but positions.
std::string Told(const Graph& graph) {
  std::map<std::string, std::string> lines;
  const auto words = [&](const Positions& positions) {
    std::string text = " (";
    for (const std::string& name : Names(graph, positions)) text += name + " ";
    return text + ")";
  };
  for (Position p = 0; p < graph.size(); ++p) {
    if (!graph.Has(p)) continue;
    const std::string name = graph.name(p);
    lines[name] = name + words(Listed(graph.parents(p))) + words(Listed(graph.depends(p))) +
                  words(graph.children(p)) + words(graph.dependents(p)) +
                  (graph.FindWord(name) == p ? "" : " LOST") +
                  (graph.FindId(graph.id(p)) == p ? "" : " LOST ID");
  }
  std::string text = std::to_string(graph.count()) + words(HeadsOf(graph, Follow::kParents)) +
                     words(HeadsOf(graph, Follow::kAll)) + words(BasesOf(graph, Follow::kAll)) +
                     words(BranchPointsOf(graph)) + words(MergePointsOf(graph)) + "\n";
  for (const auto& [name, line] : lines) text += line + "\n";
  return text;
}

TEST(Grown, InBatchesTellsTheSameAsAtOnce) {
  std::mt19937 random(11);
  for (int round = 0; round < 60; ++round) {
    const Graph plain = RandomGraph(random, 40);
    std::vector<Arrival> all;
    for (Position p = 0; p < plain.size(); ++p) all.push_back(ArrivalAt(plain, p));
    const Graph at_once = With(Graph(), all);
    Graph grown;
    for (std::size_t from = 0; from < all.size();) {
      const std::size_t to = std::min(all.size(), from + 1 + random() % 10);
      std::vector<Arrival> batch(all.begin() + static_cast<std::ptrdiff_t>(from),
                                 all.begin() + static_cast<std::ptrdiff_t>(to));
      std::shuffle(batch.begin(), batch.end(), random);
      const std::string before = Told(grown);
      const Graph next = With(grown, batch);
      ASSERT_EQ(Told(grown), before) << "a graph changed when another grew out of it";
      grown = next;
      from = to;
    }
    ASSERT_EQ(Told(grown), Told(at_once));
  }
}

TEST(Reaching, IsTheGraphOfWhatIsReached) {
  std::mt19937 random(12);
  for (int round = 0; round < 60; ++round) {
    const Graph plain = RandomGraph(random, 40);
    std::vector<Arrival> all;
    for (Position p = 0; p < plain.size(); ++p) all.push_back(ArrivalAt(plain, p));
    const Graph whole = With(Graph(), all);
    const Positions tips = RandomSet(random, whole, 3);
    const auto reached = SlowAncestors(whole, tips, Follow::kAll);
    std::vector<Arrival> inside;
    for (Position p : reached) inside.push_back(ArrivalAt(whole, p));
    const Graph part = whole.Reaching(tips);
    ASSERT_EQ(Told(part), Told(With(Graph(), inside)));
    for (Position p = 0; p < whole.size(); ++p) {
      ASSERT_EQ(part.Has(p), reached.contains(p));
      ASSERT_EQ(part.FindWord(whole.name(p)).has_value(), reached.contains(p));
      ASSERT_EQ(part.FindId(whole.id(p)).has_value(), reached.contains(p));
    }
  }
}

TEST(Reaching, AnswersQuestionsAboutItsMembersAlone) {
  const Graph whole = MakeGraph("a; b: a; c: a; d: b c; e: c; f: d +e");
  const Graph part = whole.Reaching({*whole.FindName("d")});
  EXPECT_EQ(Names(part, HeadsOf(part, Follow::kParents)), (std::set<std::string>{"d"}));
  EXPECT_EQ(Names(part, ToPositions(DescendantsOf(part, {0}, Follow::kAll))),
            (std::set<std::string>{"a", "b", "c", "d"}));
  EXPECT_THAT(part.WordsWithPrefix("e"), IsEmpty());
}

TEST(Extended, PartHoldsWhatItWasExtendedBy) {
  const Graph whole = With(Graph(), {ArrivalAt(MakeGraph("a"), 0)});
  const Graph two = With(whole, {ArrivalAt(MakeGraph("a; b: a"), 1)});
  const Graph part = two.Reaching({0});
  const Graph more = With(part, {ArrivalAt(MakeGraph("a; c: a"), 1)});
  EXPECT_EQ(Names(more, HeadsOf(more, Follow::kParents)), (std::set<std::string>{"c"}));
  EXPECT_FALSE(more.FindName("b"));
}

TEST(Extended, GivesAWordOfTwoToTheOldOrTheAdded) {
  Arrival old{{.name = "users", .id = IdOfName("1"), .labels = {"shop"}}, {}, {}};
  Arrival added{{.name = "users", .id = IdOfName("2"), .labels = {"shop"}}, {}, {}};
  const Graph graph = With(Graph(), {old});
  const Graph for_old = With(graph, {added}, Winner::kOld);
  const Graph for_added = With(graph, {added}, Winner::kAdded);
  EXPECT_EQ(for_old.FindName("users"), 0u);
  EXPECT_EQ(for_added.FindName("users"), 1u);
  EXPECT_EQ(for_old.FindWord("shop"), 0u);
  EXPECT_EQ(for_added.FindWord("shop"), 1u);
  EXPECT_THAT(for_added.AllNamed("users"), ElementsAre(0, 1));
  EXPECT_THAT(for_added.WordsWithPrefix("user"), ElementsAre(Pair("users", 1)));
}

TEST(Grown, RefusesWhatFollowsNothing) {
  const auto grown = Grown(Graph(), {ArrivalAt(MakeGraph("a; b: a"), 1)});
  ASSERT_FALSE(grown);
  EXPECT_EQ(grown.error().reason, Reason::kMissingParent);
}

TEST(Packed, NodesAreWhatWasPacked) {
  const Node node{"users",          IdOfName("x"), "2026-01-05T09:02:00Z", std::string(300, 'm'),
                  {"shop", "eu-1"}, {"4b1f"}};
  const std::string packed = Pack(node);
  ASSERT_TRUE(IsPacked(packed));
  const Node read = Unpack(packed);
  EXPECT_EQ(read.name, node.name);
  EXPECT_EQ(read.id, node.id);
  EXPECT_EQ(read.created, node.created);
  EXPECT_EQ(read.message, node.message);
  EXPECT_EQ(read.labels, node.labels);
  EXPECT_EQ(read.aliases, node.aliases);
  for (std::size_t cut = 0; cut < packed.size(); ++cut) {
    EXPECT_FALSE(IsPacked(packed.substr(0, cut))) << cut;
  }
}

TEST(OldestFirst, DependsOnTheSetAlone) {
  // b is older than a, but came later.
  const auto arrival = [](std::string name, std::string created, std::vector<Id> parents) {
    return Arrival{{.name = name, .id = IdOfName(name), .created = created}, parents, {}};
  };
  Graph graph = With(Graph(), {arrival("base", "1", {})});
  graph = With(graph, {arrival("a", "3", {IdOfName("base")})});
  graph = With(graph, {arrival("b", "2", {IdOfName("base")})});
  EXPECT_THAT(OldestFirst(graph, {1, 2}), ElementsAre(2, 1));
  EXPECT_THAT(OldestFirst(graph, {0, 1, 2}), ElementsAre(0, 2, 1));
}

}  // namespace
}  // namespace mig
