#include "store/kv.h"

#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "store/core/limits.h"
#include "tests/store/any_kv.h"

namespace mig {
namespace {

using testing::ElementsAre;
using Values = std::vector<std::optional<std::string>>;

Batch Puts(const std::vector<KeyValue>& entries) {
  Batch batch;
  for (const auto& [key, value] : entries) batch.writes.push_back(Write::Put(key, value));
  return batch;
}

void Apply(Kv& kv, const Batch& batch) {
  const auto outcome = kv.Commit(batch);
  ASSERT_TRUE(outcome) << outcome.error().message;
  ASSERT_TRUE(outcome->applied());
}

std::vector<std::string> KeysOf(const Page& page) {
  std::vector<std::string> keys;
  for (const KeyValue& entry : page.entries) keys.push_back(entry.key);
  return keys;
}

class KvTest : public AnyKv {};
MIG_OVER_EVERY_KV(KvTest);

TEST_P(KvTest, GetAnswersInTheOrderAskedAndNothingForAbsentKeys) {
  Apply(kv(), Puts({{"a", "1"}, {"b", ""}}));
  const auto values = kv().Get({"b", "x", "a", "a"});
  ASSERT_TRUE(values);
  EXPECT_EQ(*values, (Values{"", std::nullopt, "1", "1"}));
}

TEST_P(KvTest, BytesOfAnyKindAreKept) {
  const std::string key("k\0\xff/\n", 5);
  const std::string value("\0\xff\n\0", 4);
  Apply(kv(), Puts({{key, value}}));
  const auto page = kv().Scan("", "", 10, false);
  ASSERT_TRUE(page);
  EXPECT_THAT(page->entries, ElementsAre(KeyValue{key, value}));
}

TEST_P(KvTest, ScanIsInByteOrderFromBeginToBeforeEnd) {
  Apply(kv(), Puts({{"b", "2"}, {"a", "1"}, {"\xc3", "5"}, {"ba", "3"}, {"c", "4"}}));
  const auto some = kv().Scan("b", "c", 10, false);
  ASSERT_TRUE(some);
  EXPECT_THAT(some->entries, ElementsAre(KeyValue{"b", "2"}, KeyValue{"ba", "3"}));
  EXPECT_EQ(some->next, "");
  const auto all = kv().Scan("", "", 10, true);
  ASSERT_TRUE(all);
  EXPECT_THAT(KeysOf(*all), ElementsAre("a", "b", "ba", "c", "\xc3"));
  EXPECT_EQ(all->entries.front().value, "");
}

TEST_P(KvTest, PagesAnswerEachKeyOnceWhateverHappensBetweenThem) {
  Apply(kv(), Puts({{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}, {"e", ""}}));
  const auto first = kv().Scan("", "", 2, true);
  ASSERT_TRUE(first);
  EXPECT_THAT(KeysOf(*first), ElementsAre("a", "b"));
  Batch change = Puts({{"aa", ""}, {"bb", ""}});
  change.writes.push_back(Write::Delete("b"));
  Apply(kv(), change);
  const auto second = kv().Scan(first->next, "", 10, true);
  ASSERT_TRUE(second);
  EXPECT_THAT(KeysOf(*second), ElementsAre("bb", "c", "d", "e"));
}

TEST_P(KvTest, AFullLastPageHasNoNext) {
  Apply(kv(), Puts({{"a", ""}, {"b", ""}}));
  const auto page = kv().Scan("", "", 2, true);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next, "");
}

TEST_P(KvTest, APageOfLargeValuesEndsEarly) {
  for (const char* key : {"a", "b", "c"}) {
    Apply(kv(), Puts({{key, std::string(kMaxValueBytes - 1, 'x')}}));
  }
  const auto page = kv().Scan("", "", 100, false);
  ASSERT_TRUE(page);
  EXPECT_LT(page->entries.size(), 3u);
  const auto all = ScanAll(kv(), "", "");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), 3u);
}

TEST_P(KvTest, ACommitWhoseConditionsHoldIsAppliedWhole) {
  Apply(kv(), Puts({{"a", "1"}, {"gone", "x"}}));
  Batch batch = Puts({{"a", "2"}, {"b", "1"}});
  batch.writes.push_back(Write::Delete("gone"));
  batch.writes.push_back(Write::Delete("never there"));
  batch.conditions = {Condition::Equals("a", "1"), Condition::Absent("b")};
  Apply(kv(), batch);
  EXPECT_EQ(*kv().Get({"a", "b", "gone"}), (Values{"2", "1", std::nullopt}));
}

TEST_P(KvTest, ARefusalNamesTheKeyAndItsValueAndChangesNothing) {
  Apply(kv(), Puts({{"a", "1"}}));
  Batch batch = Puts({{"b", "1"}});
  for (const auto& [condition, current] :
       std::vector<std::pair<Condition, std::optional<std::string>>>{
           {Condition::Absent("a"), "1"},
           {Condition::Equals("a", "2"), "1"},
           {Condition::Equals("x", ""), std::nullopt}}) {
    batch.conditions = {Condition::Equals("a", "1"), condition};
    const auto outcome = kv().Commit(batch);
    ASSERT_TRUE(outcome);
    ASSERT_TRUE(outcome->refused);
    EXPECT_EQ(outcome->refused->key, condition.key);
    EXPECT_EQ(outcome->refused->current, current);
  }
  EXPECT_EQ(*kv().Get({"b"}), (Values{std::nullopt}));
}

