#include "store/runs.h"

#include <gmock/gmock.h>

#include "store/core/limits.h"
#include "tests/store/any_kv.h"

namespace mig {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Run MakeRun(const std::string& id, const std::string& target, int minute) {
  Run run;
  run.id = id;
  run.project = "shop";
  run.target = target;
  run.url = "sqlite:/srv/shop.db";
  run.operation = "upgrade head";
  run.actor = "ann@example.com";
  run.started_at = "2026-11-22T08:" + std::to_string(10 + minute) + ":00Z";
  return run;
}

Run Ended(Run run, RunState state = RunState::kSucceeded) {
  run.state = state;
  run.finished_at = "2026-11-22T09:00:00Z";
  return run;
}

std::vector<std::string> IdsOf(const Result<std::vector<Run>>& runs) {
  std::vector<std::string> ids;
  for (const Run& run : *runs) ids.push_back(run.id);
  return ids;
}

class RunsTest : public AnyKv {};
MIG_OVER_EVERY_KV(RunsTest);

TEST_P(RunsTest, ARunIsReadAsItWasBegun) {
  Runs runs(kv());
  const auto run = MakeRun("r1", "shop/dev", 0);
  ASSERT_TRUE(runs.Begin(run));
  EXPECT_EQ(*runs.Get("r1"), run);
  EXPECT_EQ(runs.Get("r2").error().reason, Reason::kNoSuchRun);
  EXPECT_EQ(runs.Begin(run).error().reason, Reason::kInvalidArgument);
}

TEST_P(RunsTest, AnUpdateChangesHowItEndedAndNotWhatItIs) {
  Runs runs(kv());
  const auto run = MakeRun("r1", "shop/dev", 0);
  ASSERT_TRUE(runs.Begin(run));
  auto failed = Ended(run, RunState::kFailed);
  failed.error_reason = "STATEMENT_FAILED";
  failed.error_message = "line one\nline two";
  ASSERT_TRUE(runs.Update(failed));
  EXPECT_EQ(*runs.Get("r1"), failed);
  auto moved = failed;
  moved.target = "shop/prod";
  moved.started_at = "2027-01-01T00:00:00Z";
  ASSERT_TRUE(runs.Update(moved));
  EXPECT_EQ(*runs.Get("r1"), failed);
  EXPECT_EQ(runs.Update(MakeRun("r2", "x", 0)).error().reason, Reason::kNoSuchRun);
}

TEST_P(RunsTest, AnUpdateAddsItsEventOrNothing) {
  Runs runs(kv());
  const auto run = Ended(MakeRun("r1", "dev", 0));
  EXPECT_EQ(runs.Update(run, RunEvent{1, "end"}).error().reason, Reason::kNoSuchRun);
  EXPECT_THAT(*runs.Events("r1", 0, 10), IsEmpty());
  ASSERT_TRUE(runs.Begin(MakeRun("r1", "dev", 0)));
  ASSERT_TRUE(runs.Update(run, RunEvent{1, "end"}));
  EXPECT_EQ(*runs.Get("r1"), run);
  EXPECT_THAT(*runs.Events("r1", 0, 10), ElementsAre(RunEvent{1, "end"}));
}

TEST_P(RunsTest, ListIsNewestFirstOfOneTargetOrAll) {
  Runs runs(kv());
  ASSERT_TRUE(runs.Begin(MakeRun("old", "shop/dev", 1)));
  ASSERT_TRUE(runs.Begin(MakeRun("new", "shop/dev", 29)));
  ASSERT_TRUE(runs.Begin(MakeRun("other", "shop/prod", 12)));
  EXPECT_THAT(IdsOf(runs.List({}, 10)), ElementsAre("new", "other", "old"));
  EXPECT_THAT(IdsOf(runs.List({.target = "shop/dev"}, 10)), ElementsAre("new", "old"));
  EXPECT_THAT(IdsOf(runs.List({}, 2)), ElementsAre("new", "other"));
  EXPECT_THAT(IdsOf(runs.List({.target = "none"}, 10)), IsEmpty());
}

TEST_P(RunsTest, ListFindsARareTargetBehindManyOthers) {
  Runs runs(kv());
  ASSERT_TRUE(runs.Begin(MakeRun("rare", "rare", 0)));
  for (int i = 0; i < 250; ++i) {
    ASSERT_TRUE(runs.Begin(MakeRun("r" + std::to_string(i), "shop/dev", 10)));
  }
  EXPECT_THAT(IdsOf(runs.List({.target = "rare"}, 3)), ElementsAre("rare"));
  EXPECT_EQ(runs.List({}, 1000)->size(), 251u);
}

TEST_P(RunsTest, ListCountsNoRunsOfOtherProjects) {
  Runs runs(kv());
  const auto begin = [&](const std::string& id, const std::string& project, int minute) {
    auto run = MakeRun(id, "dev", minute);
    run.project = project;
    ASSERT_TRUE(runs.Begin(run));
  };
  begin("shop1", "shop", 1);
  begin("shop2", "shop", 2);
  for (int i = 0; i < 150; ++i) begin("billing" + std::to_string(i), "billing", 3);
  begin("stock", "stock", 4);
  EXPECT_THAT(IdsOf(runs.List({{"shop"}, ""}, 1)), ElementsAre("shop2"));
  EXPECT_THAT(IdsOf(runs.List({{"shop"}, "dev"}, 9)), ElementsAre("shop2", "shop1"));
  EXPECT_THAT(IdsOf(runs.List({{"shop", "stock"}, ""}, 9)), ElementsAre("stock", "shop2", "shop1"));
  EXPECT_THAT(IdsOf(runs.List({{"shop"}, "prod"}, 9)), IsEmpty());
}

TEST_P(RunsTest, RetentionCountsTheRunsOfEachProject) {
  Runs runs(kv());
  for (int i = 0; i < 4; ++i) {
    auto run = Ended(MakeRun("r" + std::to_string(i), "dev", i));
    run.project = i == 0 ? "shop" : "billing";
    ASSERT_TRUE(runs.Begin(run));
  }
  EXPECT_EQ(*runs.Retain(2), 1u);
  EXPECT_THAT(IdsOf(runs.List({}, 9)), ElementsAre("r3", "r2", "r0"));
}

TEST_P(RunsTest, EventsAreReadFromASequenceOn) {
  Runs runs(kv());
  const std::string bytes("\0\xff\n", 3);
  ASSERT_TRUE(runs.Append("r1", {{1, "a"}, {2, bytes}}));
  ASSERT_TRUE(runs.Append("r1", {{3, ""}}));
  ASSERT_TRUE(runs.Append("r10", {{4, "another run's"}}));
  EXPECT_THAT(*runs.Events("r1", 0, 10),
              ElementsAre(RunEvent{1, "a"}, RunEvent{2, bytes}, RunEvent{3, ""}));
  EXPECT_THAT(*runs.Events("r1", 2, 10), ElementsAre(RunEvent{3, ""}));
  EXPECT_THAT(*runs.Events("r1", 0, 1), ElementsAre(RunEvent{1, "a"}));
  EXPECT_THAT(*runs.Events("r1", 3, 10), IsEmpty());
}

TEST_P(RunsTest, ManyAndLargeEventsAreSplitIntoCommits) {
  Runs runs(kv());
  std::vector<RunEvent> events;
  for (std::uint64_t i = 1; i <= 250; ++i) events.push_back({i, std::string(i * 100, 'x')});
  events.push_back({251, std::string(kMaxValueBytes / 2, 'y')});
  events.push_back({252, std::string(kMaxValueBytes / 2, 'z')});
  ASSERT_TRUE(runs.Append("r1", events));
  EXPECT_EQ(*runs.Events("r1", 0, 1000), events);
}

TEST_P(RunsTest, AnEventLargerThanAValueIsRefused) {
  Runs runs(kv());
  const std::string huge(kMaxValueBytes + 1, 'x');
  EXPECT_EQ(runs.Append("r1", {{1, huge}}).error().reason, Reason::kLimitExceeded);
}

TEST_P(RunsTest, RetentionKeepsTheNewestOfEachTargetAndWhatStillRuns) {
  Runs runs(kv());
  const auto running = MakeRun("running", "shop/dev", 0);
  ASSERT_TRUE(runs.Begin(running));
  for (int i = 1; i <= 4; ++i) {
    const auto run = MakeRun("dev" + std::to_string(i), "shop/dev", i);
    ASSERT_TRUE(runs.Begin(run));
    ASSERT_TRUE(runs.Append(run.id, {{1, "a"}, {2, "b"}}));
    ASSERT_TRUE(runs.Update(Ended(run)));
  }
  ASSERT_TRUE(runs.Begin(Ended(MakeRun("prod", "shop/prod", 0))));
  EXPECT_EQ(*runs.Retain(2), 2u);
  EXPECT_THAT(IdsOf(runs.List({}, 10)),
              testing::UnorderedElementsAre("dev4", "dev3", "running", "prod"));
  EXPECT_EQ(runs.Get("dev1").error().reason, Reason::kNoSuchRun);
  EXPECT_THAT(*runs.Events("dev1", 0, 10), IsEmpty());
  EXPECT_EQ(runs.Events("dev3", 0, 10)->size(), 2u);
  EXPECT_EQ(*runs.Retain(2), 0u);
}

TEST_P(RunsTest, KnowsWhatBeganAndDidNotEnd) {
  Runs runs(kv());
  for (const char* id : {"ended", "running", "interrupted"}) {
    ASSERT_TRUE(runs.Begin(MakeRun(id, "shop/dev", 0)));
  }
  ASSERT_TRUE(runs.Update(Ended(MakeRun("ended", "shop/dev", 0))));
  ASSERT_TRUE(runs.Update(Ended(MakeRun("interrupted", "shop/dev", 0), RunState::kInterrupted)));
  EXPECT_THAT(*runs.Unended(), ElementsAre("running"));
  EXPECT_EQ(runs.Get("interrupted")->state, RunState::kInterrupted);
}

TEST_P(RunsTest, FindsIdsByTheirBeginning) {
  Runs runs(kv());
  for (const char* id : {"abc1", "abc2", "abd1"}) {
    ASSERT_TRUE(runs.Begin(MakeRun(id, "shop/dev", 0)));
  }
  EXPECT_THAT(*runs.IdsWithPrefix("abc", 5), ElementsAre("abc1", "abc2"));
  EXPECT_THAT(*runs.IdsWithPrefix("ab", 2), ElementsAre("abc1", "abc2"));
  EXPECT_THAT(*runs.IdsWithPrefix("x", 5), IsEmpty());
}

TEST_P(RunsTest, AnIdIsChecked) {
  Runs runs(kv());
  for (const std::string& bad : {std::string(), std::string("a/b"), std::string(65, 'a')}) {
    EXPECT_EQ(runs.Get(bad).error().reason, Reason::kInvalidArgument) << bad;
    EXPECT_EQ(runs.Append(bad, {{1, ""}}).error().reason, Reason::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace mig
