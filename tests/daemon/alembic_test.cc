// A target that Alembic migrated, and goes on migrating.
#include <gmock/gmock.h>

#include <sstream>

#include "tests/daemon/scene.h"

namespace mig {
namespace {

using testing::HasSubstr;

class AlembicTest : public testing::TestWithParam<Dialect> {
 protected:
  // "a; b: a; c: a", each with the id in Alembic that its name has in capitals, twice.
  void Draw(const std::string& graph) {
    scene_.Draw(graph);
    std::istringstream in(graph);
    for (std::string line; std::getline(in, line, ';');) {
      const std::string name = Words(line.substr(0, line.find(':'))).at(0);
      std::string id = name + name;
      for (char& c : id) c = static_cast<char>(std::toupper(c));
      scene_.Write(name, "-- aliases: " + id + "\n" + scene_.Text(name));
    }
  }
  // What Alembic leaves in its table; the schema is not of interest.
  void AlembicSays(const std::string& rows) {
    scene_.Sql(
        "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT "
        "alembic_version_pkc PRIMARY KEY (version_num))");
    scene_.Sql("DELETE FROM alembic_version");
    for (const std::string& row : Words(rows))
      scene_.Sql("INSERT INTO alembic_version (version_num) VALUES ('" + row + "')");
  }
  std::string Table() {
    return scene_.Column("SELECT version_num FROM alembic_version ORDER BY 1");
  }
  // "mig current": names, or the reason there is none.
  std::string Current() {
    auto listing = scene_.engine().Current(scene_.View(), scene_.target(), false);
    if (!listing) return std::string(InfoOf(listing.error().reason).text);
    return Join(listing->marked.catalog.graph().names(listing->marked.rows));
  }
  std::string StampFromAlembic() {
    Operation operation{Operation::Kind::kStamp, {}};
    operation.from_alembic = true;
    return scene_.Run(operation);
  }

  Scene scene_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, AlembicTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgresql),
                         [](const auto& engine) { return std::string(NameOf(engine.param)); });

TEST_P(AlembicTest, IsTakenOverWhereItStands) {
  Draw("a; b: a; c: b");
  AlembicSays("BB");
  EXPECT_EQ(Current(), "b");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "c");
  EXPECT_EQ(scene_.Rows(), "c");
  EXPECT_EQ(scene_.Log(), "stamp:b from alembic_version:done upgrade:c:done");
  EXPECT_EQ(Table(), "BB");  // nobody asked for it to be kept
  scene_.ExpectSound();
}

TEST_P(AlembicTest, IsTakenOverByARunThatHasNothingElseToDo) {
  Draw("a; b: a");
  AlembicSays("BB");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Rows(), "b");
  EXPECT_EQ(scene_.Ran(), "");
}

TEST_P(AlembicTest, IsTakenOverAlsoWhenTheTablesOfMigAreThere) {
  Draw("a; b: a");
  AlembicSays("AA");
  ASSERT_TRUE(scene_.engine().EnsureVersion(scene_.target()));
  EXPECT_EQ(Current(), "a");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "b");
}

TEST_P(AlembicTest, TakesOverSeveralRowsAndNoneBelowAnother) {
  Draw("a; b: a; c: a; d: c");
  AlembicSays("AA BB CC");
  EXPECT_EQ(Current(), "b c");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "d");
  EXPECT_EQ(scene_.Rows(), "b d");
}

TEST_P(AlembicTest, IsRolledBackAsMigWouldHaveAppliedIt) {
  Draw("a; b: a");
  AlembicSays("BB");
  scene_.Sql("CREATE TABLE t_a (id integer)");
  scene_.Sql("CREATE TABLE t_b (id integer)");
  EXPECT_EQ(scene_.Downgrade("base"), "done");
  EXPECT_EQ(scene_.Ran(), "-b -a");
  EXPECT_EQ(scene_.Rows(), "");
  EXPECT_EQ(Current(), "");  // though Alembic's table says otherwise: mig knows better by now
}

TEST_P(AlembicTest, StaysTakenOverWhenTheFirstRevisionFails) {
  Draw("a; b: a");
  AlembicSays("AA");
  scene_.Replace("b", "CREATE TABLE t_b", "CREATE TABLE t_b broken");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_EQ(scene_.Rows(), "a");
  scene_.Replace("b", "CREATE TABLE t_b broken", "CREATE TABLE t_b");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "b");
}