TEST_P(KvTest, ABatchWithoutWritesOnlyAsks) {
  Batch batch;
  batch.conditions = {Condition::Absent("a")};
  Apply(kv(), batch);
}

TEST_P(KvTest, TheLargestRequestIsTaken) {
  Batch batch;
  for (std::size_t i = 0; i < kMaxWrites; ++i) {
    const std::string key = std::to_string(i);
    batch.writes.push_back(Write::Put(key, "v"));
    batch.conditions.push_back(Condition::Absent(key));
  }
  Apply(kv(), batch);
  const std::string key(kMaxKeyBytes, 'k');
  Apply(kv(), Puts({{key, std::string(kMaxCommitBytes - kMaxKeyBytes, 'v')}}));
  EXPECT_TRUE(kv().Get(std::vector<std::string>(kMaxGetKeys, key)));
}

TEST_P(KvTest, WhatIsBeyondALimitIsRefusedNamingTheLimit) {
  const std::string key(kMaxKeyBytes + 1, 'k');
  const std::string value(kMaxValueBytes + 1, 'v');
  const std::string half(kMaxCommitBytes / 2, 'v');
  Batch many;
  Batch conditions;
  for (std::size_t i = 0; i <= kMaxWrites; ++i) {
    many.writes.push_back(Write::Put(std::to_string(i), ""));
    conditions.conditions.push_back(Condition::Absent(std::to_string(i)));
  }
  for (const Batch& batch : {Puts({{key, ""}}), Puts({{"a", value}}),
                             Puts({{"a", half}, {"b", half}}), many, conditions}) {
    const auto outcome = kv().Commit(batch);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().reason, Reason::kLimitExceeded) << outcome.error().message;
  }
  EXPECT_EQ(kv().Get({key}).error().reason, Reason::kLimitExceeded);
  EXPECT_EQ(kv().Get(std::vector<std::string>(kMaxGetKeys + 1, "a")).error().reason,
            Reason::kLimitExceeded);
  EXPECT_TRUE(ScanAll(kv(), "", "")->empty());
}

TEST_P(KvTest, RequestsWithoutMeaningAreRefused) {
  const std::string reserved("\0a", 2);
  for (const Batch& batch :
       {Puts({{"", ""}}), Puts({{reserved, ""}}), Puts({{"a", "1"}, {"a", "2"}})}) {
    EXPECT_EQ(kv().Commit(batch).error().reason, Reason::kInvalidArgument);
  }
  EXPECT_EQ(kv().Get({""}).error().reason, Reason::kInvalidArgument);
  EXPECT_EQ(kv().Scan("", "", 0, true).error().reason, Reason::kInvalidArgument);
}

TEST_P(KvTest, BufferedAndSyncedCommitsAreSeenAlike) {
  Batch batch = Puts({{"a", "1"}});
  batch.durability = Durability::kBuffered;
  Apply(kv(), batch);
  EXPECT_EQ(*kv().Get({"a"}), (Values{"1"}));
}

TEST_P(KvTest, IncrementsByEightThreadsAreAllCounted) {
  constexpr int kThreads = 8;
  constexpr int kEach = 25;
  Apply(kv(), Puts({{"n", "0"}}));
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this] {
      for (int done = 0; done < kEach;) {
        const std::string now = *(*kv().Get({"n"}))[0];
        Batch batch = Puts({{"n", std::to_string(std::stoi(now) + 1)}});
        batch.conditions = {Condition::Equals("n", now)};
        if (kv().Commit(batch)->applied()) ++done;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(*kv().Get({"n"}), (Values{std::to_string(kThreads * kEach)}));
}

TEST_P(KvTest, RandomCommitsLeaveWhatAMapWouldHold) {
  std::mt19937 random(7);
  std::map<std::string, std::string> model;
  for (int round = 0; round < 300; ++round) {
    const std::string key(1, static_cast<char>('a' + random() % 8));
    const std::string expected = std::to_string(random() % 3);
    Batch batch;
    batch.conditions = {random() % 2 ? Condition::Absent(key) : Condition::Equals(key, expected)};
    batch.writes = {random() % 4 ? Write::Put(key, std::to_string(random() % 3))
                                 : Write::Delete(key)};
    const auto entry = model.find(key);
    const bool holds = batch.conditions[0].equals
                           ? entry != model.end() && entry->second == expected
                           : entry == model.end();
    ASSERT_EQ(kv().Commit(batch)->applied(), holds);
    if (!holds) continue;
    if (batch.writes[0].value) {
      model[key] = *batch.writes[0].value;
    } else {
      model.erase(key);
    }
  }
  std::vector<KeyValue> expected;
  for (const auto& [key, value] : model) expected.push_back({key, value});
  EXPECT_EQ(*ScanAll(kv(), "", ""), expected);
}

TEST(EndOfPrefix, IsTheFirstKeyBeyond) {
  EXPECT_EQ(EndOfPrefix("ref/"), "ref0");
  EXPECT_EQ(EndOfPrefix("a\xff"), "b");
  EXPECT_EQ(EndOfPrefix("\xff\xff"), "");
  EXPECT_EQ(EndOfPrefix(""), "");
}

}  // namespace
}  // namespace mig
