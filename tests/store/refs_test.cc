#include "store/refs.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "store/objects.h"
#include "tests/store/any_kv.h"
#include "tests/store/faulty_kv.h"
#include "tests/store/some_revisions.h"

namespace mig {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Id kA = IdNamed("a");
const Id kB = IdNamed("b");
const Id kC = IdNamed("c");

std::vector<std::string> NamesOf(const Result<std::vector<Ref>>& refs) {
  std::vector<std::string> names;
  for (const Ref& ref : *refs) names.push_back(ref.name);
  return names;
}

class RefsTest : public AnyKv {};
MIG_OVER_EVERY_KV(RefsTest);

TEST_P(RefsTest, ACreatedRefIsFound) {
  Refs refs(kv());
  ASSERT_TRUE(refs.Create("shop", "main", {kA}, By("m1")));
  EXPECT_EQ(*refs.Get("shop", "main"), (Ref{"main", {kA}, 1, "m1"}));
}

TEST_P(RefsTest, AnAbsentRefIsNamed) {
  Refs refs(kv());
  EXPECT_EQ(refs.Get("shop", "main").error().reason, Reason::kNoSuchRef);
  EXPECT_EQ(*refs.Find("shop", "main"), std::nullopt);
  ASSERT_TRUE(refs.Create("shop", "main", {kA}, By("m1")));
  EXPECT_EQ(refs.Get("other", "main").error().reason, Reason::kNoSuchRef);
}

TEST_P(RefsTest, ASwapMovesWhatIsAsExpected) {
  Refs refs(kv());
  const Ref first = *refs.Create("shop", "main", {kA}, By("m1"));
  const auto second = refs.CompareAndSwap("shop", first, {kB, kC, kB}, By("m2"));
  ASSERT_TRUE(second) << second.error().message;
  std::vector<Id> heads = {kB, kC};
  std::sort(heads.begin(), heads.end());
  EXPECT_EQ(*second, (Ref{"main", heads, 2, "m2"}));
  EXPECT_EQ(*refs.Get("shop", "main"), *second);
}

TEST_P(RefsTest, ALostRaceSaysWhatTheRefIsNow) {
  Refs refs(kv());
  const Ref first = *refs.Create("shop", "main", {kA}, By("m1"));
  ASSERT_TRUE(refs.CompareAndSwap("shop", first, {kB}, By("m2")));
  for (const auto& lost : {refs.CompareAndSwap("shop", first, {kC}, By("m3")),
                           refs.Create("shop", "main", {kC}, By("m4"))}) {
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().reason, Reason::kRefMoved);
    EXPECT_THAT(lost.error().message, HasSubstr(kB.hex()));
    EXPECT_EQ(lost.error().details.at("heads"), kB.hex());
    EXPECT_EQ(lost.error().details.at("move_number"), "2");
  }
  EXPECT_EQ(refs.Delete("shop", first, By("m5")).error().reason, Reason::kRefMoved);
}

TEST_P(RefsTest, ComingBackToTheSameHeadsIsAnotherState) {
  Refs refs(kv());
  const Ref first = *refs.Create("shop", "main", {kA}, By("m1"));
  const Ref second = *refs.CompareAndSwap("shop", first, {kB}, By("m2"));
  ASSERT_TRUE(refs.CompareAndSwap("shop", second, {kA}, By("m3")));
  EXPECT_EQ(refs.CompareAndSwap("shop", first, {kC}, By("m4")).error().reason, Reason::kRefMoved);
}

TEST_P(RefsTest, RepeatingAMoveAnswersTheSameEvenAfterLaterOnes) {
  Refs refs(kv());
  const Ref first = *refs.Create("shop", "main", {kA}, By("m1"));
  EXPECT_EQ(*refs.Create("shop", "main", {kA}, By("m1")), first);
  const Ref second = *refs.CompareAndSwap("shop", first, {kB}, By("m2"));
  ASSERT_TRUE(refs.CompareAndSwap("shop", second, {kC}, By("m3")));
  EXPECT_EQ(*refs.CompareAndSwap("shop", first, {kB}, By("m2")), second);
  EXPECT_EQ(refs.Log("shop", "main")->size(), 3u);
}

TEST_P(RefsTest, ADeletedRefIsGoneAndItsNumbersGoOn) {
  Refs refs(kv());
  const Ref first = *refs.Create("shop", "main", {kA}, By("m1"));
  ASSERT_TRUE(refs.Delete("shop", first, By("m2")));
  EXPECT_EQ(refs.Get("shop", "main").error().reason, Reason::kNoSuchRef);
  EXPECT_THAT(*refs.List("shop"), IsEmpty());
  EXPECT_EQ(refs.CompareAndSwap("shop", first, {kB}, By("m3")).error().reason, Reason::kRefMoved);
  EXPECT_EQ(*refs.Create("shop", "main", {kB}, By("m4")), (Ref{"main", {kB}, 3, "m4"}));
}

