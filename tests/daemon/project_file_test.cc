// A project's file moves a project, and rewrites none: whatever it holds, the store stays sound.
#include "daemon/project_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "daemon/engine.h"
#include "store/check.h"
#include "store/core/sha256.h"
#include "store/memory_kv.h"
#include "tests/daemon/plan/drawn_history.h"

namespace mig {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ProjectFileTest : public testing::Test {
 protected:
  RefMove MoveTo(std::uint64_t number, const std::string& from, const std::string& to) const {
    const std::string id = fmt::format("{:032x}", number);
    return {number,
            {id, "token ann", "2026-11-22T08:15:30.000Z"},
            history_.Ids(from),
            history_.Ids(to)};
  }

  static std::string Field(std::string_view name, std::string_view value) {
    return fmt::format("{} {} {}\n", name, value.size(), value);
  }
  std::string FileOf(const std::vector<RefLog>& logs) const {
    std::string text = "mig-export 1\n" + Field("project", "shop");
    for (const auto& one : history_.all()) text += Field("object", CanonicalText(one->revision));
    for (const RefLog& log : logs) {
      text += Field("ref", log.name);
      for (const RefMove& move : log.moves) text += Field("move", EncodeMove(move));
    }
    return text + Field("hash", Hex(Sha256(text)));
  }

  Result<ImportedProject> Import(const std::string& file, bool with_logs) {
    const auto admit = [with_logs](const std::string&) -> Result<Importer> {
      return Importer{{"token bob", "", ""}, with_logs};
    };
    ProjectImporter importer(engine_.objects(), engine_.shared_refs(), admit);
    TRY(importer.Feed(file));
    return importer.Finish();
  }
  Result<ImportedRefs> ImportRefs(const std::vector<RefLog>& logs, bool with_logs) {
    return TRY(Import(FileOf(logs), with_logs)).refs;
  }

  // "number actor to", from the first move on.
  std::vector<std::string> LogOf(const std::string& ref) {
    std::vector<std::string> lines;
    const auto moves = Refs(kv_).Log("shop", ref);
    for (const RefMove& move : *moves) {
      lines.push_back(
          fmt::format("{} {} {}", move.number, move.by.actor, history_.NamesOf(move.to)));
    }
    return lines;
  }
  std::vector<std::string> Problems() {
    std::vector<std::string> problems;
    const CheckObserver observer = {
        [&](const Finding& finding) { problems.push_back(finding.problem); },
        [](const CheckCounts&) { return true; }};
    EXPECT_TRUE(CheckStore(kv_, observer));
    return problems;
  }

