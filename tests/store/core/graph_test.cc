#include "store/core/graph.h"

#include <gmock/gmock.h>

#include "store/core/graph_text.h"

namespace mig {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<std::string> NamesInOrder(const Graph& graph) {
  std::vector<std::string> names;
  for (Position p = 0; p < graph.size(); ++p) names.push_back(graph.name(p));
  return names;
}

Error ErrorOf(std::string_view text) {
  Result<Graph> graph = GraphFromText(text);
  return graph ? Error{Reason::kInternal, "no error"} : graph.error();
}

Id IdStarting(std::string hex) {
  hex.resize(64, '7');
  return *Id::FromHex(hex);
}

TEST(Graph, PutsParentsAndDependenciesBeforeWhatFollowsThem) {
  Graph graph = MakeGraph("d: b c; c: a; b: a +x; a; x");
  EXPECT_THAT(NamesInOrder(graph), ElementsAre("a", "c", "x", "b", "d"));
}

TEST(Graph, OrdersUnrelatedRevisionsByAgeThenName) {
  std::vector<NodeSpec> specs(3);
  specs[0].node = {.name = "z", .id = {}, .created = "2026-01-01"};
  specs[1].node = {.name = "b", .id = {}, .created = "2026-01-02"};
  specs[2].node = {.name = "a", .id = {}, .created = "2026-01-02"};
  auto graph = Graph::Build(specs);
  ASSERT_TRUE(graph);
  EXPECT_THAT(NamesInOrder(*graph), ElementsAre("z", "a", "b"));
}

TEST(Graph, ReadsEdgesBothWays) {
  Graph graph = MakeGraph("a; b: a; c: a +b; d: c b");
  EXPECT_THAT(graph.names(graph.parents(3)), ElementsAre("c", "b"));
  EXPECT_THAT(graph.names(graph.depends(2)), ElementsAre("b"));
  EXPECT_THAT(graph.names(graph.children(0)), ElementsAre("b", "c"));
  EXPECT_THAT(graph.names(graph.dependents(1)), ElementsAre("c"));
  EXPECT_THAT(graph.children(3), IsEmpty());
}

TEST(Graph, KeepsOneEdgeWhereAFileRepeatsItself) {
  Graph graph = MakeGraph("a =old; b: a a old");
  EXPECT_EQ(graph.parents(1).size(), 1u);
  EXPECT_EQ(graph.children(0).size(), 1u);
}

TEST(Graph, TakesALabelForTheRevisionThatDeclaresIt) {
  Graph graph = MakeGraph("a @users; b; c: b +users");
  EXPECT_THAT(graph.names(graph.depends(2)), ElementsAre("a"));
  EXPECT_EQ(graph.FindWord("users"), 0u);
  EXPECT_FALSE(graph.FindName("users"));
}

TEST(Graph, LinksByFullId) {
  Id id = IdStarting("abcd");
  std::vector<NodeSpec> specs(2);
  specs[0].node = {.name = "child"};
  specs[0].parents = {id.hex()};
  specs[1].node = {.name = "parent", .id = id};
  auto graph = Graph::Build(specs);
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_THAT(graph->names(graph->parents(1)), ElementsAre("parent"));
}

TEST(Graph, FindsIdsByFourDigitsOrMore) {
  std::vector<NodeSpec> specs(3);
  specs[0].node = {.name = "a", .id = IdStarting("abcd1")};
  specs[1].node = {.name = "b", .id = IdStarting("abcd2")};
  specs[2].node = {.name = "without_id"};
  Graph graph = Graph::Build(specs).value();
  EXPECT_THAT(graph.IdsWithPrefix("abcd"), ElementsAre(0, 1));
  EXPECT_THAT(graph.IdsWithPrefix("abcd2"), ElementsAre(1));
  EXPECT_THAT(graph.IdsWithPrefix("abc"), IsEmpty());
  EXPECT_THAT(graph.IdsWithPrefix("abcx"), IsEmpty());
  EXPECT_EQ(graph.FindId(IdStarting("abcd2")), 1u);
  EXPECT_FALSE(graph.FindId(Id()));
}

TEST(Graph, FindsIdsThatStartAlikeForLong) {
  std::vector<NodeSpec> specs(3);
  specs[0].node = {.name = "a", .id = IdStarting("00000000ab2")};
  specs[1].node = {.name = "b", .id = IdStarting("00000000ab1")};
  specs[2].node = {.name = "c", .id = IdStarting("00000000")};
  const Graph graph = Graph::Build(specs).value();
  for (Position p = 0; p < graph.size(); ++p) EXPECT_EQ(graph.FindId(graph.id(p)), p);
  EXPECT_THAT(graph.IdsWithPrefix("00000000"), ElementsAre(2, 1, 0));
}

TEST(Graph, FindsEveryWordHoweverTheyAreSorted) {
  const Graph graph = MakeGraph("m @zz @aa =old_z; b: m @mm =a; z: b =old_a =m2; c: z");
  for (const auto& [word, position] : std::vector<std::pair<std::string, Position>>{{"m", 0},
                                                                                    {"zz", 0},
                                                                                    {"aa", 0},
                                                                                    {"old_z", 0},
                                                                                    {"b", 1},
                                                                                    {"mm", 1},
                                                                                    {"a", 1},
                                                                                    {"z", 2},
                                                                                    {"old_a", 2},
                                                                                    {"m2", 2},
                                                                                    {"c", 3}})
    EXPECT_EQ(graph.FindWord(word), position) << word;
  EXPECT_FALSE(graph.FindWord("old"));
}

TEST(Graph, ReachedByAllItsHeadsIsTheSame) {
  const Graph graph = MakeGraph("a; b: a; c: a; x +b");
  EXPECT_TRUE(graph.Reaching({3, 2}).IsSame(graph));
  EXPECT_FALSE(graph.Reaching({1, 2}).IsSame(graph));
  const Graph part = graph.Reaching({1, 2});
  EXPECT_TRUE(part.Reaching({2, 1, 0}).IsSame(part));
}

TEST(Graph, OffersOnlyWordsOfFourCharactersOrMoreForAPrefix) {
  Graph graph = MakeGraph("use; users @user_branch; other");
  EXPECT_THAT(graph.WordsWithPrefix("use"), ElementsAre(Pair("user_branch", 1), Pair("users", 1)));
}

TEST(Graph, SuggestsWhatHoldsAWordBeforeWhatIsSpeltAlike) {
  Graph graph = MakeGraph("20260101_create_users; 20260102_create_items; user");
  EXPECT_THAT(graph.NearMisses("create_users"), ElementsAre("20260101_create_users"));
  EXPECT_THAT(graph.NearMisses("usre"), ElementsAre("user"));
  EXPECT_THAT(graph.NearMisses("qqqqqqqq"), IsEmpty());
}

TEST(Graph, OfNothingIsEmpty) { EXPECT_EQ(MakeGraph("").size(), 0u); }

TEST(GraphErrors, NameTheCycle) {
  Error error = ErrorOf("root; a: c root; b: a; c: b; d: c");
  EXPECT_EQ(error.reason, Reason::kCycle);
  EXPECT_THAT(error.message, HasSubstr("a -> c -> b -> a"));
}

TEST(GraphErrors, TellADependencyCycleFromAParentCycle) {
  EXPECT_EQ(ErrorOf("a +c; b: a; c: b").reason, Reason::kDependencyCycle);
  EXPECT_EQ(ErrorOf("a @own +own").reason, Reason::kDependencyCycle);
}

TEST(GraphErrors, RefuseSelfLoops) {
  EXPECT_EQ(ErrorOf("a: a").reason, Reason::kSelfLoop);
  EXPECT_EQ(ErrorOf("a; b: a +b").reason, Reason::kDependencySelfLoop);
}

TEST(GraphErrors, NameWhatIsMissing) {
  Error parent = ErrorOf("a: gone");
  EXPECT_EQ(parent.reason, Reason::kMissingParent);
  EXPECT_EQ(parent.details["missing"], "gone");
  EXPECT_EQ(ErrorOf("a +gone").reason, Reason::kMissingDependency);
}

TEST(GraphErrors, RefuseAWordForTwo) {
  EXPECT_EQ(ErrorOf("a; a").reason, Reason::kDuplicateName);
  EXPECT_EQ(ErrorOf("a; b =a").reason, Reason::kDuplicateName);
  EXPECT_EQ(ErrorOf("a @x; b @x").reason, Reason::kDuplicateLabel);
  EXPECT_EQ(ErrorOf("a; b @a").reason, Reason::kDuplicateLabel);
}

TEST(GraphErrors, RefuseOneIdForTwo) {
  std::vector<NodeSpec> specs(2);
  specs[0].node = {.name = "a", .id = IdStarting("abcd")};
  specs[1].node = {.name = "b", .id = IdStarting("abcd")};
  auto graph = Graph::Build(specs);
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().reason, Reason::kDuplicateName);
}