TEST_P(RefsTest, TheLogHasEveryMoveInOrder) {
  Refs refs(kv());
  const Ref first = *refs.Create("shop", "main", {kA}, By("m1"));
  const Ref second = *refs.CompareAndSwap("shop", first, {kB}, By("m2"));
  ASSERT_TRUE(refs.Delete("shop", second, By("m3")));
  ASSERT_TRUE(refs.Create("shop", "main/next", {kC}, By("m4")));
  EXPECT_THAT(*refs.Log("shop", "main"),
              ElementsAre(RefMove{1, By("m1"), {}, {kA}}, RefMove{2, By("m2"), {kA}, {kB}},
                          RefMove{3, By("m3"), {kB}, {}}));
  EXPECT_THAT(*refs.Log("shop", "main", 1, 1), ElementsAre(RefMove{2, By("m2"), {kA}, {kB}}));
}

TEST_P(RefsTest, AProtectedRefIsNotDeletedAndStaysSoWhenItMoves) {
  Refs refs(kv());
  const Ref first = *refs.Create("shop", "main", {kA}, By("m1"));
  const Ref guarded = *refs.SetProtection("shop", first, true, By("m2"));
  EXPECT_TRUE(guarded.is_protected);
  EXPECT_EQ(refs.Delete("shop", guarded, By("m3")).error().reason, Reason::kRefProtected);
  EXPECT_EQ(refs.Delete("shop", first, By("m4")).error().reason, Reason::kRefMoved)
      << "whoever has not seen the protection loses the race";
  const Ref moved = *refs.CompareAndSwap("shop", guarded, {kB}, By("m5"));
  EXPECT_TRUE(moved.is_protected);
  const Ref free = *refs.SetProtection("shop", moved, false, By("m6"));
  EXPECT_TRUE(refs.Delete("shop", free, By("m7")));
  EXPECT_FALSE(refs.Create("shop", "main", {kA}, By("m8"))->is_protected);
}

TEST_P(RefsTest, ProtectingIsInTheLog) {
  Refs refs(kv());
  const Ref first = *refs.Create("shop", "main", {kA}, By("m1"));
  ASSERT_TRUE(refs.SetProtection("shop", first, true, By("m2")));
  EXPECT_THAT(*refs.Log("shop", "main", 1), ElementsAre(RefMove{2, By("m2"), {kA}, {kA}, true}));
}

TEST_P(RefsTest, ANameMeansTheRefItselfBeforeThatOfARemote) {
  Refs refs(kv());
  ASSERT_TRUE(refs.Create("shop", "remotes/origin/main", {kA}, By("m1")));
  EXPECT_EQ(refs.Resolve("shop", "main")->name, "remotes/origin/main");
  EXPECT_EQ(refs.Resolve("shop", "origin/main")->name, "remotes/origin/main");
  EXPECT_EQ(refs.Resolve("shop", "in/main").error().reason, Reason::kNoSuchRef);
  ASSERT_TRUE(refs.Create("shop", "remotes/other/main", {kB}, By("m2")));
  EXPECT_EQ(refs.Resolve("shop", "main").error().reason, Reason::kAmbiguousPrefix);
  EXPECT_EQ(refs.Resolve("shop", "other/main")->name, "remotes/other/main");
  ASSERT_TRUE(refs.Create("shop", "main", {kC}, By("m3")));
  EXPECT_EQ(refs.Resolve("shop", "main")->name, "main");
}

TEST_P(RefsTest, ListIsByNameWithinTheProjectAndPrefix) {
  Refs refs(kv());
  for (const char* name : {"team-b/prices", "main", "team-a/prices", "team-a/stock"}) {
    ASSERT_TRUE(refs.Create("shop", name, {kA}, By(name)));
  }
  ASSERT_TRUE(refs.Create("shop2", "main", {kB}, By("x")));
  EXPECT_THAT(NamesOf(refs.List("shop")),
              ElementsAre("main", "team-a/prices", "team-a/stock", "team-b/prices"));
  EXPECT_THAT(NamesOf(refs.List("shop", "team-a/")), ElementsAre("team-a/prices", "team-a/stock"));
}

TEST_P(RefsTest, NoTwoRefsDifferInCaseAlone) {
  Refs refs(kv());
  const Ref main = *refs.Create("shop", "main", {kA}, By("m1"));
  EXPECT_EQ(refs.Create("shop", "Main", {kA}, By("m2")).error().reason, Reason::kNameInvalid);
  EXPECT_TRUE(refs.Create("other", "Main", {kA}, By("m3")));
  ASSERT_TRUE(refs.Delete("shop", main, By("m4")));
  EXPECT_TRUE(refs.Create("shop", "Main", {kA}, By("m5")));
}

