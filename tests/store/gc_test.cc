// The collection of garbage, beside pushes at every interleaving.
#include "store/gc.h"

#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <set>

#include "store/check.h"
#include "store/core/limits.h"
#include "store/keys.h"
#include "store/memory_kv.h"
#include "store/objects.h"
#include "store/refs.h"
#include "store/target_records.h"
#include "tests/store/faulty_kv.h"
#include "tests/store/some_revisions.h"

namespace mig {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Times are single digits here: they only have to sort.
GcRequest PruneSince(const std::string& since) {
  static int words = 0;
  return {since, "9", true, [] { return "gc" + std::to_string(++words); }};
}

struct Collected {
  std::vector<std::string> removed;
  GcCounts counts;
  std::string error;
};

Collected Collect(Kv& kv, const GcRequest& request) {
  Collected collected;
  const GcObserver observer = {
      [&](const Garbage& garbage) { collected.removed.push_back(garbage.name); },
      [](std::int64_t) { return true; }};
  const auto counts = CollectGarbage(kv, request, observer);
  if (counts) {
    collected.counts = *counts;
  } else {
    collected.error = counts.error().message;
  }
  return collected;
}

std::vector<std::string> ProblemsIn(Kv& kv) {
  std::vector<std::string> problems;
  const CheckObserver observer = {
      [&](const Finding& finding) { problems.push_back(finding.key + ": " + finding.problem); },
      [](const CheckCounts&) { return true; }};
  const auto counts = CheckStore(kv, observer);
  if (!counts) problems.push_back(counts.error().message);
  return problems;
}

// base <- left <- tip, and base <- right, stored at time 1.
class GcTest : public testing::Test {
 protected:
  GcTest() {
    base_ = MakeRevision("root");
    left_ = MakeRevision("left", {IdOf(base_)});
    tip_ = MakeRevision("tip", {IdOf(left_)});
    right_ = MakeRevision("right", {IdOf(base_)});
  }

  void Store(const std::vector<Revision>& revisions, const std::string& time = "1") {
    for (const Revision& revision : revisions)
      ASSERT_TRUE(Objects(kv_, [&] { return time; }).Put("shop", revision));
  }
  Mover MoverNow(const std::string& id) {
    Mover by = By(id);
    by.collection = *Refs(kv_).Collection();
    return by;
  }

  MemoryKv kv_;
  Revision base_, left_, tip_, right_;
};

TEST_F(GcTest, KeepsWhatRefsTheirLogsAndTargetsLeadTo) {
  Store({base_, left_, tip_, right_});
  const auto main = Refs(kv_).Create("shop", "main", {IdOf(left_)}, By("m1"));
  ASSERT_TRUE(main);
  ASSERT_TRUE(Refs(kv_).CompareAndSwap("shop", *main, {IdOf(base_)}, By("m2")));
  ASSERT_TRUE(TargetRecords(kv_).Put({"shop", "t1", "sqlite:a", "1", {IdOf(right_)}}, "", "w1"));
  const Collected collected = Collect(kv_, PruneSince("5"));
  EXPECT_THAT(collected.removed, ElementsAre("tip"));
  EXPECT_EQ(collected.counts.kept, 3);
  EXPECT_FALSE(*Objects(kv_).Has(IdOf(tip_)));
  EXPECT_THAT(ProblemsIn(kv_), IsEmpty());
}

TEST_F(GcTest, TellsHowFarItIsOnceInAThousandAndStopsWhenTold) {
  constexpr int kRevisions = 2500;
  std::vector<Revision> line = {base_};
  for (int i = 1; i < kRevisions; ++i)
    line.push_back(MakeRevision("r" + std::to_string(i), {IdOf(line.back())}));
  Store(line);
  ASSERT_TRUE(Refs(kv_).Create("shop", "main", {IdOf(line.back())}, By("m1")));
  std::vector<std::int64_t> seen;
  const auto look = [&](std::int64_t most) {
    seen.clear();
    return CollectGarbage(kv_, PruneSince("5"),
                          {[](const Garbage&) {},
                           [&](std::int64_t now) {
                             seen.push_back(now);
                             return now < most;
                           }});
  };
  EXPECT_EQ(look(INT64_MAX)->kept, kRevisions);
  EXPECT_THAT(seen, ElementsAre(1000, 2000));
  EXPECT_EQ(look(1000).error().reason, Reason::kCancelled);
  EXPECT_THAT(seen, ElementsAre(1000));
}

TEST_F(GcTest, KeepsWhatADeletedRefLedTo) {
  Store({base_, left_});
  const auto main = Refs(kv_).Create("shop", "main", {IdOf(left_)}, By("m1"));
  ASSERT_TRUE(Refs(kv_).Delete("shop", *main, By("m2")));
  EXPECT_THAT(Collect(kv_, PruneSince("5")).removed, IsEmpty());
}

TEST_F(GcTest, KeepsWhatIsYoungAndAllBelowIt) {
  Store({base_, left_, right_}, "1");
  Store({tip_}, "5");
  EXPECT_THAT(Collect(kv_, PruneSince("5")).removed, ElementsAre("right"));
  EXPECT_THAT(Collect(kv_, PruneSince("6")).removed, ElementsAre("tip", "left", "root"))
      << "children before parents";
}

TEST_F(GcTest, CountsTheAgeFromTheLastTimeItWasStored) {
  Store({base_}, "1");
  Store({base_}, "7");
  EXPECT_THAT(Collect(kv_, PruneSince("5")).removed, IsEmpty());
}

TEST_F(GcTest, LetsWhatHasNoTimeGrowOldFromNowOn) {
  Store({base_}, "");
  EXPECT_THAT(Collect(kv_, PruneSince("5")).removed, IsEmpty());
  EXPECT_THAT(Collect(kv_, PruneSince("95")).removed, ElementsAre("root"));
}

TEST_F(GcTest, ChangesNothingUnlessItIsToPrune) {
  Store({base_, left_});
  const auto before = *ScanAll(kv_, "", "");
  GcRequest request = PruneSince("5");
  request.prune = false;
  const Collected collected = Collect(kv_, request);
  EXPECT_THAT(collected.removed, ElementsAre("left", "root"));
  EXPECT_GT(collected.counts.bytes, 0);
  EXPECT_EQ(*ScanAll(kv_, "", ""), before);
}

TEST_F(GcTest, RemovesNothingWhereSomethingNeededIsMissing) {
  Store({left_, tip_, right_});
  ASSERT_TRUE(Refs(kv_).Create("shop", "main", {IdOf(left_)}, By("m1")));
  const Collected collected = Collect(kv_, PruneSince("5"));
  EXPECT_EQ(collected.error, "revision " + IdOf(base_).hex() + " is needed, and is not stored");
  EXPECT_TRUE(*Objects(kv_).Has(IdOf(right_)));
}

TEST_F(GcTest, RemovesLargeRevisionsAndPartsThatWereLeftOver) {
  const Revision large = MakeRevision("large", {}, std::string(1'200'000, 'x'));
  Store({large});
  const Id stray = IdNamed("stray");
  Batch batch;
  batch.writes = {Write::Put(keys::Chunk(stray, 0), "part")};
  ASSERT_TRUE(kv_.Commit(batch));
  const Collected collected = Collect(kv_, PruneSince("5"));
  EXPECT_THAT(collected.removed, ElementsAre("large"));
  EXPECT_EQ(collected.counts.leftovers, 1);
  const auto left = *ScanAll(kv_, "", "", true);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].key, "epoch/gc");
}

