#include "store/objects.h"

#include <gmock/gmock.h>

#include "store/core/limits.h"
#include "store/keys.h"
#include "tests/store/any_kv.h"
#include "tests/store/faulty_kv.h"
#include "tests/store/some_revisions.h"

namespace mig {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

// A chain of `count` revisions r0 <- r1 <- ...
std::vector<NamedObject> Chain(int count) {
  std::vector<NamedObject> chain;
  for (int i = 0; i < count; ++i) {
    const Revision revision = MakeRevision(
        "r" + std::to_string(i), chain.empty() ? std::vector<Id>() : std::vector{chain.back().id});
    chain.push_back({IdOf(revision), revision});
  }
  return chain;
}

class ObjectsTest : public AnyKv {
 protected:
  void Overwrite(const std::string& key, std::string value) {
    Batch batch;
    batch.writes = {Write::Put(key, std::move(value))};
    ASSERT_TRUE(kv().Commit(batch));
  }
};
MIG_OVER_EVERY_KV(ObjectsTest);

TEST_P(ObjectsTest, WhatWasPutIsGot) {
  Objects objects(kv());
  const Revision revision = MakeRevision("create_users", {IdNamed("base")});
  ASSERT_TRUE(objects.Put("shop", revision));
  const auto got = objects.Get(IdOf(revision));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*got, revision);
}

TEST_P(ObjectsTest, AnAbsentIdIsNamed) {
  Objects objects(kv());
  const auto got = objects.Get(IdNamed("x"));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().reason, Reason::kNoSuchObject);
  EXPECT_THAT(got.error().message, HasSubstr(IdNamed("x").hex()));
}

TEST_P(ObjectsTest, PuttingAgainChangesNothing) {
  Objects objects(kv());
  const Revision revision = MakeRevision("a");
  ASSERT_TRUE(objects.Put("shop", revision));
  const auto before = ScanAll(kv(), "", "");
  ASSERT_TRUE(objects.Put("shop", revision));
  EXPECT_EQ(*ScanAll(kv(), "", ""), *before);
}

TEST_P(ObjectsTest, AnIdThatIsNotTheContentsIsRefusedAndNothingIsStored) {
  Objects objects(kv());
  const Revision good = MakeRevision("good");
  const auto put = objects.Put("shop", {{IdOf(good), good}, {IdNamed("x"), MakeRevision("y")}});
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().reason, Reason::kHashMismatch);
  EXPECT_TRUE(ScanAll(kv(), "", "")->empty());
}

TEST_P(ObjectsTest, ThousandsGoInFewCommitsAndComeBackInTheOrderAsked) {
  Objects objects(kv());
  const auto chain = Chain(1050);
  FaultyKv counting(kv(), Fault::kBefore, 22);
  ASSERT_TRUE(Objects(counting).Put("shop", chain)) << "more than 21 commits";
  std::vector<Id> ids;
  for (const NamedObject& object : chain) ids.push_back(object.id);
  ids.push_back(IdNamed("absent"));
  const auto got = objects.GetMany(ids);
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), ids.size());
  for (std::size_t i = 0; i < chain.size(); ++i) EXPECT_EQ((*got)[i], chain[i].revision);
  EXPECT_EQ(got->back(), std::nullopt);
}

TEST_P(ObjectsTest, BodiesOfEverySizeAroundTheLimitsAreKept) {
  Objects objects(kv());
  const std::size_t half = kMaxCommitBytes / 2;
  for (std::size_t bytes : {std::size_t{0}, half - 2000, half - kMaxKeyBytes, half, 2 * half,
                            2 * half + 1, kMaxFileBytes}) {
    const Revision revision = MakeRevision("big", {}, std::string(bytes, 'x'));
    const auto put = objects.Put("shop", revision);
    ASSERT_TRUE(put) << put.error().message;
    const auto got = objects.Get(IdOf(revision));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_TRUE(*got == revision) << bytes;
  }
}

TEST_P(ObjectsTest, HasAnswersForEach) {
  Objects objects(kv());
  ASSERT_TRUE(objects.Put("shop", MakeRevision("a")));
  EXPECT_THAT(*objects.Has({IdNamed("x"), IdNamed("a")}), ElementsAre(false, true));
  EXPECT_TRUE(*objects.Has(IdNamed("a")));
  EXPECT_THAT(*objects.Has(std::vector<Id>()), ElementsAre());
}

TEST_P(ObjectsTest, AProjectHasWhatItCalledByItsName) {
  Objects objects(kv());
  const Revision large = MakeRevision("large", {}, std::string(kMaxValueBytes, 'x'));
  ASSERT_TRUE(objects.Put("shop", MakeRevision("a")));
  ASSERT_TRUE(objects.Put("shop", large));
  ASSERT_TRUE(objects.Put("other", MakeRevision("b")));
  const std::vector<Id> ids = {IdNamed("x"), IdNamed("a"), IdNamed("b"), IdOf(large)};
  EXPECT_THAT(*objects.Has("shop", ids), ElementsAre(false, true, false, true));
  EXPECT_THAT(*objects.Has("other", ids), ElementsAre(false, false, true, false));
  EXPECT_THAT(*objects.Has("shop", {}), ElementsAre());
  EXPECT_EQ(objects.Has("a/b", ids).error().reason, Reason::kNameInvalid);
  EXPECT_THAT(*objects.GetMany("shop", ids),
              ElementsAre(std::nullopt, MakeRevision("a"), std::nullopt, large));
  ASSERT_TRUE(objects.Put("other", MakeRevision("a")));
  EXPECT_THAT(*objects.Has("other", ids), ElementsAre(false, true, true, false));
}