TEST_P(RefsTest, AProjectThatIsNoNameIsToldWithoutItsControlCharacters) {
  const auto refused = Refs(kv()).Get("a\x1b[2J" + std::string(10'000, 'x'), "main");
  EXPECT_EQ(refused.error().reason, Reason::kNameInvalid);
  EXPECT_THAT(refused.error().message, HasSubstr("`a?[2Jx"));
  EXPECT_LT(refused.error().message.size(), 500u);
  EXPECT_THAT(HintOf(refused.error()), HasSubstr("[project]"));
}

TEST_P(RefsTest, WhatMakesNoSenseIsRefused) {
  Refs refs(kv());
  EXPECT_EQ(refs.Create("shop", "main", {}, By("m")).error().reason, Reason::kInvalidArgument);
  EXPECT_EQ(refs.Create("shop", "main", {kA}, By("")).error().reason, Reason::kInvalidArgument);
  EXPECT_EQ(refs.Create("shop", "a b", {kA}, By("m")).error().reason, Reason::kNameInvalid);
  EXPECT_EQ(refs.Create("a/b", "main", {kA}, By("m")).error().reason, Reason::kNameInvalid);
}

TEST_P(RefsTest, SwapsByEightThreadsOnOneRefAreAllInTheLog) {
  constexpr int kThreads = 8;
  constexpr int kEach = 20;
  Refs refs(kv());
  ASSERT_TRUE(refs.Create("shop", "main", {kA}, By("start")));
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int done = 0; done < kEach;) {
        const std::string id = std::to_string(t) + "-" + std::to_string(done);
        const auto moved = refs.CompareAndSwap("shop", *refs.Get("shop", "main"), {kB}, By(id));
        if (moved) {
          ++done;
        } else if (moved.error().reason != Reason::kRefMoved) {
          ++failures;
          return;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  const auto log = refs.Log("shop", "main");
  ASSERT_EQ(log->size(), 1u + kThreads * kEach);
  std::set<std::string> ids;
  for (std::size_t i = 0; i < log->size(); ++i) {
    EXPECT_EQ((*log)[i].number, i + 1);
    ids.insert((*log)[i].by.move_id);
  }
  EXPECT_EQ(ids.size(), log->size());
}

// A push: objects first, then the ref. Whatever fails, a ref never names an object that is not
// there, its log has exactly the moves it made, and the same push repeated ends as an undisturbed
// one.
Result<void> Push(Kv& kv, const Revision& revision, const std::string& move_id) {
  TRY(Objects(kv).Put("shop", revision));
  Refs refs(kv);
  const auto now = TRY(refs.Find("shop", "main"));
  const std::vector<Id> heads = {IdOf(revision)};
  if (now && now->heads == heads) return {};
  if (!now) {
    TRY(refs.Create("shop", "main", heads, By(move_id)));
  } else {
    TRY(refs.CompareAndSwap("shop", *now, heads, By(move_id)));
  }
  return {};
}

void ExpectWhole(Kv& kv) {
  const auto ref = Refs(kv).Find("shop", "main");
  const auto log = Refs(kv).Log("shop", "main");
  ASSERT_TRUE(ref && log);
  ASSERT_EQ(log->size(), *ref ? (*ref)->move_number : 0);
  if (!*ref) return;
  EXPECT_EQ(log->back().to, (*ref)->heads);
  for (const Id& head : (*ref)->heads) EXPECT_TRUE(Objects(kv).Get(head));
}

TEST(PushWithFaults, LeavesRefsAndObjectsWholeAndCanBeRepeated) {
  const Revision first = MakeRevision("first");
  const Revision second = MakeRevision("second", {IdOf(first)});
  int fired = 0;
  for (Fault fault : {Fault::kBefore, Fault::kAfter, Fault::kDead}) {
    for (int at = 1;; ++at) {
      MemoryKv store;
      FaultyKv faulty(store, fault, at);
      const bool done = Push(faulty, first, "m1") && Push(faulty, second, "m2");
      ExpectWhole(store);
      if (!faulty.fired()) {
        EXPECT_TRUE(done);
        break;
      }
      ++fired;
      ASSERT_TRUE(done || (Push(store, first, "m3") && Push(store, second, "m4")));
      ExpectWhole(store);
      EXPECT_THAT(Refs(store).Get("shop", "main")->heads, ElementsAre(IdOf(second)));
    }
  }
  EXPECT_EQ(fired, 12);
}

TEST(RefsWithFaults, AMoveWhoseAnswerWasLostIsFoundInTheLog) {
  for (Fault fault : {Fault::kBefore, Fault::kAfter}) {
    MemoryKv store;
    const Ref first = *Refs(store).Create("shop", "main", {kA}, By("m1"));
    FaultyKv faulty(store, fault, 1);
    const auto moved = Refs(faulty).CompareAndSwap("shop", first, {kB}, By("m2"));
    ASSERT_TRUE(moved) << moved.error().message;
    EXPECT_EQ(moved->move_number, 2u);
    EXPECT_EQ(Refs(store).Log("shop", "main")->size(), 2u);
  }
}

}  // namespace
}  // namespace mig
