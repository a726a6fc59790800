#include "daemon/plan/revision_set.h"

#include <gmock/gmock.h>

#include "store/core/graph_text.h"
#include "tests/daemon/plan/drawn_history.h"
#include "tests/store/core/random_graph.h"

namespace mig {
namespace {

constexpr std::string_view kFork = "a; b: a; c: b; x: a; y: x; m: c y; z: y +b";

ListingQuery QueryOf(const Graph& graph, const std::vector<std::string>& words,
                     Follow follow = Follow::kParents) {
  ListingQuery query;
  query.follow = follow;
  query.set = RevisionSetOf({graph, graph}, words, follow).value();
  query.most = 100;
  return query;
}

std::string Names(const Graph& graph, const Positions& positions) {
  std::string names;
  for (Position p : positions) names += (names.empty() ? "" : " ") + graph.name(p);
  return names;
}

std::string Listed(const std::vector<std::string>& words, Follow follow = Follow::kParents) {
  const Graph graph = MakeGraph(kFork);
  return Names(graph, PageOf(graph, QueryOf(graph, words, follow)).revisions);
}

TEST(RevisionSet, OfNoWordIsEverything) { EXPECT_EQ(Listed({}), "z m y x c b a"); }
TEST(RevisionSet, OfARevisionIsWhatItReaches) { EXPECT_EQ(Listed({"c"}), "c b a"); }
TEST(RevisionSet, LeavesOutWhatTheLowerSideReaches) { EXPECT_EQ(Listed({"y..m"}), "m c b"); }
TEST(RevisionSet, TakesHeadsForAnEmptySide) {
  EXPECT_EQ(Listed({"y.."}), "z m c b");
  EXPECT_EQ(Listed({"..y"}), "");
}
TEST(RevisionSet, LeavesOutWhatACaretReaches) {
  EXPECT_EQ(Listed({"m", "^y", "^b"}), "m c");
  EXPECT_EQ(Listed({"^c"}), "z m y x");
}
TEST(RevisionSet, OfThreeDotsIsWhatOneSideReachesAlone) { EXPECT_EQ(Listed({"c...y"}), "y x c b"); }
TEST(RevisionSet, FollowsDependenciesWhenAsked) {
  EXPECT_EQ(Listed({"z"}), "z y x a");
  EXPECT_EQ(Listed({"z"}, Follow::kAll), "z y x b a");
}

TEST(RevisionSet, TakesANameWithDotsForAName) {
  const Graph graph = MakeGraph("a; v1..2: a");
  EXPECT_EQ(RevisionSetOf({graph, graph}, {"v1..2"}, Follow::kParents)->upper, Positions{1});
}

TEST(RevisionSet, NamesTheWordThatIsNone) {
  const Graph graph = MakeGraph("a");
  const auto set = RevisionSetOf({graph, graph}, {"a..nothing"}, Follow::kParents);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().reason, Reason::kNoSuchRevision);
  EXPECT_THAT(set.error().message, ::testing::HasSubstr("'nothing'"));
}

TEST(WordsOfView, MeanWhatTheViewMeansByThem) {
  const DrawnHistory history("a; c: a; d: a @theirs");
  const Graph view = history.GraphOf("c"), whole = history.GraphOf("c d");
  const WordsOfView words(view, whole);
  EXPECT_EQ(Names(whole, words.Many("head").value()), "c");
  EXPECT_EQ(Names(whole, words.Many("heads").value()), "c");
  EXPECT_EQ(Names(whole, words.Heads(Follow::kAll)), "c");
  EXPECT_EQ(whole.name(words.One("head").value().value()), "c");
}

TEST(WordsOfView, KnowTheRestOfTheGraph) {
  const DrawnHistory history("a; c: a; d: a @theirs");
  const Graph view = history.GraphOf("c"), whole = history.GraphOf("c d");
  const WordsOfView words(view, whole);
  const std::string id = history.IdAt("d").hex();
  EXPECT_EQ(Names(whole, words.Many(id).value()), "d");
  EXPECT_EQ(whole.name(words.One("theirs").value().value()), "d");
  const auto set = RevisionSetOf(words, {id + ".."}, Follow::kParents);
  EXPECT_EQ(Names(whole, Between(whole, set->lower, set->upper, Follow::kParents)), "c");
  const auto others = RevisionSetOf(words, {"^" + id}, Follow::kParents);
  EXPECT_EQ(Names(whole, others->upper), "c");
  EXPECT_EQ(words.Many("nowhere").error().reason, Reason::kNoSuchRevision);
}

TEST(PageOf, FiltersByNameAndByText) {
  const Graph graph = MakeGraph("create_users; add_price: create_users; drop_users: add_price");
  ListingQuery query = QueryOf(graph, {});
  query.grep = "USER";
  EXPECT_EQ(Names(graph, PageOf(graph, query).revisions), "drop_users create_users");
  EXPECT_EQ(CountOf(graph, query), 2u);
  query.names = {"add_price", "drop_users"};
  EXPECT_EQ(Names(graph, PageOf(graph, query).revisions), "drop_users");
}

TEST(PageOf, GoesOnWhereThePageBeforeEnded) {
  std::mt19937 random(13);
  for (int round = 0; round < 100; ++round) {
    const Graph whole = RandomGraph(random, 40);
    const Graph graph = whole.Reaching(RandomSet(random, whole, 4));
    ListingQuery query;
    query.set = {RandomSet(random, graph, 2), RandomSet(random, graph, 2)};
    std::erase_if(query.set.upper, [&](Position p) { return !graph.Has(p); });
    std::erase_if(query.set.lower, [&](Position p) { return !graph.Has(p); });
    if (random() % 3 == 0) query.set = {HeadsOf(graph, Follow::kParents), {}};
    if (random() % 3 == 0) query.set.lower.clear();
    query.most = 1 + random() % 5;
    auto expected = SlowAncestors(graph, query.set.upper, Follow::kParents);
    for (Position p : SlowAncestors(graph, query.set.lower, Follow::kParents)) expected.erase(p);
    ASSERT_EQ(CountOf(graph, query), expected.size());
    Positions listed;
    for (bool last = false; !last;) {
      const ListedPage page = PageOf(graph, query);
      listed.insert(listed.end(), page.revisions.begin(), page.revisions.end());
      last = page.last;
      ASSERT_TRUE(last || page.revisions.size() == query.most);
      for (Position p : page.revisions) {
        for (Position parent : graph.parents(p))
          ASSERT_EQ(page.members.empty() || page.members[parent], expected.contains(parent));
      }
      if (!last) query.below = page.revisions.back();
    }
    ASSERT_EQ(listed, Positions(expected.rbegin(), expected.rend()));
  }
}

}  // namespace
}  // namespace mig
