#include "daemon/plan/draft.h"

#include <gmock/gmock.h>

#include "store/core/graph_text.h"

namespace mig {
namespace {

using ::testing::ElementsAre;

constexpr std::string_view kFork = "root; left: root @users; right: root";

// "new: left right +root @label", as GraphFromText would read it; or the reason of the error.
std::string Drafted(std::string_view text, const DraftRequest& request) {
  Graph graph = MakeGraph(text);
  Result<Draft> draft = PlanDraft(graph, request);
  if (!draft) return std::string(InfoOf(draft.error().reason).text);
  std::string told = draft->name + ":";
  for (Position p : draft->parents) told += " " + graph.name(p);
  for (const std::string& word : draft->depends_words) told += " +" + word;
  for (const std::string& label : draft->labels) told += " @" + label;
  return told;
}

TEST(Draft, FollowsTheOnlyHead) { EXPECT_EQ(Drafted("a; b: a", {.name = "new"}), "new: b"); }
TEST(Draft, OfAnEmptyHistoryIsABase) { EXPECT_EQ(Drafted("", {.name = "new"}), "new:"); }
TEST(Draft, OnBaseIsABaseOfItsOwn) {
  EXPECT_EQ(Drafted(kFork, {.name = "new", .heads = {"base"}}), "new:");
}

TEST(Draft, AsksWhichOfSeveralHeads) {
  EXPECT_EQ(Drafted(kFork, {.name = "new"}), "MULTIPLE_HEADS");
  EXPECT_EQ(Drafted(kFork, {.name = "new", .heads = {"users@head"}}), "new: left");
}

TEST(Draft, MergesInTheOrderAskedFor) {
  EXPECT_EQ(Drafted(kFork, {.name = "new", .heads = {"heads"}}), "new: left right");
  EXPECT_EQ(Drafted(kFork, {.name = "new", .heads = {"right", "left"}}), "new: right left");
  EXPECT_EQ(Drafted(kFork, {.name = "new", .heads = {"left", "heads"}}), "DUPLICATE_HEADS");
}

TEST(Draft, OfAMergeJoinsSeveral) {
  const auto merged = [](std::string_view graph, std::vector<std::string> heads) {
    return Drafted(graph,
                   {.name = "new", .heads = std::move(heads), .splice = true, .merge = true});
  };
  EXPECT_EQ(merged(kFork, {"heads"}), "new: left right");
  EXPECT_EQ(merged("a; b: a", {"heads"}), "INVALID_ARGUMENT");
  EXPECT_EQ(merged("", {"heads"}), "INVALID_ARGUMENT");
  EXPECT_EQ(merged(kFork, {"left", "root"}), "OVERLAP");
  EXPECT_EQ(merged("a; b: +a", {"b", "a"}), "new: b a") << "a dependency joins no branches";
}

TEST(Draft, LeavesTheHeadsOnlyWithSplice) {
  EXPECT_EQ(Drafted(kFork, {.name = "new", .heads = {"root"}}), "NOT_A_HEAD");
  EXPECT_EQ(Drafted(kFork, {.name = "new", .heads = {"root"}, .splice = true}), "new: root");
}

TEST(Draft, HintsAtWhatSpliceDoesForAMerge) {
  const Graph graph = MakeGraph(kFork);
  DraftRequest request{.name = "new", .heads = {"root", "left"}};
  EXPECT_EQ(HintOf(PlanDraft(graph, request).error()), "--splice starts a new branch from it");
  request.merge = true;
  EXPECT_EQ(HintOf(PlanDraft(graph, request).error()), "--splice merges it all the same");
}

TEST(Draft, KeepsALabelItDependsOnAndCompletesAPrefix) {
  DraftRequest request{.name = "new", .heads = {"right"}, .depends = {"users", "left"}};
  EXPECT_EQ(Drafted(kFork, request), "new: right +users +left");
  EXPECT_EQ(Drafted("created_users", {.name = "n", .heads = {"base"}, .depends = {"created"}}),
            "n: +created_users");
}

TEST(Draft, RefusesNamesAndLabelsThatAreTaken) {
  EXPECT_EQ(Drafted("a", {.name = "a"}), "DUPLICATE_NAME");
  EXPECT_EQ(Drafted("a", {.name = "x@y"}), "ILLEGAL_CHARACTER");
  EXPECT_EQ(Drafted("a", {.name = "heads"}), "NAME_INVALID");
  EXPECT_EQ(Drafted("a @users", {.name = "b", .labels = {"users"}}), "DUPLICATE_LABEL");
  EXPECT_EQ(Drafted("a", {.name = "b", .labels = {"b"}}), "DUPLICATE_LABEL");
  EXPECT_EQ(Drafted("a", {.name = "b", .labels = {"fresh"}}), "b: a @fresh");
}

TEST(Draft, RefusesNamesAndLabelsThatDifferInCaseAlone) {
  EXPECT_EQ(Drafted("a @users", {.name = "A"}), "DUPLICATE_NAME");
  EXPECT_EQ(Drafted("a @users", {.name = "Users"}), "DUPLICATE_NAME");
  EXPECT_EQ(Drafted("a @users", {.name = "b", .labels = {"USERS"}}), "DUPLICATE_LABEL");
  EXPECT_EQ(Drafted("a @users", {.name = "b", .labels = {"A"}}), "DUPLICATE_LABEL");
}

TEST(Draft, ReplacesTheHeadsItFollows) {
  Graph graph = MakeGraph(kFork);
  Draft draft = PlanDraft(graph, {.name = "new", .heads = {"left"}}).value();
  EXPECT_THAT(HeadsWith(graph, draft), ElementsAre("right", "new"));
}

}  // namespace
}  // namespace mig
