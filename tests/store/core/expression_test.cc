#include "store/core/expression.h"

#include <gmock/gmock.h>

#include "store/core/graph_text.h"

namespace mig {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The names an expression stands for, or the reason it stands for none.
std::string Resolve(const Graph& graph, std::string_view text) {
  Result<Positions> found = Resolver(graph).Many(text);
  if (!found) return std::string(InfoOf(found.error().reason).text);
  std::string names;
  for (Position p : *found) names += (names.empty() ? "" : " ") + graph.name(p);
  return names;
}

std::string Resolve(std::string_view graph, std::string_view text) {
  return Resolve(MakeGraph(graph), text);
}

constexpr std::string_view kTwoBranches =
    "root; users1: root @users; users2: users1; items1: root @items; items2: items1 +users2";

TEST(Expression, ReadsEveryForm) {
  auto parsed = [](std::string_view text) { return ParseExpression(text).value(); };
  EXPECT_EQ(parsed("abc").symbol, "abc");
  EXPECT_EQ(parsed("heads").kind, Expression::Kind::kHeads);
  EXPECT_EQ(parsed("users@head").branch, "users");
  EXPECT_EQ(parsed("users@head").kind, Expression::Kind::kHead);
  EXPECT_EQ(parsed("my-label@abc-2").branch, "my-label");
  EXPECT_EQ(parsed("my-label@abc-2").relative, -2);
  EXPECT_EQ(parsed("+3").kind, Expression::Kind::kNothing);
  EXPECT_EQ(parsed("users@+3").relative, 3);
  EXPECT_TRUE(parsed("abc-0").down);
  EXPECT_EQ(parsed("@prod").kind, Expression::Kind::kTarget);
  EXPECT_EQ(parsed("@prod").symbol, "prod");
  EXPECT_EQ(parsed("refs/team-a/prices").symbol, "team-a/prices");
}

TEST(Expression, IsReadAsAWholeOrNotAtAll) {
  for (std::string_view text :
       {"", "+", "+-1", "a@b@c", "a@", "abc ", " abc", "abc+1x", "a:b", "a+b", "@"}) {
    auto parsed = ParseExpression(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().reason, Reason::kNoSuchRevision) << text;
  }
}

TEST(Expression, WithATailThatIsNoNumberIsAWord) {
  EXPECT_EQ(Resolve("abc", "abc-1xyz"), "NO_SUCH_REVISION");
}

TEST(Expression, PrefersAnExactLabelToAWalk) {
  Graph graph = MakeGraph("a; v: a; b: v @v-2");
  EXPECT_EQ(Resolve(graph, "v-2"), "b");
  EXPECT_EQ(ParseExpression(graph, "v-1")->relative, -1);
}

TEST(Expression, WithHugeNumberOfStepsIsStillRead) {
  EXPECT_GT(*ParseExpression("+99999999999999999999")->relative, 1000000);
}

TEST(Words, GoByNameThenLabelThenPrefix) {
  EXPECT_EQ(Resolve("users; users_more; other @user", "users"), "users");
  EXPECT_EQ(Resolve("users; users_more; other @user", "user"), "other");
  EXPECT_EQ(Resolve("users; items", "use"), "users");
  EXPECT_EQ(Resolve("users; users_more", "use"), "AMBIGUOUS_PREFIX");
  EXPECT_EQ(Resolve("a =1b2c3d", "1b2c"), "a");
}

TEST(Words, OfThreeCharactersHaveNoPrefix) {
  EXPECT_EQ(Resolve("abc; other", "ab"), "NO_SUCH_REVISION");
  EXPECT_EQ(Resolve("abcd; other", "ab"), "abcd");
}

TEST(Words, MayBeIdsOrPrefixesOfFourDigits) {
  std::vector<NodeSpec> specs(2);
  std::string hex = "abcd" + std::string(60, '1');
  specs[0].node = {.name = "first", .id = *Id::FromHex(hex)};
  specs[1].node = {.name = "abcdef"};
  Graph graph = Graph::Build(specs).value();
  EXPECT_EQ(Resolve(graph, hex), "first");
  EXPECT_EQ(Resolve(graph, "abcd1"), "first");
  EXPECT_EQ(Resolve(graph, "abcd"), "abcdef") << "a name's prefix comes before an id's";
}

TEST(Words, NobodyKnowsComeWithWhatWasMeant) {
  auto found = Resolver(MakeGraph("create_users; create_items")).Many("create_user_s");
  EXPECT_EQ(found.error().reason, Reason::kNoSuchRevision);
  EXPECT_THAT(found.error().hint, HasSubstr("create_users"));
  EXPECT_EQ(Resolver(MakeGraph("a")).Many("HEAD").error().hint, "did you mean head?");
}

TEST(Heads, HaveAlembicsThreeMeanings) {
  EXPECT_EQ(Resolve(kTwoBranches, "heads"), "items2");
  EXPECT_EQ(Resolve(kTwoBranches, "head"), "MULTIPLE_HEADS");
  EXPECT_EQ(Resolve(kTwoBranches, "users@head"), "users2");
  EXPECT_EQ(Resolve(kTwoBranches, "root@heads"), "users2 items2");
  EXPECT_EQ(Resolve("", "head"), "");
}

TEST(Heads, AreCountedOnceWhereAFileWasEdited) {
  const auto id = [](char digit) { return Id::FromHex(std::string(64, digit)).value(); };
  std::vector<NodeSpec> specs(5);
  specs[0].node = {.name = "a", .id = id('1')};
  specs[1].node = {.name = "b", .id = id('2')};
  specs[1].parents = {id('1').hex()};
  specs[2].node = {.name = "a", .id = id('3')};
  specs[3].node = {.name = "b", .id = id('4')};
  specs[3].parents = {id('3').hex()};
  const std::vector<NodeSpec> both(specs.begin(), specs.begin() + 4);
  const Graph graph = Graph::Build(both, Names::kVersions).value();
  EXPECT_EQ(Resolve(graph, "head"), "b");
  EXPECT_EQ(Resolve(graph, "heads"), "b");
  EXPECT_EQ(Resolver(graph).Many("head").value(), Positions{graph.FindId(id('4')).value()});
  specs[4].node = {.name = "c", .id = id('5')};
  specs[4].parents = {id('4').hex()};
  EXPECT_EQ(Resolve(Graph::Build(specs, Names::kVersions).value(), "head"), "c");
}

TEST(Branch, LimitsWhatAWordMayMean) {
  EXPECT_EQ(Resolve(kTwoBranches, "users@users2"), "users2");
  EXPECT_EQ(Resolve(kTwoBranches, "users@items2"), "NOT_IN_BRANCH");
  EXPECT_EQ(Resolve(kTwoBranches, "nobody@items2"), "NO_SUCH_BRANCH");
  const Graph graph = MakeGraph(kTwoBranches);
  EXPECT_THAT(HintOf(Resolver(graph).Branch("nobody").error()), HasSubstr("mig history"));
  EXPECT_EQ(Resolve("root; a: root @left; b: root @right; abcd1: a; abcd2: b", "left@abcd"),
            "abcd1");
  EXPECT_EQ(Resolve(kTwoBranches, "users"), "users1") << "a label alone is who declares it";
  EXPECT_EQ(Resolve(kTwoBranches, "users@base"), "");
}

TEST(BelowHeads, IsCountedFromEachHead) {
  EXPECT_EQ(Resolve("a; b: a; c: b; d: a", "-1"), "b a");
  EXPECT_EQ(Resolve("a; b: a; c: b", "-3"), "RELATIVE_TOO_FAR");
}

TEST(Walk, StopsAtForks) {
  Graph graph = MakeGraph("a; b: a; c: a; d: b c");
  Resolver resolver(graph);
  EXPECT_EQ(resolver.Walk(0, 1).error().reason, Reason::kAmbiguousWalk);
  EXPECT_EQ(resolver.Walk(3, -1).error().reason, Reason::kAmbiguousWalk);
  EXPECT_THAT(HintOf(resolver.Walk(0, 1).error()), HasSubstr("BRANCH@+1"));
  EXPECT_THAT(HintOf(resolver.Walk(3, -1).error()), HasSubstr("name the revision itself"));
  EXPECT_EQ(resolver.Walk(0, 1, "b")->revision, 1u);
  EXPECT_EQ(resolver.Walk(1, -2)->end, Resolver::Walked::End::kBase);
  EXPECT_EQ(resolver.Walk(1, -3)->end, Resolver::Walked::End::kBeyond);
  EXPECT_EQ(resolver.Walk(1, 9, {}, true)->revision, 3u);
}

TEST(Labels, SpreadUpwardAndDownAPlainChain) {
  Graph graph = MakeGraph("a; b: a; c: b @x; d: c; e: a");
  EXPECT_THAT(LabelsAt(graph, *graph.FindName("d")), ElementsAre("x"));
  EXPECT_THAT(LabelsAt(graph, *graph.FindName("b")), ElementsAre("x"));
  EXPECT_THAT(LabelsAt(graph, *graph.FindName("a")), ElementsAre()) << "a is a branch point";
}

TEST(Rows, UnknownToTheGraphAreNamed) {
  Id stranger = *Id::FromHex(std::string(64, 'e'));
  Current current = CurrentFrom(MakeGraph("a"), {stranger});
  EXPECT_THAT(current.unknown, ElementsAre(stranger.hex()));
  EXPECT_EQ(KnownRows(current).error().reason, Reason::kUnknownApplied);
}

TEST(Expression, ANameAndAnAliasOfOneRevisionAreOneMatchForAPrefix) {
  constexpr std::string_view kGraph =
      "1a2b3c_add_users =1a2b3c; 1a2b3d_add_items: 1a2b3c_add_users =1a2b3d; ab =ab";
  EXPECT_EQ(Resolve(kGraph, "1a2b3c"), "1a2b3c_add_users");
  EXPECT_EQ(Resolve(kGraph, "1a2b3d_"), "1a2b3d_add_items");
  EXPECT_EQ(Resolve(kGraph, "1a2b3"), "AMBIGUOUS_PREFIX");
  EXPECT_EQ(Resolve(kGraph, "ab"), "ab");
}
}  // namespace
}  // namespace mig