TEST_F(GcTest, RemovesMoreThanOneCommitHolds) {
  std::vector<Revision> chain;
  for (int i = 0; i < 500; ++i) {
    chain.push_back(MakeRevision("r" + std::to_string(i), chain.empty()
                                                              ? std::vector<Id>()
                                                              : std::vector{IdOf(chain.back())}));
  }
  Store(chain);
  ASSERT_TRUE(Refs(kv_).Create("shop", "main", {IdOf(chain[99])}, By("m1")));
  EXPECT_EQ(Collect(kv_, PruneSince("5")).removed.size(), 400U);
  EXPECT_THAT(ProblemsIn(kv_), IsEmpty());
}

TEST_F(GcTest, RefusesAMoveThatLookedBeforeItRemoved) {
  Store({base_});
  const Mover by = MoverNow("m1");
  ASSERT_TRUE(*Objects(kv_).Has(IdOf(base_)));
  EXPECT_THAT(Collect(kv_, PruneSince("5")).removed, ElementsAre("root"));
  EXPECT_EQ(Refs(kv_).Create("shop", "main", {IdOf(base_)}, by).error().reason, Reason::kRefMoved);
}

// Calls a hook before each call of the store.
class SteppingKv : public Kv {
 public:
  SteppingKv(Kv& kv, std::function<void(int)> before_call)
      : kv_(kv), before_call_(std::move(before_call)) {}

  int calls() const { return calls_; }

  Result<std::vector<std::optional<std::string>>> Get(
      const std::vector<std::string>& keys) override {
    Step();
    return kv_.Get(keys);
  }
  Result<Page> Scan(std::string_view begin, std::string_view end, std::size_t limit,
                    bool keys_only) override {
    Step();
    return kv_.Scan(begin, end, limit, keys_only);
  }
  Result<Outcome> Commit(const Batch& batch) override {
    Step();
    return kv_.Commit(batch);
  }

 private:
  void Step() { before_call_(++calls_); }

  Kv& kv_;
  const std::function<void(int)> before_call_;
  int calls_ = 0;
};

// A push of a chain of revisions, one step at a time; it begins again when it was overtaken.
class Push {
 public:
  Push(Kv& kv, std::vector<Revision> chain) : kv_(kv), chain_(std::move(chain)) {}

  static constexpr int kSteps = 3;

  void Take(int step) {
    if (done_) return;
    if (step == 0) Look();
    if (step == 1) Store();
    if (step == 2) Move();
  }
  void Finish() {
    for (int tries = 0; !done_ && tries < 10; ++tries) {
      for (int step = 0; step < kSteps; ++step) Take(step);
    }
    ASSERT_TRUE(done_);
  }

