#include "cli/render/graph.h"

#include <gmock/gmock.h>

#include <sstream>

namespace mig {
namespace {

// "d: b c; b: a; c: a; a" drawn, the names to the right of their stars.
std::string Drawn(const std::string& graph) {
  std::vector<GraphNode> nodes;
  std::istringstream entries(graph);
  for (std::string entry; std::getline(entries, entry, ';');) {
    std::istringstream words(entry);
    GraphNode node;
    words >> node.name;
    if (node.name.ends_with(':')) node.name.pop_back();
    for (std::string parent; words >> parent;) node.parents.push_back(parent);
    nodes.push_back(node);
  }
  std::string drawn = "\n";
  std::vector<GraphRow> rows = DrawGraph(nodes);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const std::string& join : rows[i].joins) drawn += join + "\n";
    drawn += rows[i].star + nodes[i].name + "\n";
    for (const std::string& fork : rows[i].forks) drawn += fork + "\n";
  }
  return drawn;
}

TEST(Graph, OfNothingIsEmpty) { EXPECT_EQ(Drawn(""), "\n"); }

TEST(Graph, OfAChainIsOneLane) {
  EXPECT_EQ(Drawn("c: b; b: a; a"), R"(
* c
* b
* a
)");
}

TEST(Graph, OfTwoHeadsRunsTogetherAboveTheBranchPoint) {
  EXPECT_EQ(Drawn("c: a; b: a; a"), R"(
* c
| * b
|/
* a
)");
}

TEST(Graph, OfAMergeOpensALane) {
  EXPECT_EQ(Drawn("d: b c; c: a; b: a; a"), R"(
* d
|\
| * c
* | b
|/
* a
)");
}

TEST(Graph, OfAMergeOfThree) {
  EXPECT_EQ(Drawn("m: a b c; c: r; b: r; a: r; r"), R"(
* m
|\
| |\
| | * c
| * | b
* | | a
|/ /
|/
* r
)");
}

TEST(Graph, OfTwoRootsEndsTheFirstLaneBesideTheSecond) {
  EXPECT_EQ(Drawn("m: a b; a; b"), R"(
* m
|\
* | a
 /
* b
)");
}

TEST(Graph, OfUnrelatedHistoriesKeepsThemInOneLane) {
  EXPECT_EQ(Drawn("b: a; a; d: c; c"), R"(
* b
* a
* d
* c
)");
}

TEST(Graph, JoinsALaneFarToTheRightByAHorizontalLine) {
  EXPECT_EQ(Drawn("x: a; y: b; z: a; a; b"), R"(
* x
| * y
| | * z
|_|/
* | a
 /
* b
)");
}

TEST(Graph, OfACrissCross) {
  EXPECT_EQ(Drawn("e: c d; f: d c; d: a b; c: b a; a: r; b: r; r"), R"(
* e
|\
| | * f
| | |\
| |/ /
| * | d
| |\ \
|_|_|/
* | | c
|\ \ \
| |/ /
| * | a
|_|/
* | b
|/
* r
)");
}

TEST(Graph, LeavesOutParentsThatAreNotShown) {
  EXPECT_EQ(Drawn("c: b; b: gone"), R"(
* c
* b
)");
}

TEST(Graph, GivesFurtherLinesAboutANodeItsLanes) {
  std::vector<GraphRow> rows =
      DrawGraph({{"d", {"b", "c"}}, {"c", {"a"}}, {"b", {"a"}}, {"a", {}}});
  EXPECT_EQ(rows[0].lanes, "| ");
  EXPECT_EQ(rows[1].lanes, "| | ");
  EXPECT_EQ(rows[3].lanes, "  ");
}

}  // namespace
}  // namespace mig
