// Damage at every kind of key is found, and named.
#include "store/check.h"

#include <gmock/gmock.h>

#include "store/keys.h"
#include "store/memory_kv.h"
#include "store/objects.h"
#include "store/refs.h"
#include "store/runs.h"
#include "store/seen_targets.h"
#include "store/target_records.h"
#include "tests/store/some_revisions.h"

namespace mig {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// base <- tip, which is large; main is at tip and was at base; a target is at tip; one run.
class CheckTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Objects(kv_).Put("shop", base_));
    ASSERT_TRUE(Objects(kv_).Put("shop", tip_));
    const auto main = Refs(kv_).Create("shop", "main", {IdOf(base_)}, By("m1"));
    ASSERT_TRUE(Refs(kv_).CompareAndSwap("shop", *main, {IdOf(tip_)}, By("m2")));
    ASSERT_TRUE(TargetRecords(kv_).Put({"shop", "t1", "sqlite:a.db", "1", {IdOf(tip_)}}, "", "w"));
    mig::Run run;
    run.id = "r1";
    run.target = "dev";
    run.started_at = "2026-11-22T08:15:30Z";
    ASSERT_TRUE(Runs(kv_).Begin(run));
    ASSERT_TRUE(Runs(kv_).Append("r1", {{1, "event"}}));
  }

  std::vector<Finding> Check() {
    std::vector<Finding> findings;
    const CheckObserver observer = {[&](const Finding& finding) { findings.push_back(finding); },
                                    [](const CheckCounts&) { return true; }};
    const auto counts = CheckStore(kv_, observer);
    EXPECT_TRUE(counts) << counts.error().message;
    if (counts) counts_ = *counts;
    return findings;
  }
  std::vector<std::string> Problems() {
    std::vector<std::string> problems;
    for (const Finding& finding : Check()) {
      EXPECT_NE(finding.remedy, "") << finding.problem;
      problems.push_back(finding.problem);
    }
    return problems;
  }

  void Put(const std::string& key, const std::string& value) {
    Batch batch;
    batch.writes = {Write::Put(key, value)};
    ASSERT_TRUE(kv_.Commit(batch));
  }
  void Drop(const std::string& key) {
    Batch batch;
    batch.writes = {Write::Delete(key)};
    ASSERT_TRUE(kv_.Commit(batch));
  }
  void FlipABitOf(const std::string& key) {
    std::string value = **GetOne(kv_, key);
    value[value.size() / 2] = static_cast<char>(value[value.size() / 2] ^ 1);
    Put(key, value);
  }

  MemoryKv kv_;
  const Revision base_ = MakeRevision("root");
  const Revision tip_ = MakeRevision("tip", {IdOf(base_)}, std::string(600'000, 'x'));
  const std::string base_hex_ = IdOf(base_).hex();
  const std::string tip_hex_ = IdOf(tip_).hex();
  CheckCounts counts_;
};

TEST_F(CheckTest, FindsNothingInAWholeStore) {
  EXPECT_THAT(Problems(), IsEmpty());
  EXPECT_EQ(counts_, (CheckCounts{2, 2, 1, 2, 1, 0}));
}

TEST_F(CheckTest, FindsAFlippedBitOfAnObject) {
  FlipABitOf("object/" + base_hex_);
  EXPECT_THAT(Problems(), ElementsAre("object " + base_hex_ +
                                      " is damaged in the store: its content has another hash"));
}

TEST_F(CheckTest, FindsAFlippedBitOfAPart) {
  FlipABitOf("chunk/" + tip_hex_ + "/0000000000000001");
  EXPECT_THAT(Problems(), ElementsAre("object " + tip_hex_ +
                                      " is damaged in the store: its content has another hash"));
}

TEST_F(CheckTest, FindsAMissingPart) {
  Drop("chunk/" + tip_hex_ + "/0000000000000000");
  EXPECT_THAT(Problems(), ElementsAre("object " + tip_hex_ +
                                      " is damaged in the store: its part 0 is missing"));
}

TEST_F(CheckTest, FindsWhatALinkLacks) {
  Drop("object/" + base_hex_);
  EXPECT_THAT(Problems(),
              ElementsAre("move 1 of ref `main` led to " + base_hex_ + ", which is not stored",
                          "project `shop` calls object " + IdOf(base_).short_hex() +
                              " `root`, and it is not stored",
                          "revision `tip` (" + IdOf(tip_).short_hex() + ") follows " + base_hex_ +
                              ", which is not stored"));
}

TEST_F(CheckTest, FindsARefToNothing) {
  Drop("object/" + tip_hex_);
  const std::string lost = tip_hex_ + ", which is not stored";
  EXPECT_THAT(Problems(),
              ElementsAre("move 2 of ref `main` led to " + lost,
                          "project `shop` calls object " + IdOf(tip_).short_hex() +
                              " `tip`, and it is not stored",
                          "ref `main` is at " + lost, "target sqlite:a.db is at " + lost));
}

TEST_F(CheckTest, ForgetsTheLogOfADeletedRefThatLeadsToNothing) {
  const Id nobody = IdNamed("nobody");
  const auto bad = Refs(kv_).Create("shop", "bad", {nobody}, By("m3"));
  ASSERT_TRUE(bad);
  for (const Finding& finding : Check()) EXPECT_FALSE(*Repair(kv_, finding)) << finding.problem;
  ASSERT_TRUE(Refs(kv_).Delete("shop", *bad, By("m4")));
  const auto findings = Check();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].problem, "the log of ref `bad`, which was deleted, leads to " +
                                     nobody.hex() + ", which is not stored");
  EXPECT_TRUE(*Repair(kv_, findings[0]));
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_F(CheckTest, RepairsAnIndexOfNamesThatLacksAnEntry) {
  ASSERT_TRUE(Objects(kv_).Put("shop", MakeRevision("other")));
  Drop("named/shop/root/" + base_hex_);
  const auto findings = Check();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].problem,
            "object " + base_hex_ + " is in no project's index of names (its name is `root`)");
  EXPECT_TRUE(*Repair(kv_, findings[0]));
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_F(CheckTest, RepairsAnIndexOfNamesThatHasOneTooMany) {
  Put("named/shop/wrong/" + base_hex_, "");
  const auto findings = Check();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].problem, "project `shop` calls object " + IdOf(base_).short_hex() +
                                     " `wrong`, and its name is `root`");
  EXPECT_TRUE(*Repair(kv_, findings[0]));
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_F(CheckTest, FindsDamagedRefsAndMoves) {
  Put("ref/shop/main", "mig-ref 1\nnumber 1 x\n");
  EXPECT_THAT(Problems(), ElementsAre("the stored ref is damaged: field number is not a number"));
}