 private:
  void Look() {
    by_ = By("push");
    by_.collection = *Refs(kv_).Collection();
    missing_.clear();
    for (const Revision& revision : chain_) {
      if (!*Objects(kv_).Has(IdOf(revision))) missing_.push_back(revision);
    }
  }
  void Store() {
    for (const Revision& revision : missing_) {
      ASSERT_TRUE(Objects(kv_, [] { return "1"; }).Put("shop", revision));
    }
  }
  void Move() {
    const auto moved = Refs(kv_).Create("shop", "main", {IdOf(chain_.back())}, by_);
    ASSERT_TRUE(moved || moved.error().reason == Reason::kRefMoved);
    done_ = moved.has_value();
  }

  Kv& kv_;
  const std::vector<Revision> chain_;
  std::vector<Revision> missing_;
  Mover by_;
  bool done_ = false;
};

std::vector<std::string> LostBelow(Kv& kv, const std::vector<Revision>& chain) {
  std::vector<std::string> lost;
  for (const Revision& revision : chain) {
    if (!*Objects(kv).Has(IdOf(revision))) lost.push_back(revision.name);
  }
  return lost;
}

// The steps of a push fall before any calls of a collection that counts nothing as young. Some of
// what is pushed is there already, as garbage, and one of it is large.
TEST_F(GcTest, LosesNothingOfAPushThatGoesOnMeanwhile) {
  const Revision large = MakeRevision("large", {IdOf(left_)}, std::string(600'000, 'x'));
  const std::vector<Revision> chain = {base_, left_, large};
  const auto with_steps_at = [&](const std::vector<int>& at) {
    MemoryKv kv;
    for (const Revision& revision : {base_, left_, right_, tip_})
      EXPECT_TRUE(Objects(kv, [] { return "1"; }).Put("shop", revision));
    Push push(kv, chain);
    SteppingKv stepping(kv, [&](int call) {
      for (int step = 0; step < Push::kSteps; ++step) {
        if (at[static_cast<std::size_t>(step)] == call) push.Take(step);
      }
    });
    EXPECT_EQ(Collect(stepping, PruneSince("5")).error, "");
    push.Finish();
    EXPECT_THAT(LostBelow(kv, chain), IsEmpty())
        << "steps before calls " << testing::PrintToString(at);
    EXPECT_THAT(ProblemsIn(kv), IsEmpty()) << "steps before calls " << testing::PrintToString(at);
    return stepping.calls();
  };
  const int calls = with_steps_at({0, 0, 0}) + 8;  // some more: it may have to look again
  const int stride = std::getenv("MIG_SOAK") == nullptr ? 4 : 1;
  for (int look = 1; look <= calls; ++look) {
    for (int store = look; store <= calls; store += stride) {
      for (int move = store; move <= calls; move += stride) with_steps_at({look, store, move});
    }
  }
}

// The other way round: a whole collection falls before each call of a push.
TEST_F(GcTest, LosesNothingOfAPushItFallsInto) {
  const Revision large = MakeRevision("large", {IdOf(left_)}, std::string(600'000, 'x'));
  const std::vector<Revision> chain = {base_, left_, large};
  for (int at = 1;; ++at) {
    MemoryKv kv;
    for (const Revision& revision : {base_, left_, right_})
      ASSERT_TRUE(Objects(kv, [] { return "1"; }).Put("shop", revision));
    SteppingKv stepping(kv, [&](int call) {
      if (call == at || call == at + 2) Collect(kv, PruneSince("5"));
    });
    Push(stepping, chain).Finish();
    ASSERT_THAT(LostBelow(kv, chain), IsEmpty()) << "before call " << at;
    ASSERT_THAT(ProblemsIn(kv), IsEmpty()) << "before call " << at;
    if (stepping.calls() < at) break;
  }
}

TEST_F(GcTest, LeavesAWholeStoreWhereverItFails) {
  for (const Fault fault : {Fault::kBefore, Fault::kAfter, Fault::kDead}) {
    for (int at = 1;; ++at) {
      MemoryKv kv;
      std::vector<Revision> chain;
      for (int i = 0; i < 120; ++i) {
        chain.push_back(
            MakeRevision("r" + std::to_string(i),
                         chain.empty() ? std::vector<Id>() : std::vector{IdOf(chain.back())}));
        ASSERT_TRUE(Objects(kv, [] { return "1"; }).Put("shop", chain.back()));
      }
      ASSERT_TRUE(Refs(kv).Create("shop", "main", {IdOf(chain[9])}, By("m1")));
      FaultyKv faulty(kv, fault, at);
      Collect(faulty, PruneSince("5"));
      ASSERT_THAT(ProblemsIn(kv), IsEmpty()) << "commit " << at;
      chain.resize(10);
      ASSERT_THAT(LostBelow(kv, chain), IsEmpty()) << "commit " << at;
      if (!faulty.fired()) break;
    }
  }
}

}  // namespace
}  // namespace mig
