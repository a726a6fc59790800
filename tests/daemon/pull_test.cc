#include "daemon/pull.h"

#include <gmock/gmock.h>

#include "tests/daemon/plan/drawn_history.h"

namespace mig {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Of what `heads` reach; with files in the folder migrations/, or without any.
Catalog CatalogOf(const DrawnHistory& history, const std::string& heads, bool with_files) {
  std::vector<RevisionPtr> revisions;
  for (const auto& one : history.Reached(heads)) {
    auto copy = std::make_shared<LinkedRevision>(*one);
    copy->file.path = with_files ? "migrations/" + one->revision.name + ".sql" : "";
    revisions.push_back(std::move(copy));
  }
  auto catalog = Catalog::Of(revisions);
  EXPECT_TRUE(catalog) << catalog.error().message;
  return *std::move(catalog);
}

const auto kFree = [](const Id&) { return std::string(); };

class PlanPullTest : public testing::Test {
 protected:
  // A work tree that has what `tree` reaches pulls a ref that has what `ref` reaches.
  Result<PullPlan> Pull(const DrawnHistory& history, const std::string& tree,
                        const std::string& ref, bool rebase = false,
                        const std::function<std::string(const Id&)>& why_fixed = kFree) {
    return PlanPull(CatalogOf(history, tree, true), CatalogOf(history, ref, false), "origin/main",
                    rebase, why_fixed);
  }
  // "ann: bob; ..." of the files that get other parents.
  std::string Rebased(const DrawnHistory& history, const std::string& tree,
                      const std::string& ref) {
    const auto plan = Pull(history, tree, ref, true);
    if (!plan) return std::string(InfoOf(plan.error().reason).text);
    std::string text;
    for (const ReparentedFile& changed : plan->changed_files) {
      const auto file = ParseRevisionFile(changed.path, changed.text);
      EXPECT_TRUE(file) << file.error().message;
      text += (text.empty() ? "" : "; ") + file->name + ":";
      for (const std::string& parent : file->header.parents) text += " " + parent;
    }
    return text;
  }
};

std::vector<std::string> NewNames(const PullPlan& plan) {
  std::vector<std::string> names;
  for (const PulledFile& file : plan.new_files) names.push_back(file.name);
  return names;
}

TEST_F(PlanPullTest, WritesWhatTheTreeLacksParentsFirst) {
  const DrawnHistory history("a; b: a; c: b; mine: a");
  const auto plan = Pull(history, "mine", "c");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(NewNames(*plan), ElementsAre("b", "c"));
  EXPECT_EQ(plan->new_files[0].id, history.IdAt("b"));
  EXPECT_EQ(plan->new_files[0].beside, "migrations/a.sql");
  EXPECT_THAT(plan->own, ElementsAre("mine"));
  EXPECT_THAT(plan->changed_files, IsEmpty());
}

TEST_F(PlanPullTest, IntoAnEmptyTreeWritesAll) {
  const DrawnHistory history("a; b: a");
  EXPECT_THAT(NewNames(*Pull(history, "", "b")), ElementsAre("a", "b"));
}

TEST_F(PlanPullTest, RefusesAFileThatDiffersFromARevisionOfItsName) {
  const DrawnHistory theirs("users");
  const DrawnHistory ours("users", "SELECT 2;");
  const auto plan = PlanPull(CatalogOf(ours, "users", true), CatalogOf(theirs, "users", false),
                             "origin/main", false, kFree);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().reason, Reason::kNameTaken);
  EXPECT_THAT(plan.error().message, HasSubstr("migrations/users.sql"));
}

TEST_F(PlanPullTest, RefusesALabelThatAnOwnFileHas) {
  const auto plan = PlanPull(CatalogOf(DrawnHistory("mine @prices"), "mine", true),
                             CatalogOf(DrawnHistory("a; b: a @Prices"), "b", false), "origin/main",
                             false, kFree);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().reason, Reason::kDuplicateLabel);
  EXPECT_THAT(plan.error().message, HasSubstr("in the work tree"));
}

TEST_F(PlanPullTest, RebasesTheLowestOwnRevisionsOntoTheHead) {
  const DrawnHistory history("a; b: a; mine: a; mine2: mine");
  EXPECT_EQ(Rebased(history, "mine2", "b"), "mine: b");
}

TEST_F(PlanPullTest, LeavesOwnRevisionsThatFollowTheHeadAlready) {
  const DrawnHistory history("a; b: a; mine: b");
  EXPECT_EQ(Rebased(history, "mine", "b"), "");
  EXPECT_EQ(Rebased(history, "b mine", "a"), "");
}

TEST_F(PlanPullTest, LeavesOwnBasesAlone) {
  EXPECT_EQ(Rebased(DrawnHistory("a; b: a; mine"), "mine", "b"), "");
}

TEST_F(PlanPullTest, LeavesOutParentsThatOthersStandOnAfterwards) {
  const DrawnHistory history("a; b: a; c: a; mine: a; join: mine b");
  EXPECT_EQ(Rebased(history, "join", "b"), "mine: b; join: mine");
}

TEST_F(PlanPullTest, AsksWhichOfSeveralHeads) {
  const DrawnHistory history("a; b: a; c: a; mine: a; other: b");
  EXPECT_EQ(Rebased(history, "mine", "b c"), "MULTIPLE_HEADS");
  EXPECT_EQ(Rebased(history, "other", "b c"), "") << "it follows one of them";
}

TEST_F(PlanPullTest, DoesNotRebaseWhatOthersRelyOn) {
  const DrawnHistory history("a; b: a; mine: a");
  const auto applied = [&](const Id& id) {
    return std::string(id == history.IdAt("mine") ? "target dev has it applied" : "");
  };
  const auto plan = Pull(history, "mine", "b", true, applied);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().reason, Reason::kEditedSinceApplied);
  EXPECT_THAT(plan.error().message, HasSubstr("target dev has it applied"));
  EXPECT_TRUE(Pull(history, "mine", "a", true, applied)) << "nothing of it would change";
}

}  // namespace
}  // namespace mig
