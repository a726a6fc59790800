// What the store keeps because targets rely on it, and whom it shows what it has.
#include <gmock/gmock.h>

#include "daemon/put_with_ancestors.h"
#include "store/gc.h"
#include "store/target_records.h"
#include "tests/daemon/scene.h"

namespace mig {
namespace {

using testing::ElementsAre;

class KeptTest : public testing::Test {
 protected:
  // Removes all that nothing leads to, however young; the names of what went.
  std::vector<std::string> Prune() {
    std::vector<std::string> removed;
    const GcRequest request = {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z", true,
                               [this] { return "word" + std::to_string(++words_); }};
    const GcObserver observer = {[&](const Garbage& garbage) { removed.push_back(garbage.name); },
                                 [](std::int64_t) { return true; }};
    const auto counts = CollectGarbage(scene_.kv(), request, observer);
    EXPECT_TRUE(counts) << counts.error().message;
    return removed;
  }

  Scene scene_{Dialect::kSqlite};
  int words_ = 0;
};

TEST_F(KeptTest, WhatATargetIsAtAndAllBelowItOutlivesACollection) {
  scene_.Draw("a; b: a; c: b");
  ASSERT_EQ(scene_.Upgrade("b"), "done");
  EXPECT_THAT(Prune(), ElementsAre());
  ASSERT_EQ(scene_.Upgrade("c"), "done") << "after a collection";
  const auto targets = TargetRecords(scene_.kv()).List();
  ASSERT_EQ(targets->size(), 1U);
  ASSERT_EQ(targets->front().heads.size(), 1U);
  EXPECT_EQ(Objects(scene_.kv()).Get(targets->front().heads[0])->name, "c");
}

TEST_F(KeptTest, WhatATargetWasTakenBackFromGoes) {
  scene_.Draw("a; b: a; c: b");
  ASSERT_EQ(scene_.Upgrade("heads"), "done");
  ASSERT_EQ(scene_.Downgrade("a"), "done");
  EXPECT_THAT(Prune(), ElementsAre("c", "b"));
  EXPECT_EQ(scene_.Upgrade("heads"), "done") << "the files have it";
}

TEST_F(KeptTest, WhatAProjectUpgradesItHasWhoeverStoredItBefore) {
  scene_.Draw("a; b: a");
  const ViewPtr view = *scene_.engine().views().Find(scene_.View());
  Objects& objects = scene_.engine().objects();
  const auto all = *view->catalog.LoadAll();
  for (const RevisionPtr& one : all) ASSERT_TRUE(objects.Put("billing", one->revision));
  ASSERT_EQ(scene_.Upgrade("heads"), "done");
  for (const RevisionPtr& one : all)
    EXPECT_THAT(*objects.IdsNamed("shop", one->revision.name), ElementsAre(one->id));
  ASSERT_TRUE(PutWithAncestors(objects, "third", view->catalog, {all.back()}));
  EXPECT_THAT(*objects.IdsNamed("third", "a"), ElementsAre(all.front()->id)) << "with all below it";
}

TEST_F(KeptTest, ARevisionIsShownToTheProjectThatStoredIt) {
  scene_.Draw("a");
  ASSERT_EQ(scene_.Upgrade("heads"), "done");
  const std::string id = TargetRecords(scene_.kv()).List()->front().heads[0].hex();
  ASSERT_TRUE(scene_.engine().views().Open("billing", {}, "user ann"));
  const ViewName other{"billing", DigestOf(std::vector<ListedFile>()), ""};
  for (const std::string& asked : {id, id.substr(0, 8)}) {
    EXPECT_TRUE(scene_.engine().FindObject(scene_.View(), asked, std::nullopt));
    const auto elsewhere = scene_.engine().FindObject(other, asked, std::nullopt);
    ASSERT_FALSE(elsewhere);
    EXPECT_EQ(elsewhere.error().reason, Reason::kNoSuchObject);
  }
}

}  // namespace
}  // namespace mig
