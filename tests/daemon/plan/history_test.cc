#include "daemon/plan/history.h"

#include <gmock/gmock.h>

#include "store/core/graph_text.h"

namespace mig {
namespace {

std::string Told(const Graph& graph, const Result<Positions>& positions) {
  if (!positions) return std::string(InfoOf(positions.error().reason).text);
  std::string names;
  for (Position p : *positions) names += (names.empty() ? "" : " ") + graph.name(p);
  return names;
}

std::string History(std::string_view text, std::string_view range, const Positions& rows = {}) {
  Graph graph = MakeGraph(text);
  return Told(graph, HistoryRange(graph, Current{rows}, range));
}

constexpr std::string_view kLine = "a; b: a; c: b; d: c";
constexpr std::string_view kTwo = "a; b: a @left; x; y: x +b @right; z: y";

TEST(History, ShowsAllNewestFirst) {
  Graph graph = MakeGraph(kTwo);
  EXPECT_EQ(Told(graph, HistoryRange(graph, {}, std::nullopt)), "z y x b a");
}

TEST(History, OfARangeIncludesItsStart) {
  EXPECT_EQ(History(kLine, "b:c"), "c b");
  EXPECT_EQ(History(kLine, "c:"), "d c");
  EXPECT_EQ(History(kLine, ":b"), "b a");
  EXPECT_EQ(History(kLine, "base:b"), "b a");
}

TEST(History, UnderstandsCurrentOnEitherSide) {
  EXPECT_EQ(History(kLine, "current:", {2}), "d c");
  EXPECT_EQ(History(kLine, ":current", {1}), "b a");
  EXPECT_EQ(History(kLine, ":current"), "d c b a") << "nothing applied: all, as in Alembic";
  EXPECT_EQ(History(kLine, "current:current", {1}), "NO_SUCH_REVISION");
}

TEST(History, UnderstandsStepsFromTheOtherSide) {
  EXPECT_EQ(History(kLine, "b:+1"), "c b");
  EXPECT_EQ(History(kLine, "b:+9"), "d c b") << "a climb ends at the last revision";
  EXPECT_EQ(History(kLine, "-1:"), "d c");
}

TEST(History, FromARevisionHidesOtherBranchesDependencies) {
  EXPECT_EQ(History(kTwo, "x:z"), "z y x");
  EXPECT_EQ(History(kTwo, ":right@head"), "z y x b a");
}

TEST(History, RefusesWhatIsNoRange) {
  EXPECT_EQ(History(kLine, "b"), "HISTORY_RANGE_SYNTAX");
  EXPECT_EQ(History(kLine, "a:b:c"), "HISTORY_RANGE_SYNTAX");
  EXPECT_EQ(History(kLine, "c:b"), "NOT_ANCESTOR");
}

TEST(Show, TakesCurrentForTheRows) {
  Graph graph = MakeGraph(kTwo);
  EXPECT_EQ(Told(graph, ShowSelection(graph, Current{{1, 2}}, "current")), "b x");
  EXPECT_EQ(Told(graph, ShowSelection(graph, {}, "heads")), "z");
  EXPECT_EQ(Told(graph, ShowSelection(graph, {}, "base")), "");
}

TEST(BranchPoints, ListChildrenNewestPointFirst) {
  Graph graph = MakeGraph("a; b: a; c: a; d: c; e: c");
  auto points = BranchPoints(graph);
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(graph.name(points[0].revision), "c");
  EXPECT_EQ(Told(graph, points[1].children), "b c");
}

TEST(Current, ShowsImpliedTipsOfOtherBranches) {
  Graph graph = MakeGraph(kTwo);
  auto tips = CurrentTips(graph, Current{{*graph.FindName("z")}}).value();
  ASSERT_EQ(tips.size(), 2u);
  EXPECT_EQ(graph.name(tips[0].revision), "z");
  EXPECT_TRUE(tips[0].is_row);
  EXPECT_EQ(graph.name(tips[1].revision), "b");
  EXPECT_FALSE(tips[1].is_row);
}

}  // namespace
}  // namespace mig