  const DrawnHistory history_{"root; ann: root; bob: root"};
  const RefLog main_{"main", {MoveTo(1, "", "root"), MoveTo(2, "root", "ann")}};
  MemoryKv kv_;
  World world_ = World::Real();
  Engine engine_{kv_, world_};
};

TEST_F(ProjectFileTest, ARefThatNeverWasComesWithItsLog) {
  const auto imported = ImportRefs({main_}, true);
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_THAT(imported->adopted, ElementsAre("main"));
  EXPECT_THAT(LogOf("main"), ElementsAre("1 token ann root", "2 token ann ann"));
  const auto repeated = ImportRefs({main_}, true);
  ASSERT_TRUE(repeated) << repeated.error().message;
  EXPECT_THAT(repeated->adopted, IsEmpty());
  EXPECT_THAT(repeated->pushed, IsEmpty());
  EXPECT_THAT(LogOf("main"), testing::SizeIs(2));
}

TEST_F(ProjectFileTest, AnyOtherImportIsAPushOfTheCallers) {
  EXPECT_THAT(ImportRefs({main_}, false)->pushed, ElementsAre("main"));
  EXPECT_THAT(LogOf("main"), ElementsAre("1 token bob ann"));
}

TEST_F(ProjectFileTest, ARefThatIsThereMovesByAPushAndKeepsItsLog) {
  ASSERT_TRUE(ImportRefs({{"main", {main_.moves[0]}}}, true));
  EXPECT_THAT(ImportRefs({main_}, true)->pushed, ElementsAre("main"));
  EXPECT_THAT(LogOf("main"), ElementsAre("1 token ann root", "2 token bob ann"));
  const RefLog other{"main", {MoveTo(1, "", "bob")}};
  EXPECT_THAT(ImportRefs({other}, true)->diverged, ElementsAre("main"));
  EXPECT_THAT(LogOf("main"), testing::SizeIs(2));
}

TEST_F(ProjectFileTest, AForgedLogIsRefusedWithAllOfTheFilesRefs) {
  const RefMove good = main_.moves[0];
  const auto with = [&](const auto& forge) {
    RefMove move = good;
    forge(move);
    return move;
  };
  RefMove nowhere = MoveTo(2, "root", "");
  nowhere.to = {IdOf({"nobody", {}, {}, "-- mig:up\n"})};
  RefMove back = MoveTo(3, "", "root");
  back.from = nowhere.to;
  const RefMove heads = MoveTo(1, "", "ann bob");
  RefMove disordered = heads;
  std::swap(disordered.to[0], disordered.to[1]);
  const std::vector<RefLog> forged = {
      {"x", {}},
      {"x", {MoveTo(2, "", "root")}},
      {"x", {good, MoveTo(2, "bob", "ann")}},
      {"x", {good, nowhere}},
      {"x", {good, nowhere, back}},
      {"x", {heads}},
      {"x", {disordered}},
      {"x", {with([](RefMove& move) { move.by.actor = "a\x1b[2J"; })}},
      {"x", {with([](RefMove& move) { move.by.author = "a\nb"; })}},
      {"x", {with([](RefMove& move) { move.by.author = "\xff"; })}},
      {"x", {with([](RefMove& move) { move.by.at = "not a time"; })}},
      {"x", {with([](RefMove& move) { move.by.move_id = ""; })}},
      {"remotes/origin/main", {good}},
      {"../x", {good}},
      {"main", {good}},
  };
  for (const RefLog& log : forged) {
    const auto imported = Import(FileOf({main_, log}), true);
    ASSERT_FALSE(imported) << EncodeMove(log.moves.empty() ? RefMove{} : log.moves.back());
    EXPECT_THAT(*Refs(kv_).List("shop"), IsEmpty()) << imported.error().message;
    EXPECT_THAT(Problems(), IsEmpty()) << imported.error().message;
  }
}

TEST_F(ProjectFileTest, WhereRefsTakeSeveralHeadsAnImportMayBringThem) {
  Engine engine(kv_, world_, {}, OpenSession, {{{"shop", "x"}, RefPolicy::kHeads}});
  ProjectImporter importer(engine.objects(), engine.shared_refs(),
                           [](const std::string&) -> Result<Importer> {
                             return Importer{{"user ann", "", ""}, true};
                           });
  ASSERT_TRUE(importer.Feed(FileOf({{"x", {MoveTo(1, "", "ann bob")}}})));
  EXPECT_THAT(importer.Finish()->refs.adopted, ElementsAre("x"));
}

TEST_F(ProjectFileTest, WhatIsNotedOfOtherDaemonsStaysAtHome) {
  ASSERT_TRUE(ImportRefs({main_}, true));
  ASSERT_TRUE(engine_.shared_refs().Track({"shop", "remotes/origin/main"}, history_.Ids("bob"),
                                          nullptr, {"user ann", "", ""}));
  std::string file;
  ASSERT_TRUE(ExportProject(kv_, "shop", [&](std::string piece) {
    file += piece;
    return true;
  }));
  EXPECT_THAT(file, HasSubstr("ref 4 main\n"));
  EXPECT_THAT(file, testing::Not(HasSubstr("remotes/")));
  EXPECT_TRUE(Import(file, true));
}

}  // namespace
}  // namespace mig
