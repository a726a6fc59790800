// What is asked of a ref: from its graph, with texts read only where they are needed.
#include <gmock/gmock.h>

#include "daemon/engine.h"
#include "store/keys.h"
#include "store/memory_kv.h"
#include "tests/daemon/plan/drawn_history.h"
#include "tests/scratch_directory.h"

namespace mig {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RefView : public ::testing::Test {
 protected:
  // Stores what `heads` reach, and makes it a ref.
  void MakeRef(const DrawnHistory& history, const std::string& ref, const std::string& heads) {
    for (const auto& one : history.Reached(heads))
      ASSERT_TRUE(engine_.objects().Put("shop", one->revision));
    ASSERT_TRUE(
        refs_.Create("shop", ref, history.Ids(heads), {ref, "ann", "2026-01-05T09:02:00Z"}));
  }

  void Damage(const Id& id) {
    ASSERT_TRUE(kv_.Commit({.writes = {Write::Put(keys::Object(id), "damaged")}}));
  }

  RunSpec Spec(const std::string& ref, Operation::Kind kind, const std::string& revision) {
    RunSpec spec;
    spec.view = {"shop", "", ref};
    spec.target = target_;
    spec.operation = {kind, {revision}};
    spec.actor = "Ann <ann@example.com>";
    return spec;
  }

  std::string Planned(const std::string& ref, const std::string& revision,
                      Operation::Kind kind = Operation::Kind::kUpgrade) {
    const auto plan = engine_.PlanRun(Spec(ref, kind, revision));
    if (!plan) return std::string(InfoOf(plan.error().reason).text);
    std::string names;
    for (const RunStep& step : plan->steps) names += (names.empty() ? "" : " ") + step.summary.name;
    return names;
  }

  std::string Run(const std::string& ref, const std::string& revision,
                  Operation::Kind kind = Operation::Kind::kUpgrade) {
    auto run = engine_.StartRun(Spec(ref, kind, revision));
    if (!run) return run.error().message;
    engine_.runs().Drain(std::chrono::steady_clock::now() + std::chrono::hours(1));
    return run->run->summary().error;
  }

  MemoryKv kv_;
  World world_ = World::Real();
  Refs refs_{kv_};
  ScratchDirectory folder_;
  Engine engine_{kv_, world_};
  TargetSpec target_{"dev", "sqlite:" + (folder_.path() / "dev.db").string(), "", {"/", {}}};
};

constexpr char kHistory[] = "a; b: a; c: b @shop; x: a; m: c x; d: m +x";

TEST_F(RefView, ReadsNoTextToKnowWhoFollowsWhom) {
  const DrawnHistory history(kHistory);
  MakeRef(history, "main", "d");
  ASSERT_EQ(Planned("main", "b"), "a b");
  Damage(history.IdAt("a"));
  const auto heads = engine_.ListHeads({"shop", "", "main"}, false, std::nullopt);
  ASSERT_TRUE(heads) << heads.error().message;
  EXPECT_EQ(heads->marked.catalog.graph().name(heads->revisions.at(0)), "d");
  const auto bases = engine_.FindMergeBases({"shop", "", "main"}, Engine::Bases::kOfFirstAndOthers,
                                            Follow::kParents, {{"c", "x"}});
  ASSERT_TRUE(bases) << bases.error().message;
  EXPECT_EQ(bases->at(0).bases.at(0).name, "a");
  EXPECT_EQ(Planned("main", "b"), "CORRUPTION") << "what would run is read, and checked";
}

TEST_F(RefView, UpgradesAndDowngradesATarget) {
  const DrawnHistory history(kHistory);
  MakeRef(history, "main", "d");
  EXPECT_EQ(Planned("main", "heads"), "a b c x m d");
  ASSERT_EQ(Run("main", "shop"), "");
  Engine later(kv_, world_);
  const auto down = later.PlanRun(Spec("main", Operation::Kind::kDowngrade, "base"));
  ASSERT_TRUE(down) << down.error().message;
  std::vector<std::string> names;
  for (const RunStep& step : down->steps) names.push_back(step.summary.name);
  EXPECT_THAT(names, ElementsAre("c", "b", "a"));
}

TEST_F(RefView, LooksAtWhatTheTargetHasFromElsewhere) {
  const DrawnHistory history(kHistory), others("a; o: a; p: o");
  MakeRef(history, "main", "d");
  MakeRef(others, "theirs", "p");
  ASSERT_EQ(Run("theirs", "p"), "");
  Engine later(kv_, world_);
  const auto plan = later.PlanRun(Spec("main", Operation::Kind::kUpgrade, "b"));
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(plan->steps.size(), 1u) << "a is applied, below what only the target has";
  EXPECT_EQ(plan->steps[0].summary.name, "b");
  const auto down = later.PlanRun(Spec("main", Operation::Kind::kDowngrade, "a"));
  ASSERT_TRUE(down) << down.error().message;
  ASSERT_EQ(down->steps.size(), 2u);
  EXPECT_EQ(down->steps[0].summary.name, "p");
  EXPECT_EQ(down->steps[1].summary.name, "o");
}

TEST_F(RefView, RefusesANameThatIsAppliedWithOtherText) {
  const DrawnHistory history("a; b: a"), edited("a; b: a", "SELECT 2;");
  MakeRef(history, "main", "b");
  MakeRef(edited, "edited", "b");
  ASSERT_EQ(Run("main", "b"), "");
  Engine later(kv_, world_);
  const auto plan = later.PlanRun(Spec("edited", Operation::Kind::kUpgrade, "heads"));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().reason, Reason::kEditedSinceApplied);
}