TEST_F(CheckTest, FindsAHoleInALog) {
  Drop(keys::Move("shop", "main", 1));
  EXPECT_THAT(Problems(), ElementsAre("the log of ref `main` lacks move 1"));
}

TEST_F(CheckTest, FindsALogThatEndsElsewhere) {
  Drop(keys::Move("shop", "main", 2));
  EXPECT_THAT(Problems(), ElementsAre("the log of ref `main` does not end where the ref is"));
}

TEST_F(CheckTest, FindsALogWithoutItsRef) {
  Drop("ref/shop/main");
  EXPECT_THAT(Problems(), ElementsAre("there is a log of moves, and no ref `main`",
                                      "there is a log of moves, and no ref `main`"));
}

TEST_F(CheckTest, RepairsTheListsOfRuns) {
  const std::string recent = keys::Recent("2026-11-22T08:15:30Z", "r1");
  Drop(recent);
  Drop(keys::Unended("r1"));
  Put(keys::Event("r9", 1), "event");
  Put(keys::Recent("2026-11-22T08:15:30Z", "r9"), "dev");
  Put(keys::Unended("r9"), "");
  const auto findings = Check();
  std::vector<std::string> problems;
  for (const Finding& finding : findings) problems.push_back(finding.problem);
  EXPECT_THAT(problems, ElementsAre("an event is of run r9, which is not there",
                                    "the list of runs names run r9, which is not there",
                                    "run r1 is not in the list of runs",
                                    "run r1 has not ended, and is not among those",
                                    "the runs that have not ended name run r9, which is not "
                                    "there"));
  for (const Finding& finding : findings) EXPECT_TRUE(*Repair(kv_, finding));
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_F(CheckTest, FindsADamagedRunAndTarget) {
  Put("run/r1", "mig-run 1\nid 2 r1\n");
  Put("target/shop/t1", "?");
  EXPECT_THAT(Problems(), ElementsAre("the stored run is damaged: field project is missing",
                                      "the stored target is damaged at byte 0"));
}

TEST_F(CheckTest, FindsWhatIsWrongWithTheMemoryOfLogsAndWithTheSecret) {
  const std::string id(32, 'a');
  ASSERT_TRUE(SeenTargets(kv_).Put({id, "sqlite:a.db", 3, "h", "1"}));
  ASSERT_TRUE(SeenTargets(kv_).Put({id, "sqlite:b.db", 3, "h", "1"}));
  EXPECT_THAT(Problems(), IsEmpty());
  Put(keys::Seen(id, "sqlite:a.db"), **GetOne(kv_, keys::Seen(id, "sqlite:b.db")));
  Drop(keys::Seen(id, "sqlite:b.db"));
  Put(keys::Address("sqlite:c.db"), "?");
  Put(std::string(keys::kPlaceholderKey), "?");
  EXPECT_THAT(Problems(), UnorderedElementsAre("target " + id +
                                                   " was seen at sqlite:b.db, and nothing says "
                                                   "how far its log was",
                                               "the stored address is damaged at byte 0",
                                               "the stored secret is damaged at byte 0",
                                               "what is there was seen of sqlite:b.db"));
}

TEST_F(CheckTest, FindsAnEntryOfNoKnownKind) {
  Put("objekt/x", "");
  Put("a", "");
  Put("zz", "");
  EXPECT_THAT(Problems(), ElementsAre("the store has an entry of no kind that is known",
                                      "the store has an entry of no kind that is known",
                                      "the store has an entry of no kind that is known"));
}

TEST_F(CheckTest, CountsWhatAnInterruptedWriteLeft) {
  const Revision orphan = MakeRevision("orphan", {IdNamed("never_sent")});
  ASSERT_TRUE(Objects(kv_).Put("shop", orphan));
  Put(keys::Chunk(IdNamed("half"), 0), "part");
  EXPECT_THAT(Problems(), IsEmpty());
  EXPECT_EQ(counts_.leftovers, 2);
}

TEST_F(CheckTest, StopsWhenItIsToldTo) {
  const CheckObserver observer = {[](const Finding&) {}, [](const CheckCounts&) { return false; }};
  EXPECT_EQ(CheckStore(kv_, observer).error().reason, Reason::kCancelled);
}

}  // namespace
}  // namespace mig