TEST_P(AlembicTest, WithAnIdThatIsNobodysAliasIsRefused) {
  Draw("a");
  AlembicSays("ZZ");
  EXPECT_EQ(Current(), "UNKNOWN_APPLIED");
  EXPECT_EQ(scene_.Upgrade(), "UNKNOWN_APPLIED");
  EXPECT_THAT(scene_.error().message, HasSubstr("alembic_version says ZZ"));
  EXPECT_EQ(scene_.Ran(), "");
  EXPECT_EQ(scene_.Stamp("a", /*purge=*/true), "done");
  EXPECT_EQ(Current(), "a");
}

TEST_P(AlembicTest, MeansNothingToAHistoryThatDidNotComeFromThere) {
  scene_.Draw("a");
  AlembicSays("ZZ");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "a");
}

TEST_P(AlembicTest, UsedAfterMigIsNoticedAndCanBeFollowed) {
  Draw("a; b: a; c: b");
  AlembicSays("AA");
  ASSERT_EQ(scene_.Upgrade("b"), "done");
  AlembicSays("CC");
  EXPECT_EQ(Current(), "VERSIONS_DIFFER");
  EXPECT_EQ(scene_.Upgrade(), "VERSIONS_DIFFER");
  EXPECT_THAT(scene_.error().message,
              HasSubstr("alembic_version says CC, and said AA when mig last ran"));
  EXPECT_EQ(StampFromAlembic(), "done");
  EXPECT_EQ(Current(), "c");
  EXPECT_EQ(scene_.Ran(), "b");
  scene_.ExpectSound();
}

TEST_P(AlembicTest, ThatSaysWhatMigSaysIsNoDifference) {
  Draw("a; b: a");
  AlembicSays("AA");
  ASSERT_EQ(scene_.Upgrade(), "done");
  AlembicSays("BB");  // `alembic stamp`, to keep up
  EXPECT_EQ(Current(), "b");
}

TEST_P(AlembicTest, IsKeptUpToDateStepByStep) {
  Draw("a; b: a; c: a; m: b c; d: m");
  scene_.Replace("d", "CREATE TABLE t_d", "CREATE TABLE t_d broken");
  scene_.KeepAlembic();
  EXPECT_EQ(scene_.Upgrade("b"), "done");
  EXPECT_EQ(Table(), "BB");
  EXPECT_EQ(scene_.Upgrade("c"), "done");
  EXPECT_EQ(Table(), "BB CC");
  EXPECT_EQ(scene_.Upgrade("d"), "STATEMENT_FAILED");
  EXPECT_EQ(Table(), "MM");
  EXPECT_EQ(scene_.Downgrade("b"), "done");
  EXPECT_EQ(Table(), "BB CC");
  EXPECT_EQ(scene_.Downgrade("base"), "done");
  EXPECT_EQ(Table(), "");
  scene_.ExpectSound();
}

TEST_P(AlembicTest, IsKeptByScriptsAlsoWhereAlembicFilledIt) {
  Draw("a; b: a");
  scene_.Sql("CREATE TABLE t_a (id integer)");
  AlembicSays("AA");
  scene_.KeepAlembic();
  const auto run_script = [&](const Operation& operation) {
    EXPECT_EQ(scene_.RunClient(scene_.Script(operation)), 0) << scene_.client_log();
  };
  run_script({Operation::Kind::kStamp, {"a"}});
  EXPECT_EQ(scene_.Rows(), "a");
  EXPECT_EQ(Table(), "AA");
  run_script({Operation::Kind::kUpgrade, {"a:b"}});
  EXPECT_EQ(Table(), "BB");
  run_script({Operation::Kind::kDowngrade, {"b:base"}});
  EXPECT_EQ(Table(), "");
  run_script({Operation::Kind::kUpgrade, {"a"}});
  EXPECT_EQ(Table(), "AA");
  ASSERT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(Table(), "BB");
}

TEST_P(AlembicTest, IsBroughtUpToDateWhereItHadFallenBehind) {
  Draw("a; b: a; c: b");
  AlembicSays("AA");
  ASSERT_EQ(scene_.Upgrade("b"), "done");
  scene_.KeepAlembic();
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(Table(), "CC");
}