TEST_F(RefView, ListsTwoHistoriesByWhatDiffers) {
  const DrawnHistory history("a; b: a; c: b"), edited("a; b: a; d: b", "SELECT 2;");
  MakeRef(history, "main", "c");
  MakeRef(edited, "edited", "d");
  const auto differences =
      engine_.Compare({{"shop", "", "main"}, ""}, {{"shop", "", "edited"}, ""});
  ASSERT_TRUE(differences) << differences.error().message;
  std::vector<std::string> told;
  for (const auto& one : *differences)
    told.push_back(one.name + (one.from ? " from" : "") + (one.to ? " to" : ""));
  EXPECT_THAT(told, ElementsAre("a from to", "b from to", "c from", "d to"));
}

TEST_F(RefView, KnowsARefWhereverARevisionIsNamed) {
  const DrawnHistory history(kHistory);
  MakeRef(history, "main", "d");
  MakeRef(history, "old", "b");
  const ViewName view{"shop", "", "main"};
  const auto count = [&](const std::vector<std::string>& words) {
    ListingQuery query;
    query.follow = Follow::kAll;
    const auto found = engine_.ListRevisions(view, words, query, true, std::nullopt);
    return found ? found->count : -1;
  };
  EXPECT_EQ(count({"refs/old..head"}), 4);
  EXPECT_EQ(count({"refs/main", "^refs/old"}), 4);
  EXPECT_EQ(count({"c...refs/old"}), 1);
  const auto bases =
      engine_.FindMergeBases(view, Engine::Bases::kOfAll, Follow::kParents, {{"refs/old", "x"}});
  ASSERT_TRUE(bases) << bases.error().message;
  EXPECT_EQ(bases->at(0).bases.at(0).name, "a");
  const auto differences = engine_.Compare({view, "refs/old"}, {view, "c"});
  ASSERT_TRUE(differences) << differences.error().message;
  EXPECT_EQ(differences->size(), 1u);
}

TEST_F(RefView, KnowsARefThatHasWhatTheViewHasNot) {
  const DrawnHistory history("a; b: a; c: b; x: a; y: x");
  MakeRef(history, "main", "c");
  MakeRef(history, "theirs", "y");
  const ViewName view{"shop", "", "main"};
  const auto count = [&](const std::string& word) {
    const auto found = engine_.ListRevisions(view, {word}, {}, true, std::nullopt);
    return found ? found->count : -1;
  };
  EXPECT_EQ(count("refs/theirs..heads"), 2);
  EXPECT_EQ(count("head..refs/theirs"), 2);
  EXPECT_EQ(count("refs/theirs...b"), 3);
  const auto bases = engine_.FindMergeBases(view, Engine::Bases::kOfFirstAndOthers,
                                            Follow::kParents, {{"head", "refs/theirs"}});
  ASSERT_TRUE(bases) << bases.error().message;
  EXPECT_EQ(bases->at(0).bases.at(0).name, "a");
  EXPECT_EQ(Planned("main", "refs/theirs"), "NO_SUCH_REVISION") << "what runs is of the view";
}

TEST_F(RefView, SaysWhyAWordStandsForNoOneObject) {
  const DrawnHistory history("a; prices: a; prizes: a");
  MakeRef(history, "main", "prices prizes");
  const ViewName view{"shop", "", "main"};
  const auto reason = [&](const std::string& word) {
    const auto found = engine_.FindObject(view, word, std::nullopt);
    return found ? Reason::kInternal : found.error().reason;
  };
  EXPECT_EQ(reason("heads"), Reason::kMultipleHeads);
  EXPECT_EQ(reason("head"), Reason::kMultipleHeads);
  EXPECT_EQ(reason("nowhere"), Reason::kNoSuchObject);
}

TEST_F(RefView, SaysWhichRevisionAQuestionDoesNotFind) {
  const DrawnHistory history(kHistory);
  MakeRef(history, "main", "d");
  const auto bases = engine_.FindMergeBases({"shop", "", "main"}, Engine::Bases::kOfAll,
                                            Follow::kParents, {{"c", "nowhere"}});
  ASSERT_FALSE(bases);
  EXPECT_EQ(bases.error().reason, Reason::kNoSuchRevision);
  EXPECT_THAT(bases.error().message, HasSubstr("nowhere"));
}

}  // namespace
}  // namespace mig