TEST(Graph, GivesAShadowedNameToTheLast) {
  std::vector<NodeSpec> specs(3);
  specs[0].node = {.name = "a", .id = {}, .created = "1"};
  specs[1].node = {.name = "a", .id = {}, .created = "2"};
  specs[2].node = {.name = "b"};
  specs[2].parents = {"a"};
  Graph graph = Graph::Build(specs, mig::Names::kShadowed).value();
  EXPECT_EQ(graph.node(*graph.FindName("a")).created, "2");
  EXPECT_THAT(graph.children(*graph.FindName("a")), ElementsAre(2));
}

TEST(Graph, KeepsTheEdgesOfEveryVersionOfAName) {
  auto id = [](char digit) { return Id::FromHex(std::string(64, digit)).value(); };
  std::vector<NodeSpec> specs(4);
  specs[0].node = {.name = "a", .id = id('1'), .labels = {"l"}};
  specs[1].node = {.name = "b", .id = id('2')};
  specs[1].parents = {id('1').hex()};
  specs[2].node = {.name = "a", .id = id('3'), .labels = {"l"}};
  specs[3].node = {.name = "b", .id = id('4')};
  specs[3].parents = {id('3').hex()};
  Graph graph = Graph::Build(specs, mig::Names::kVersions).value();
  auto at = [&](char digit) { return *graph.FindId(id(digit)); };
  EXPECT_THAT(graph.parents(at('2')), ElementsAre(at('1')));
  EXPECT_THAT(graph.parents(at('4')), ElementsAre(at('3')));
  EXPECT_EQ(graph.FindName("b"), at('4'));
  EXPECT_EQ(graph.FindWord("l"), at('3'));
}

TEST(Graph, OfAHundredThousandInARowNeedsNoDeepStack) {
  std::vector<NodeSpec> specs(100000);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    specs[i].node.name = "r" + std::to_string(i);
    if (i + 1 < specs.size()) specs[i].parents = {"r" + std::to_string(i + 1)};
  }
  auto graph = Graph::Build(std::move(specs));
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->name(0), "r99999");
}

}  // namespace
}  // namespace mig