TEST_P(AlembicTest, IsKeptInOnePlaceWhateverSearchPathARevisionSets) {
  if (!scene_.postgres()) GTEST_SKIP() << "names are looked up in one place";
  const std::string urls[] = {scene_.target().url,
                              scene_.target().url + "&options=-c%20search_path%3Dother"};
  scene_.Write("a",
               "-- aliases: AA\n\n-- mig:up\nCREATE SCHEMA app;\nSET search_path = app;\n"
               "CREATE TABLE t_a (id integer);\n\n-- mig:down\nDROP SCHEMA app CASCADE;\n");
  scene_.Write("b",
               "-- aliases: BB\n-- parents: a\n\n-- mig:up\nCREATE TABLE t_b (id integer);\n"
               "SET LOCAL search_path = app;\n\n-- mig:down\nDROP TABLE t_b;\n");
  scene_.KeepAlembic();
  for (const std::string& url : urls) {
    for (const bool by_script : {false, true}) {
      SCOPED_TRACE(url + (by_script ? ", by script" : ", by a run"));
      scene_.MoveTo(urls[0]);
      scene_.Sql("DROP SCHEMA IF EXISTS app, other CASCADE");
      scene_.Wipe();
      scene_.LoseStore();
      scene_.Sql("CREATE SCHEMA other");
      scene_.MoveTo(url);
      if (by_script) {
        const std::string script = scene_.Script({Operation::Kind::kUpgrade, {"b"}});
        scene_.MoveTo(urls[0]);
        EXPECT_EQ(scene_.RunClient(script), 0) << scene_.client_log();
      } else {
        EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
        scene_.MoveTo(urls[0]);
      }
      const std::string schema = url == urls[0] ? "public" : "other";
      EXPECT_EQ(scene_.Column("SELECT schemaname FROM pg_catalog.pg_tables WHERE tablename = "
                              "'alembic_version'"),
                schema);
      EXPECT_EQ(scene_.Column("SELECT version_num FROM " + schema + ".alembic_version"), "BB");
    }
  }
}

TEST_P(AlembicTest, CannotBeKeptWithARevisionThatAlembicDoesNotKnow) {
  Draw("a");
  scene_.Draw("b: a");
  scene_.KeepAlembic();
  EXPECT_EQ(scene_.Upgrade("a"), "done");
  EXPECT_EQ(scene_.Upgrade("b"), "UNSUPPORTED");
  EXPECT_EQ(scene_.Rows(), "a");
  EXPECT_EQ(Table(), "AA");
}

TEST_P(AlembicTest, MovedWhileAStepRunsStopsThatStep) {
  Draw("a; b: a");
  scene_.KeepAlembic();
  ASSERT_EQ(scene_.Upgrade("a"), "done");
  scene_.Replace("b", "CREATE TABLE t_b", "DELETE FROM alembic_version; CREATE TABLE t_b");
  EXPECT_EQ(scene_.Upgrade("b"), "DATABASE_FORMAT");
  EXPECT_EQ(scene_.Rows(), "a");
  EXPECT_EQ(Table(), "AA");
}

TEST_P(AlembicTest, WhatWasNotRenderedNeverRuns) {
  Draw("a; b: a");
  scene_.Replace("b", "-- mig:up", "-- mig:up unrendered: it reads what it changes");
  EXPECT_EQ(scene_.Upgrade(), "UNRENDERED");
  EXPECT_EQ(scene_.error().message,
            "the upgrade of b could not be written as SQL: it reads what it changes");
  EXPECT_EQ(scene_.detail("line"), "5");
  EXPECT_EQ(scene_.Ran(), "");
  EXPECT_EQ(scene_.Upgrade("a"), "done");
  EXPECT_FALSE(scene_.engine().RenderScript(scene_.Spec({Operation::Kind::kUpgrade, {"a:b"}})));
}

TEST_P(AlembicTest, WhatWasNotRenderedCanBeFinishedLater) {
  Draw("a; b: a; c: b");
  AlembicSays("CC");
  scene_.Replace("b", "-- mig:up", "-- mig:up unrendered: it reads what it changes");
  ASSERT_EQ(scene_.Upgrade(), "done");
  scene_.Replace("b", "-- mig:up unrendered: it reads what it changes", "-- mig:up");
  EXPECT_EQ(scene_.Reapply(), "done");
  EXPECT_EQ(scene_.Ran(), "");
  EXPECT_EQ(scene_.Rows(), "c");
  EXPECT_THAT(scene_.Log(), HasSubstr("relink:b:done relink:c:done"));
}

}  // namespace
}  // namespace mig