TEST_P(ObjectsTest, AProjectHasEachOfMany) {
  Objects objects(kv());
  std::vector<Id> ids;
  for (const NamedObject& one : Chain(250)) {
    ids.push_back(one.id);
    ASSERT_TRUE(objects.Put(ids.size() % 3 == 0 ? "other" : "shop", one.revision));
  }
  const std::vector<bool> has = *objects.Has("other", ids);
  ASSERT_EQ(has.size(), ids.size());
  for (std::size_t i = 0; i < has.size(); ++i) EXPECT_EQ(has[i], i % 3 == 2) << i;
}

TEST_P(ObjectsTest, ANameStandsForWhatThisProjectCalledSo) {
  Objects objects(kv());
  const Revision draft = MakeRevision("a", {}, "draft");
  const Revision final = MakeRevision("a", {}, "final");
  ASSERT_TRUE(objects.Put("shop", draft));
  ASSERT_TRUE(objects.Put("shop", final));
  ASSERT_TRUE(objects.Put("shop", MakeRevision("ab")));
  ASSERT_TRUE(objects.Put("other", draft));
  EXPECT_THAT(*objects.IdsNamed("shop", "a"), UnorderedElementsAre(IdOf(draft), IdOf(final)));
  EXPECT_THAT(*objects.IdsNamed("other", "a"), ElementsAre(IdOf(draft)));
  EXPECT_THAT(*objects.IdsNamed("third", "a"), ElementsAre());
}

TEST_P(ObjectsTest, OfOneNameTheLatestStoredComesFirst) {
  std::string now = "2026-01-05T09:00:00.000Z";
  Objects objects(kv(), [&now] { return now; });
  const Revision draft = MakeRevision("a", {}, "draft");
  const Revision final = MakeRevision("a", {}, "final");
  ASSERT_TRUE(objects.Put("shop", draft));
  now = "2026-01-05T09:00:00.001Z";
  ASSERT_TRUE(objects.Put("shop", final));
  EXPECT_THAT(*objects.IdsNamed("shop", "a"), ElementsAre(IdOf(final), IdOf(draft)));
  now = "2026-01-05T09:00:00.002Z";
  ASSERT_TRUE(objects.Put("shop", draft));
  EXPECT_THAT(*objects.IdsNamed("shop", "a"), ElementsAre(IdOf(draft), IdOf(final)));
}

TEST_P(ObjectsTest, APrefixOfFourDigitsOrMoreFindsIds) {
  Objects objects(kv());
  ASSERT_TRUE(objects.Put("shop", Chain(50)));
  const Id id = IdNamed("r0");
  EXPECT_THAT(*objects.IdsWithPrefix(id.hex().substr(0, 4), 10), testing::Contains(id));
  EXPECT_THAT(*objects.IdsWithPrefix(id.hex().substr(0, 13), 10), ElementsAre(id));
  EXPECT_THAT(*objects.IdsWithPrefix(id.hex(), 10), ElementsAre(id));
  for (const char* bad : {"", "abc", "ABCD", "abcg"}) {
    EXPECT_EQ(objects.IdsWithPrefix(bad, 10).error().reason, Reason::kInvalidArgument) << bad;
  }
}

TEST_P(ObjectsTest, ADamagedEntryIsReportedByIdAndNeverServed) {
  Objects objects(kv());
  const Revision revision = MakeRevision("a");
  const Id id = IdOf(revision);
  const std::string text = CanonicalText(revision);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    Overwrite(keys::Object(id), damaged);
    const auto got = objects.Get(id);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().reason, Reason::kCorruption);
    EXPECT_EQ(got.error().details.at("id"), id.hex());
    EXPECT_EQ(objects.GetMany({id}).error().reason, Reason::kCorruption);
  }
}

TEST_P(ObjectsTest, AMissingPartIsReportedById) {
  Objects objects(kv());
  const Revision revision = MakeRevision("big", {}, std::string(kMaxValueBytes, 'x'));
  ASSERT_TRUE(objects.Put("shop", revision));
  Batch batch;
  batch.writes = {Write::Delete(keys::Chunk(IdOf(revision), 1))};
  ASSERT_TRUE(kv().Commit(batch));
  const auto got = objects.Get(IdOf(revision));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().reason, Reason::kCorruption);
  EXPECT_EQ(got.error().details.at("id"), IdOf(revision).hex());
}

TEST(ObjectsWithFaults, APutThatFailedAnywhereCanBeRepeated) {
  auto objects = Chain(120);
  objects.push_back({});
  objects.back().revision = MakeRevision("big", {}, std::string(kMaxValueBytes, 'x'));
  objects.back().id = IdOf(objects.back().revision);
  for (Fault fault : {Fault::kBefore, Fault::kAfter, Fault::kDead}) {
    for (int at = 1;; ++at) {
      MemoryKv store;
      FaultyKv faulty(store, fault, at);
      const auto put = Objects(faulty).Put("shop", objects);
      EXPECT_EQ(put.has_value(), !faulty.fired());
      if (put) break;
      for (const NamedObject& object : objects) {
        const auto got = Objects(store).Get(object.id);
        EXPECT_TRUE(got || got.error().reason == Reason::kNoSuchObject) << at;
      }
      ASSERT_TRUE(Objects(store).Put("shop", objects));
      for (const NamedObject& object : objects) {
        EXPECT_TRUE(*Objects(store).Get(object.id) == object.revision);
      }
    }
  }
}

TEST_P(ObjectsTest, AProjectsNameIsChecked) {
  Objects objects(kv());
  for (const char* bad : {"", "a/b", "a:b"}) {
    EXPECT_EQ(objects.Put(bad, MakeRevision("a")).error().reason, Reason::kNameInvalid);
    EXPECT_EQ(objects.IdsNamed(bad, "a").error().reason, Reason::kNameInvalid);
  }
}

}  // namespace
}  // namespace mig
