#include "cli/render/revision.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "cli/render/history.h"

namespace mig {
namespace {

const Style kPlain(false);

template <typename Message = v1::Revision>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

TEST(HistoryLine, OfABase) {
  EXPECT_EQ(HistoryLine(Parse("name: 'a' message: 'create users'"), kPlain),
            "<base> -> a, create users");
}

TEST(HistoryLine, ShowsParentsDependenciesLabelsAndMarksInAlembicsOrder) {
  v1::Revision revision = Parse(R"(
      name: 'm' parents: 'a' parents: 'b' depends: 'x' labels: 'shop' labels: 'eu' head: true current: true
      branch_point: true merge_point: true message: 'join')");
  EXPECT_EQ(HistoryLine(revision, kPlain),
            "a, b (x) -> m (shop, eu) (head) (current) (branchpoint) (mergepoint), join");
}

TEST(HistoryLine, CallsAHeadThatAnotherRevisionDependsOnEffective) {
  EXPECT_EQ(HistoryLine(Parse("name: 'b' parents: 'a' head: true effective_head: true"), kPlain),
            "a -> b (effective head)");
}

TEST(HistoryLine, IsColouredOnATerminalOnly) {
  EXPECT_EQ(HistoryLine(Parse("name: 'b' head: true"), Style(true)),
            "<base> -> \x1b[33mb\x1b[0m \x1b[32m(head)\x1b[0m");
}

TEST(Entry, ShowsEveryFieldThatIsThere) {
  v1::Revision revision = Parse(R"(
      name: 'm' id: 'f00d' parents: 'a' parents: 'b' depends: 'x' labels: 'shop' children: 'n' children: 'o' branch_point: true
      path: 'migrations/m.sql' author: 'Ann <ann@example.com>' created: '2026-11-22T08:15:30Z' irreversible: 'data is gone'
      message: 'join')");
  EXPECT_EQ(Entry(revision, kPlain), R"(Rev: m (branchpoint)
Id: f00d
Merges: a, b
Also depends on: x
Branches into: n, o
Branch names: shop
Path: migrations/m.sql
Author: Ann <ann@example.com>
Created: 2026-11-22T08:15:30Z
Irreversible: data is gone

    join
)");
}

TEST(Entry, LeavesOutWhatIsNotThere) {
  EXPECT_EQ(Entry(Parse("name: 'a' message: 'x'"), kPlain), "Rev: a\nParent: <base>\n\n    x\n");
}

TEST(Heads, AreALineEach) {
  auto answer = Parse<v1::ListHeadsResponse>(
      "heads { name: 'a' head: true labels: 'l' } heads { name: 'b' head: true merge_point: true "
      "}");
  EXPECT_EQ(RenderHeads(answer, false, kPlain), "a (l) (head)\nb (head)\n");
}

TEST(Branches, AreIndentedBelowTheirPoint) {
  auto answer = Parse<v1::ListBranchesResponse>(R"(
      branches { branch_point { name: 'abc' branch_point: true } children { name: 'd' } children { name: 'e' head: true message: 'x' } })");
  EXPECT_EQ(RenderBranches(answer, false, kPlain),
            "abc (branchpoint)\n    -> d\n    -> e (head)\n\n");
}

TEST(Current, MarksImpliedTipsAndNotEveryLineAsCurrent) {
  auto answer = Parse<v1::GetCurrentResponse>(
      "revisions { name: 'a' current: true head: true } revisions { name: 'b' implied: true }");
  EXPECT_EQ(RenderCurrent(answer, false, kPlain), "a (head)\nb (implied)\n");
}

TEST(Current, NamesTheTargetWhenVerbose) {
  auto answer = Parse<v1::GetCurrentResponse>(
      "revisions { name: 'a' message: 'x' } target_url: 'sqlite:/srv/dev.db'");
  EXPECT_EQ(RenderCurrent(answer, true, kPlain),
            "Current revision(s) for sqlite:/srv/dev.db:\nRev: a\nParent: <base>\n\n    x\n\n");
}

TEST(Shown, LeavesOutTheFilesHeaderBecauseTheEntryHasIt) {
  v1::ShowRevisionsResponse answer;
  auto* shown = answer.add_revisions();
  shown->mutable_revision()->set_name("a");
  shown->mutable_revision()->set_message("x");
  shown->set_body("-- message: x\n\n-- mig:up\nSELECT 1;\n");
  EXPECT_EQ(RenderShown(answer, kPlain),
            "Rev: a\nParent: <base>\n\n    x\n\n-- mig:up\nSELECT 1;\n");
}

std::vector<v1::Revision> Diamond() {
  return {Parse("name: 'd' parents: 'b' parents: 'c' head: true merge_point: true message: 'join'"),
          Parse("name: 'c' parents: 'a' depends: 'z'"),
          Parse("name: 'b' parents: 'a' message: 'left'"),
          Parse("name: 'a' branch_point: true current: true message: 'start'")};
}

TEST(History, IsALineEachNewestFirst) {
  EXPECT_EQ(RenderHistory(Diamond(), {}, kPlain), R"(b, c -> d (head) (mergepoint), join
a (z) -> c
a -> b, left
<base> -> a (current) (branchpoint), start
)");
}

TEST(Shown, IsSqlByteForByteButOnATerminal) {
  const auto answer = Parse<v1::ShowRevisionsResponse>(
      "revisions { revision { name: 'a' message: '\\302\\2332J' } body: '-- mig:up\\nSELECT "
      "\\033[8m;\\n' }");
  const std::string entry = "Rev: a\nParent: <base>\n\n    ";
  EXPECT_EQ(RenderShown(answer, kPlain), entry + "\u009b2J\n\n-- mig:up\nSELECT \x1b[8m;\n");
  EXPECT_EQ(RenderShown(answer, Style(false, true)),
            entry + "\\xc2\\x9b2J\n\n-- mig:up\nSELECT \\x1b[8m;\n");
}

TEST(History, DrawsItsGraph) {
  EXPECT_EQ(RenderHistory(Diamond(), {.graph = true}, kPlain), R"(* d (head) (mergepoint), join
|\
| * c (needs z)
* | b, left
|/
* a (current) (branchpoint), start
)");
}

TEST(History, DrawsEntriesBesideTheirLanes) {
  EXPECT_EQ(
      RenderHistory({Parse("name: 'b' parents: 'a' message: 'x'"), Parse("name: 'a' message: 'y'")},
                    {.verbose = true, .graph = true}, kPlain),
      R"(* Rev: b
| Parent: a
|
|     x
|
* Rev: a
  Parent: <base>

      y

)");
}

}  // namespace
}  // namespace mig
