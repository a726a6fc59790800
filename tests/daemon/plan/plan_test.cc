#include "daemon/plan/plan.h"

#include <gmock/gmock.h>

#include "store/core/graph_text.h"
#include "store/core/grow.h"
#include "tests/store/core/random_graph.h"

namespace mig {
namespace {

using ::testing::HasSubstr;

Current RowsNamed(const Graph& graph, const std::vector<std::string>& names) {
  Current current;
  for (const std::string& name : names) current.rows.push_back(*graph.FindName(name));
  return current;
}

std::string Names(const Graph& graph, const Positions& positions) {
  std::string names;
  for (Position p : positions) names += (names.empty() ? "" : " ") + graph.name(p);
  return names;
}

// "+b +c => c": the steps and the rows at the end; or the reason of the error.
std::string Told(const Graph& graph, const Result<Plan>& plan) {
  if (!plan) return std::string(InfoOf(plan.error().reason).text);
  std::string told;
  for (const Step& step : plan->steps) {
    told += (step.direction == Direction::kUp ? "+" : "-") + graph.name(step.revision) + " ";
  }
  return told + "=> " + Names(graph, plan->final);
}

std::string Upgrade(std::string_view text, const std::vector<std::string>& rows,
                    std::string_view target) {
  Graph graph = MakeGraph(text);
  return Told(graph, PlanUpgrade(graph, RowsNamed(graph, rows), target));
}

std::string Downgrade(std::string_view text, const std::vector<std::string>& rows,
                      std::string_view target) {
  Graph graph = MakeGraph(text);
  return Told(graph, PlanDowngrade(graph, RowsNamed(graph, rows), target));
}

std::string Stamp(std::string_view text, const std::vector<std::string>& rows,
                  const std::vector<std::string>& targets, bool purge = false) {
  Graph graph = MakeGraph(text);
  return Told(graph, PlanStamp(graph, RowsNamed(graph, rows), targets, purge));
}

constexpr std::string_view kLine = "a; b: a; c: b";
constexpr std::string_view kFork = "root; a1: root @alpha; a2: a1; b1: root @beta; b2: b1";
constexpr std::string_view kDiamond = "root; a: root; b: root; m: a b; top: m";

TEST(Upgrade, BringsInWhatIsMissingBelowTheTarget) {
  EXPECT_EQ(Upgrade(kLine, {}, "head"), "+a +b +c => c");
  EXPECT_EQ(Upgrade(kLine, {"a"}, "b"), "+b => b");
  EXPECT_EQ(Upgrade(kFork, {"a1"}, "heads"), "+a2 +b1 +b2 => a2 b2");
}

TEST(Upgrade, AtOrBelowCurrentHasNothingToDo) {
  EXPECT_EQ(Upgrade(kLine, {"c"}, "b"), "=> c");
  EXPECT_EQ(Upgrade(kLine, {"c"}, "base"), "=> c");
}

TEST(Upgrade, TakesDependenciesAlongAndTheyAreNoRows) {
  EXPECT_EQ(Upgrade("a; b: a; x; y: x +b", {"x"}, "y"), "+a +b +y => y");
}

TEST(Upgrade, ByStepsStartsAtTheOnlyRow) {
  EXPECT_EQ(Upgrade(kLine, {"a"}, "+2"), "+b +c => c");
  EXPECT_EQ(Upgrade(kLine, {}, "+1"), "+a => a");
  EXPECT_EQ(Upgrade(kLine, {"c"}, "+1"), "RELATIVE_TOO_FAR");
  EXPECT_EQ(Upgrade(kLine, {"c"}, "-1"), "RELATIVE_TOO_FAR");
  EXPECT_EQ(Upgrade(kFork, {"a1", "b1"}, "+1"), "AMBIGUOUS_CURRENT");
  EXPECT_EQ(Upgrade(kFork, {"root"}, "+1"), "AMBIGUOUS_WALK");
  EXPECT_EQ(Upgrade(kFork, {"a1", "b1"}, "alpha@+1"), "+a2 => a2 b1");
  EXPECT_EQ(Upgrade(kFork, {"a2"}, "beta@+1"), "+b1 => a2 b1") << "from the fork, which is applied";
}

TEST(Upgrade, RefusesARangeAndTwoRowsOfOneLine) {
  EXPECT_EQ(Upgrade(kLine, {"a"}, "a:c"), "RANGE_NOT_ALLOWED");
  EXPECT_EQ(Upgrade(kLine, {"a", "b"}, "head"), "OVERLAP");
}

TEST(Downgrade, UndoesWhatDescendsFromTheTargetsChildren) {
  EXPECT_EQ(Downgrade(kLine, {"c"}, "a"), "-c -b => a");
  EXPECT_EQ(Downgrade(kLine, {"c"}, "base"), "-c -b -a => ");
  EXPECT_EQ(Downgrade(kLine, {"c"}, "-1"), "-c => b");
  EXPECT_EQ(Downgrade(kFork, {"a2", "b2"}, "root"), "-b2 -b1 -a2 -a1 => root");
  EXPECT_EQ(Downgrade(kFork, {"a2", "b2"}, "a1"), "-a2 => a1 b2");
}

TEST(Downgrade, OfAMergeLeavesTheOtherParent) {
  EXPECT_EQ(Downgrade(kDiamond, {"top"}, "a"), "-top -m => a b");
}

TEST(Downgrade, TakesDependentsAlong) {
  EXPECT_EQ(Downgrade("a; b: a; x; y: x +b", {"y"}, "a"), "-y -b => a x");
}

TEST(Downgrade, ToOneBranchsBaseKeepsTheOthers) {
  EXPECT_EQ(Downgrade("a @alpha; b: a; x @xray; y: x", {"b", "y"}, "alpha@base"), "-b -a => y");
}

TEST(Downgrade, BySeveralRowsIsRefusedUnlessTheyAgree) {
  EXPECT_EQ(Downgrade(kFork, {"a2", "b2"}, "-1"), "AMBIGUOUS_CURRENT");
  EXPECT_EQ(Downgrade(kFork, {"a2", "b2"}, "-9"), "RELATIVE_TOO_FAR") << "from each of them";
  EXPECT_EQ(Downgrade(kFork, {"a2", "b2"}, "beta@-1"), "-b2 => a2 b1");
}

TEST(Downgrade, NowhereIsRefused) {
  EXPECT_EQ(Downgrade(kLine, {"a"}, "c"), "NOT_ANCESTOR");
  EXPECT_EQ(Downgrade(kLine, {"c"}, "c"), "=> c");
  EXPECT_EQ(Downgrade(kLine, {}, "-1"), "RELATIVE_TOO_FAR");
  EXPECT_EQ(Downgrade(kLine, {"c"}, "+1"), "RELATIVE_TOO_FAR");
  EXPECT_EQ(Downgrade(kFork, {"a2"}, "a1@root"), "-a2 -a1 => root");
}

TEST(Stamp, MovesRowsWithoutSteps) {
  EXPECT_EQ(Stamp(kLine, {"a"}, {"head"}), "=> c");
  EXPECT_EQ(Stamp(kLine, {"c"}, {"a"}), "=> a");
  EXPECT_EQ(Stamp(kLine, {"c"}, {"base"}), "=> ");
  EXPECT_EQ(Stamp("a; x", {"a"}, {"x"}), "=> a x");
  EXPECT_EQ(Stamp(kFork, {"root"}, {"heads"}), "=> a2 b2");
}

TEST(Stamp, RefusesTargetsThatExcludeEachOther) {
  EXPECT_EQ(Stamp(kFork, {"root"}, {"a1", "a1"}), "OVERLAP");
  EXPECT_EQ(Stamp(kLine, {"c"}, {"a", "b"}), "OVERLAP");
}

TEST(Stamp, ForgetsUnknownRowsOnlyWithPurge) {
  Graph graph = MakeGraph(kLine);
  Current current{{}, {"ffff"}};
  EXPECT_EQ(Told(graph, PlanStamp(graph, current, {"head"}, false)), "UNKNOWN_APPLIED");
  EXPECT_EQ(Told(graph, PlanStamp(graph, current, {"head"}, true)), "=> c");
}

TEST(Offline, PlansFromWhereTheScriptStarts) {
  Graph graph = MakeGraph(kLine);
  EXPECT_EQ(Told(graph, PlanOfflineUpgrade(graph, "a:c")), "+b +c => c");
  EXPECT_EQ(Told(graph, PlanOfflineUpgrade(graph, "b")), "+a +b => b");
  EXPECT_EQ(Told(graph, PlanOfflineDowngrade(graph, "c:-2")), "-c -b => a");
  EXPECT_EQ(Told(graph, PlanOfflineDowngrade(graph, "a")), "RANGE_REQUIRED");
  EXPECT_EQ(Told(graph, PlanOfflineStamp(graph, {"a:c"})), "=> c");
  EXPECT_EQ(Told(graph, PlanOfflineStamp(graph, {"base"})), "RANGE_REQUIRED");
  EXPECT_EQ(Told(graph, PlanOfflineStamp(graph, {"c:base"})), "=> ");
  EXPECT_EQ(Told(graph, PlanOfflineStamp(graph, {"a:c", "b:c"})), "RANGE_NOT_ALLOWED");
}

TEST(RowsExcluded, AreWhatAPlanTouchesAndAllAboveItButForItsStart) {
  const Graph graph = MakeGraph("a; b: a; c: b; e: a; x; y: x +b");
  const auto excluded = [&](const Result<Plan>& plan) {
    return Names(graph, RowsExcludedBy(graph, plan.value()));
  };
  EXPECT_EQ(excluded(PlanOfflineUpgrade(graph, "b")), "a b c e y");
  EXPECT_EQ(excluded(PlanOfflineUpgrade(graph, "a:b")), "b c y");
  EXPECT_EQ(excluded(PlanOfflineUpgrade(graph, "e:b")), "b c y");
  EXPECT_EQ(excluded(PlanOfflineUpgrade(graph, "b:a")), "");
  EXPECT_EQ(excluded(PlanOfflineDowngrade(graph, "c:b")), "b y");
  EXPECT_EQ(excluded(PlanOfflineDowngrade(graph, "c:base")), "a b e y");
  EXPECT_EQ(excluded(PlanOfflineStamp(graph, {"a:c"})), "b c y");
  EXPECT_EQ(excluded(PlanOfflineStamp(graph, {"c:base"})), "a b e y");
}

TEST(Edited, RevisionsOfAnAppliedNameDoNotRun) {
  const auto arrival = [](std::string name, char digit, std::vector<Id> parents) {
    return Arrival{{.name = name, .id = *Id::FromHex(std::string(64, digit))}, parents, {}};
  };
  const Arrival a = arrival("a", 'a', {}), b = arrival("b", 'b', {a.node.id});
  const Arrival before_edit = arrival("b", 'e', {a.node.id});
  const Graph view = Graph::Over(Grown(Graph(), {a, b}).value());
  const Graph both = view.ExtendedTo(Grown(view, {before_edit}).value(), Winner::kOld);
  const Plan plan = PlanUpgrade(view, {{0}}, "b").value();
  const auto refused = RefuseEdited(view, plan, both, {*both.FindId(before_edit.node.id)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kEditedSinceApplied);
  EXPECT_THAT(refused.error().message, HasSubstr("revision b is applied as eeeeeeeeeeee"));
  EXPECT_TRUE(RefuseEdited(view, plan, both, {0})) << "the other b is known, but not applied";
}

// The rows, by the definition, for a set that is closed downward.
Positions RowsOf(const Graph& graph, const std::set<Position>& applied) {
  return MaximalOf(graph, {applied.begin(), applied.end()}, Follow::kAll);
}

void ExpectSound(const Graph& graph, std::set<Position> applied, const Plan& plan) {
  std::set<Position> rows(plan.start.begin(), plan.start.end());
  for (const Step& step : plan.steps) {
    for (Position p : step.rows_removed) ASSERT_EQ(rows.erase(p), 1u);
    for (Position p : step.rows_added) ASSERT_TRUE(rows.insert(p).second);
    if (step.direction == Direction::kUp) {
      ASSERT_TRUE(applied.insert(step.revision).second);
    } else {
      ASSERT_EQ(applied.erase(step.revision), 1u);
    }
    std::set<Position> closed;
    for (Position p : applied) closed.merge(SlowAncestors(graph, {p}, Follow::kAll));
    ASSERT_EQ(closed, applied) << "something is applied without what it needs";
    ASSERT_EQ(Positions(rows.begin(), rows.end()), RowsOf(graph, applied));
  }
  ASSERT_EQ(plan.final, RowsOf(graph, applied));
}

TEST(EveryPlan, KeepsTheRowsMaximalAfterEachStep) {
  std::mt19937 random(11);
  int steps = 0;
  for (int round = 0; round < 400; ++round) {
    Graph graph = RandomGraph(random, 25);
    auto applied = SlowAncestors(graph, RandomSet(random, graph, 2), Follow::kAll);
    Current current{RowsOf(graph, applied)};
    Position target = static_cast<Position>(random() % graph.size());
    Plan up = PlanUpgrade(graph, current, graph.name(target)).value();
    ExpectSound(graph, applied, up);
    Plan all = PlanUpgrade(graph, current, "heads").value();
    ExpectSound(graph, applied, all);
    auto down = PlanDowngrade(graph, current, graph.name(target));
    if (down) ExpectSound(graph, applied, *down);
    ExpectSound(graph, applied, PlanDowngrade(graph, current, "base").value());
    steps += static_cast<int>(up.steps.size() + (down ? down->steps.size() : 0));
  }
  EXPECT_GT(steps, 500) << "too few to say anything";
}

// One base with as many children: a step that costs what its neighbours' neighbours are many would
// never end.
TEST(EveryPlan, OfTwentyThousandRevisionsEnds) {
  std::vector<NodeSpec> specs(20001);
  specs[0].node.name = "base_of_all";
  for (std::size_t i = 1; i < specs.size(); ++i) {
    specs[i].node.name = "r" + std::to_string(i);
    specs[i].parents = {i % 2 ? "base_of_all" : "r" + std::to_string(i - 1)};
  }
  Graph graph = Graph::Build(std::move(specs)).value();
  Plan up = PlanUpgrade(graph, {}, "heads").value();
  Plan down = PlanDowngrade(graph, Current{up.final}, "base").value();
  EXPECT_EQ(up.steps.size(), 20001u);
  EXPECT_EQ(down.steps.size(), 20001u);
}

}  // namespace
}  // namespace mig
