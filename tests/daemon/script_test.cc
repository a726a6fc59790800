// Offline scripts: run by the engine's own client they leave what a run leaves.
#include "daemon/script.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <random>

#include "daemon/world.h"
#include "drivers/baseline.h"
#include "tests/daemon/scene.h"
#include "tests/store/core/random_graph.h"

namespace mig {
namespace {

using Kind = Operation::Kind;

class ScriptTest : public ::testing::TestWithParam<Dialect> {
 protected:
  void RunScript(const Operation& operation) {
    EXPECT_EQ(offline_.RunClient(offline_.Script(operation)), 0) << offline_.client_log();
  }
  void Draw(const std::string& graph) {
    offline_.Draw(graph);
    connected_.Draw(graph);
  }

  Scene offline_{GetParam()};
  Scene connected_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, ScriptTest,
                         ::testing::Values(Dialect::kSqlite, Dialect::kPostgresql,
                                           Dialect::kMariadb),
                         [](const auto& engine) { return std::string(NameOf(engine.param)); });

TEST_P(ScriptTest, UpgradesBranchesAndMergesAsARunDoes) {
  Draw("a; b: a; c: a; m: b c; x: +b");
  RunScript({Kind::kUpgrade, {"heads"}});
  ASSERT_EQ(connected_.Upgrade("heads"), "done");
  EXPECT_EQ(offline_.Everything(), connected_.Everything());
  EXPECT_EQ(offline_.Log(), connected_.Log());
}

TEST_P(ScriptTest, TakesAChainUpAndDown) {
  Draw("a; b: a; c: b");
  RunScript({Kind::kUpgrade, {"c"}});
  RunScript({Kind::kDowngrade, {"c:a"}});
  ASSERT_EQ(connected_.Upgrade("c"), "done");
  ASSERT_EQ(connected_.Downgrade("a"), "done");
  EXPECT_EQ(offline_.Everything(), connected_.Everything());
  EXPECT_EQ(offline_.Log(), connected_.Log());
  RunScript({Kind::kUpgrade, {"a:c"}});
  ASSERT_EQ(connected_.Upgrade("c"), "done");
  EXPECT_EQ(offline_.Everything(), connected_.Everything());
}

TEST_P(ScriptTest, StampsAsARunDoes) {
  Draw("a; b: a");
  RunScript({Kind::kStamp, {"b"}});
  ASSERT_EQ(connected_.Stamp("b"), "done");
  EXPECT_EQ(offline_.Everything(), connected_.Everything());
}

TEST_P(ScriptTest, LeavesRowsThatTheNextRunSeals) {
  Draw("a; b: a");
  ASSERT_EQ(offline_.Upgrade("a"), "done");
  RunScript({Kind::kUpgrade, {"a:b"}});
  EXPECT_EQ(offline_.Column("SELECT count(*) FROM mig_log WHERE hash IS NULL"), "1");
  offline_.Draw("c: b");
  ASSERT_EQ(offline_.Upgrade("c"), "done");
  EXPECT_EQ(offline_.Log(), "upgrade:a:done upgrade:b:done upgrade:c:done");
  offline_.ExpectSound();
}

TEST_P(ScriptTest, GivesEachDatabaseThatItRunsInAnIdOfItsOwn) {
  Draw("a");
  const std::string script = offline_.Script({Kind::kUpgrade, {"a"}});
  std::vector<std::string> ids;
  for (Scene* scene : {&offline_, &connected_}) {
    ASSERT_EQ(scene->RunClient(script), 0) << scene->client_log();
    ids.push_back(scene->Column("SELECT value FROM mig_meta WHERE value <> '1'"));
    EXPECT_THAT(ids.back(), testing::MatchesRegex("[0-9a-f]{32}"));
  }
  EXPECT_NE(ids[0], ids[1]);
}

TEST_P(ScriptTest, LogsWhoAskedForItAndWhenItRan) {
  World world = World::Real();
  world.now = [] { return *ParseTime("2001-01-01T00:00:00Z"); };  // where it is written
  Scene scene(GetParam(), "", OpenSession, world);
  scene.Draw("a; b: a");
  scene.ActAs("Bob <bob@example.com>");
  ASSERT_EQ(scene.RunClient(scene.Script({Kind::kUpgrade, {"a"}})), 0) << scene.client_log();
  EXPECT_EQ(scene.Column("SELECT actor FROM mig_log"), "Bob <bob@example.com>");
  for (const char* column : {"started_at", "finished_at"}) {
    const std::string time = scene.Column(std::string("SELECT ") + column + " FROM mig_log");
    const auto parsed = ParseTime(time);
    ASSERT_TRUE(parsed) << time;
    EXPECT_EQ(FormatMilliseconds(*parsed), time);
    EXPECT_GT(time, "2002");
  }
  ASSERT_EQ(scene.Upgrade(), "done");
  scene.ExpectSound();
}

TEST_P(ScriptTest, SealsALogThatBeganOffline) {
  Draw("a; b: a");
  RunScript({Kind::kUpgrade, {"b"}});
  offline_.Draw("c: b");
  ASSERT_EQ(offline_.Upgrade(), "done");
  offline_.ExpectSound();
  EXPECT_EQ(offline_.Downgrade("base"), "done");
}

TEST_P(ScriptTest, StopsAtAStatementThatFailsAndLeavesNothingOfItsRevision) {
  Draw("a; b: a");
  offline_.Replace("b", "INSERT INTO ran (what)", "INSERT INTO nowhere (what)");
  EXPECT_NE(offline_.RunClient(offline_.Script({Kind::kUpgrade, {"b"}})), 0);
  EXPECT_EQ(offline_.Rows(), "a");
  EXPECT_EQ(offline_.Tables(), offline_.mariadb() ? "a b" : "a");
}

TEST_P(ScriptTest, StopsWhereTheDatabaseIsNotWhereItStarts) {
  offline_.Draw("a; b: a; c: b");
  const std::string script = offline_.Script({Kind::kUpgrade, {"b:c"}});
  ASSERT_EQ(offline_.Upgrade("a"), "done");
  EXPECT_NE(offline_.RunClient(script), 0);
  EXPECT_EQ(offline_.Rows(), "a");
  EXPECT_EQ(offline_.Tables(), "a");
  ASSERT_EQ(offline_.Upgrade("b"), "done");
  EXPECT_EQ(offline_.RunClient(script), 0) << offline_.client_log();
  EXPECT_EQ(offline_.Rows(), "c");
  EXPECT_NE(offline_.RunClient(script), 0) << "it was run already";
  EXPECT_EQ(offline_.Rows(), "c");
}

TEST_P(ScriptTest, StopsBeforeItsFirstStatementWhereItRanOrTheDatabaseIsFurtherOn) {
  offline_.Draw("a; b: a; c: b; d: c");
  for (const char* name : {"a", "b", "c"})
    offline_.Replace(name, "CREATE TABLE", "CREATE TABLE IF NOT EXISTS");
  const std::string script = offline_.Script({Kind::kUpgrade, {"base:c"}});
  ASSERT_EQ(offline_.RunClient(script), 0) << offline_.client_log();
  EXPECT_NE(offline_.RunClient(script), 0) << "it was run already";
  EXPECT_NE(offline_.RunClient(offline_.Script({Kind::kUpgrade, {"b"}})), 0);
  EXPECT_EQ(offline_.Rows(), "c");
  ASSERT_EQ(offline_.Upgrade("d"), "done");
  EXPECT_NE(offline_.RunClient(script), 0) << "above all that it installs";
  EXPECT_EQ(offline_.Rows(), "d");
  EXPECT_EQ(offline_.Ran(), "a b c d");
}

TEST_P(ScriptTest, StopsBeforeItsFirstStatementWhereARevisionIsHalfApplied) {
  offline_.Draw("a");
  offline_.Write("b",
                 "-- parents: a\n\n-- mig:up\nINSERT INTO ran (what) VALUES ('b1');\n"
                 "-- mig:up transaction=off\nINSERT INTO late (id) VALUES (1);\n"
                 "-- mig:up\nINSERT INTO ran (what) VALUES ('b2');\n\n-- mig:down\n");
  ASSERT_EQ(offline_.Upgrade(), "STATEMENT_FAILED");
  ASSERT_EQ(offline_.Ran(), "a b1");
  offline_.Sql("CREATE TABLE late (id integer)");
  EXPECT_NE(offline_.RunClient(offline_.Script({Kind::kUpgrade, {"a:b"}})), 0);
  EXPECT_NE(offline_.RunClient(offline_.Script({Kind::kStamp, {"a:b"}})), 0);
  EXPECT_NE(offline_.RunClient(offline_.Script({Kind::kDowngrade, {"a:base"}})), 0);
  EXPECT_EQ(offline_.Rows(), "a");
  EXPECT_EQ(offline_.Ran(), "a b1");
  ASSERT_EQ(offline_.Upgrade(), "done");
  EXPECT_EQ(offline_.Ran(), "a b1 b2");
  RunScript({Kind::kDowngrade, {"b:base"}});
  EXPECT_EQ(offline_.Rows(), "");
}

TEST_P(ScriptTest, WhatItDidBeforeItStoppedRunsNoSecondTime) {
  offline_.Draw("a");
  RunScript({Kind::kUpgrade, {"a"}});
  offline_.Write("b",
                 "-- parents: a\n\n-- mig:up\nINSERT INTO ran (what) VALUES ('b1');\n"
                 "-- mig:up transaction=off\nCREATE TABLE t_b (id integer);\n"
                 "-- mig:up\nINSERT INTO late (id) VALUES (1);\n"
                 "INSERT INTO ran (what) VALUES ('b2');\n\n-- mig:down\n");
  const std::string script = offline_.Script({Kind::kUpgrade, {"a:b"}});
  EXPECT_NE(offline_.RunClient(script), 0);
  EXPECT_EQ(offline_.Ran(), "a b1");
  offline_.Sql("CREATE TABLE late (id integer)");
  EXPECT_NE(offline_.RunClient(script), 0) << "b is half applied";
  EXPECT_EQ(offline_.Ran(), "a b1");
  EXPECT_EQ(offline_.Rows(), "a");
  ASSERT_EQ(offline_.Upgrade(), "done") << offline_.error().message;
  EXPECT_EQ(offline_.Ran(), "a b1 b2");
  offline_.ExpectSound();
}

TEST_P(ScriptTest, WhatWasThereBeforeItDoesNotPassForItsEffect) {
  if (GetParam() == Dialect::kSqlite) GTEST_SKIP() << "nothing is looked for there";
  const std::string concurrently = offline_.postgres() ? "CONCURRENTLY " : "";
  offline_.Draw("a");
  RunScript({Kind::kUpgrade, {"a"}});
  offline_.Sql("CREATE INDEX i ON t_a (id)");
  offline_.Write("b", "-- parents: a\n\n-- mig:up transaction=off\nCREATE INDEX " + concurrently +
                          "i ON t_a (id);\n\n-- mig:down\n");
  EXPECT_NE(offline_.RunClient(offline_.Script({Kind::kUpgrade, {"a:b"}})), 0);
  EXPECT_EQ(offline_.Upgrade(), "IN_DOUBT");
  Operation answer{Kind::kResolve, {"b"}};
  answer.answer = Resolution::Answer::kNotApplied;
  ASSERT_EQ(offline_.Run(answer), "done");
  offline_.Sql(offline_.postgres() ? "DROP INDEX i" : "DROP INDEX i ON t_a");
  EXPECT_EQ(offline_.Upgrade(), "done") << offline_.error().message;
  offline_.ExpectSound();
}

TEST(PostgresqlScript, WhatAPartSetsHoldsForTheLaterPartsAndNotForItsBooks) {
  Scene scene(Dialect::kPostgresql);
  const std::string weak = scene.WeakRole();
  scene.Draw("a");
  scene.Sql("GRANT INSERT ON ran TO " + weak);
  scene.Sql("GRANT USAGE ON SEQUENCE ran_n_seq TO " + weak);
  const std::string told = "INSERT INTO ran (what) VALUES (current_user);\n";
  scene.Write("b", "-- parents: a\n\n-- mig:up\nSET ROLE " + weak + ";\n" + told +
                       "-- mig:up transaction=off\n" + told + "-- mig:up\n" + told);
  ASSERT_EQ(scene.RunClient(scene.Script({Kind::kUpgrade, {"b"}})), 0) << scene.client_log();
  EXPECT_EQ(scene.Ran(), Join({"a", weak, weak, weak}));
  EXPECT_EQ(scene.Column("SELECT name FROM mig_journal"), "");
  scene.Sql("DROP OWNED BY " + weak);
  scene.Sql("DROP ROLE " + weak);
}

TEST(PostgresqlScript, RunsWhereThePsqlrcSwitchesAutocommitOff) {
  Scene scene(Dialect::kPostgresql);
  scene.Draw("a");
  scene.Write("b",
              "-- parents: a\n\n-- mig:up transaction=off\n"
              "CREATE INDEX CONCURRENTLY i ON t_a (id);\n");
  const std::string script = "\\set AUTOCOMMIT off\n" + scene.Script({Kind::kUpgrade, {"b"}});
  EXPECT_EQ(scene.RunClient(script), 0) << scene.client_log();
  EXPECT_EQ(scene.Rows(), "b");
  EXPECT_EQ(scene.Column("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass"), "t");
}

// As scripts left it that asked mig_version alone.
TEST_P(ScriptTest, WhatAJournalTellsOfARevisionThatAScriptBroughtToItsEndCanBeForgotten) {
  const auto stop_in_the_middle_of = [&](const std::string& direction) {
    offline_.Sql(
        "INSERT INTO mig_journal (id, name, direction, unit, state, digest) SELECT id, "
        "name, '" +
        direction + "', 0, 'done', '' FROM mig_object WHERE name = 'b'");
  };
  const auto told_to_forget = [&] {
    EXPECT_THAT(HintOf(offline_.error()), ::testing::HasSubstr("`mig resolve b --undone`"));
    Operation forget{Kind::kResolve, {"b"}};
    forget.answer = Resolution::Answer::kUndone;
    return offline_.Run(forget);
  };
  offline_.Draw("a; b: a; c: b");
  ASSERT_EQ(offline_.Upgrade(), "done");
  stop_in_the_middle_of("upgrade");
  EXPECT_EQ(offline_.Upgrade("b"), "IN_DOUBT");
  EXPECT_EQ(
      offline_.error().message,
      "an earlier run stopped in the middle of the upgrade of b, and b is applied all the same");
  EXPECT_EQ(told_to_forget(), "done");
  EXPECT_EQ(offline_.Upgrade("b"), "done");
  ASSERT_EQ(offline_.Downgrade("a"), "done");
  stop_in_the_middle_of("downgrade");
  EXPECT_EQ(offline_.Downgrade("a"), "IN_DOUBT");
  EXPECT_EQ(
      offline_.error().message,
      "an earlier run stopped in the middle of the downgrade of b, and b is not applied any more");
  EXPECT_EQ(told_to_forget(), "done");
  EXPECT_EQ(offline_.Downgrade("a"), "done");
  EXPECT_EQ(offline_.Rows(), "a");
  EXPECT_EQ(offline_.Ran(), "a b c -c -b");
  offline_.ExpectSound();
}

TEST_P(ScriptTest, StopsWhereItsRevisionsAreInForceAsTheyWereBeforeAnEdit) {
  offline_.Draw("a; b: a");
  for (const char* name : {"a", "b"})
    offline_.Replace(name, "CREATE TABLE", "CREATE TABLE IF NOT EXISTS");
  ASSERT_EQ(offline_.Upgrade("b"), "done");
  offline_.Replace("a", "integer", "bigint");
  EXPECT_NE(offline_.RunClient(offline_.Script({Kind::kUpgrade, {"b"}})), 0);
  EXPECT_EQ(offline_.Rows(), "b");
  EXPECT_EQ(offline_.Ran(), "a b");
}

TEST_P(ScriptTest, MindsNoBranchThatItHasNothingToDoWith) {
  offline_.Draw("a; b: a; e: a; x; y: x");
  ASSERT_EQ(offline_.Upgrade("y"), "done");
  RunScript({Kind::kUpgrade, {"e"}});
  RunScript({Kind::kUpgrade, {"e:b"}});
  EXPECT_EQ(offline_.Rows(), "b e y");
  RunScript({Kind::kDowngrade, {"y:base"}});
  EXPECT_EQ(offline_.Rows(), "b e");
}

TEST_P(ScriptTest, DownwardStopsAtOnceWhereItRanOrABranchRestsOnWhatItTakesBack) {
  offline_.Draw("a; b: a; c: b; e: b");
  const std::string script = offline_.Script({Kind::kDowngrade, {"c:a"}});
  ASSERT_EQ(offline_.Upgrade("c"), "done");
  ASSERT_EQ(offline_.RunClient(script), 0) << offline_.client_log();
  EXPECT_NE(offline_.RunClient(script), 0) << "it was run already";
  EXPECT_EQ(offline_.Rows(), "a");
  ASSERT_EQ(offline_.Upgrade("heads"), "done");
  EXPECT_NE(offline_.RunClient(script), 0) << "e rests on b";
  EXPECT_NE(offline_.RunClient(offline_.Script({Kind::kDowngrade, {"c:b"}})), 0)
      << "b would be a row below e";
  EXPECT_EQ(offline_.Rows(), "c e");
  EXPECT_EQ(offline_.Ran(), "a b c -c -b b c e");
}

TEST_P(ScriptTest, StampsOnlyWhereItStarts) {
  offline_.Draw("a; b: a; c: b; e: a");
  RunScript({Kind::kStamp, {"b"}});
  for (const char* elsewhere : {"a", "b", "c", "a:c"}) {
    EXPECT_NE(offline_.RunClient(offline_.Script({Kind::kStamp, {elsewhere}})), 0) << elsewhere;
    if (GetParam() != Dialect::kSqlite) {  // whose client shows no row
      EXPECT_THAT(offline_.client_log(), testing::HasSubstr("the script starts elsewhere"));
    }
    EXPECT_EQ(offline_.Rows(), "b");
    EXPECT_EQ(offline_.Column("SELECT count(*) FROM mig_meta"), "2");
  }
  RunScript({Kind::kStamp, {"b:e"}});
  EXPECT_EQ(offline_.Rows(), "b e");
}

TEST_P(ScriptTest, AStampBesideAnotherBranchSaysInTheLogWhatIsThere) {
  const auto rows_by_the_log = [&] {
    const auto report = offline_.engine().Audit(offline_.target());
    EXPECT_TRUE(report) << report.error().message;
    std::string differences;
    for (const AuditFinding& finding : report->findings) {
      if (finding.kind != "unsealed") differences += finding.message + "\n";
    }
    return differences;
  };
  offline_.Draw("a; b; c: b");
  ASSERT_EQ(offline_.Upgrade("a"), "done");
  RunScript({Kind::kStamp, {"b"}});
  EXPECT_EQ(rows_by_the_log(), "");
  RunScript({Kind::kStamp, {"b:c"}});
  RunScript({Kind::kStamp, {"c:base"}});
  EXPECT_EQ(rows_by_the_log(), "");
  ASSERT_EQ(offline_.Upgrade(), "done");
  EXPECT_EQ(offline_.Log(),
            "upgrade:a:done stamp:a, b:done stamp:a, c:done stamp:a:done upgrade:b:done "
            "upgrade:c:done");
  EXPECT_EQ(rows_by_the_log(), "");
  offline_.ExpectSound();
}

TEST_P(ScriptTest, LooksForAnyNumberOfRevisions) {
  constexpr int kRevisions = 1'500;  // from 1,000 on MariaDB makes a table of such a list
  std::string graph = "r0";
  for (int i = 1; i < kRevisions; ++i) graph += fmt::format("; r{}: r{}", i, i - 1);
  offline_.Draw(graph);
  const std::string last = fmt::format("r{}", kRevisions - 1);
  RunScript({Kind::kStamp, {last}});
  EXPECT_NE(offline_.RunClient(offline_.Script({Kind::kUpgrade, {"r0"}})), 0);
  RunScript({Kind::kStamp, {last + ":base"}});
  RunScript({Kind::kUpgrade, {"r0"}});
  EXPECT_EQ(offline_.Ran(), "r0");
}

TEST(MariadbScript, StopsUnderEverySqlMode) {
  Scene scene(Dialect::kMariadb);
  scene.Draw("a; b: a; c: b");
  const std::string script = "SET sql_mode = '';\n" + scene.Script({Kind::kUpgrade, {"b:c"}});
  ASSERT_EQ(scene.Upgrade("a"), "done");
  EXPECT_NE(scene.RunClient(script), 0);
  EXPECT_EQ(scene.Rows(), "a");
  EXPECT_EQ(scene.Tables(), "a");
}

TEST(MariadbScript, KeepsItsBooksWhereARevisionSetsTheModeOfOracle) {
  Scene scene(Dialect::kMariadb);
  scene.Write(
      "a",
      "-- mig:up\nSET sql_mode = 'ORACLE';\nCREATE TABLE t_a (id integer);\nINSERT INTO t_a "
      "VALUES (1);\n\n-- mig:down\nDROP TABLE t_a;\n");
  ASSERT_EQ(scene.RunClient(scene.Script({Kind::kUpgrade, {"a"}})), 0) << scene.client_log();
  EXPECT_EQ(scene.Rows(), "a");
  EXPECT_EQ(scene.Column("SELECT id FROM t_a"), "1");
  EXPECT_EQ(scene.Column("SELECT count(*) FROM mig_journal"), "0");
}

TEST(MariadbScript, ReadsStatementsUnderTheSqlModeOfTheUrl) {
  Scene offline(Dialect::kMariadb), connected(Dialect::kMariadb);
  for (Scene* scene : {&offline, &connected}) {
    scene->MoveTo(scene->target().url + "&sql_mode=PIPES_AS_CONCAT");
    scene->Write("a", "-- mig:up\nCREATE VIEW v AS SELECT 'a' || 'b' AS c;\n");
  }
  ASSERT_EQ(offline.RunClient(offline.Script({Kind::kUpgrade, {"a"}})), 0) << offline.client_log();
  ASSERT_EQ(connected.Upgrade(), "done");
  EXPECT_EQ(connected.Column("SELECT c FROM v"), "ab");
  EXPECT_EQ(offline.Column("SELECT c FROM v"), "ab");
}

// The client comes by a url that says nothing of them.
TEST(PostgresqlScript, SetsWhatTheOptionsOfTheUrlSet) {
  Scene offline(Dialect::kPostgresql), connected(Dialect::kPostgresql);
  const std::string role = offline.WeakRole();
  const auto with_options = [&](Scene& scene) {
    return scene.target().url +
           "&options=-c%20search_path%3D%22app%5C%20s%22,%5C%20public%20--role%3D" + role +
           "%20-cstatement-timeout%3D5min";
  };
  const std::string owned =
      " (id integer);\nINSERT INTO ran (what) VALUES (concat_ws(' ', current_user, "
      "current_setting('search_path'), current_setting('statement_timeout')));\n";
  for (Scene* scene : {&offline, &connected}) {
    scene->Sql("CREATE SCHEMA \"app s\"");
    scene->Sql("GRANT ALL ON SCHEMA \"app s\", public TO " + role);
    scene->Sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO " + role);
    scene->Sql("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO " + role);
    scene->Write("a", "-- mig:up\nCREATE TABLE t_a" + owned +
                          "-- mig:up transaction=off\nCREATE TABLE t_b (id integer);\n" +
                          "-- mig:up\nCREATE TABLE t_c" + owned);
  }
  const std::string urls[] = {offline.target().url, connected.target().url};
  offline.MoveTo(with_options(offline));
  const std::string script = offline.Script({Kind::kUpgrade, {"a"}});
  offline.MoveTo(urls[0]);
  ASSERT_EQ(offline.RunClient(script), 0) << offline.client_log();
  connected.MoveTo(with_options(connected));
  ASSERT_EQ(connected.Upgrade(), "done") << connected.error().message;
  connected.MoveTo(urls[1]);
  const std::string tables =
      "SELECT concat_ws('.', schemaname, tablename) FROM pg_catalog.pg_tables WHERE tableowner = "
      "'" +
      role + "' ORDER BY 1";
  EXPECT_THAT(connected.Column(tables), ::testing::HasSubstr("app s.t_b"));
  EXPECT_EQ(offline.Column(tables), connected.Column(tables));
  EXPECT_EQ(offline.Ran(), connected.Ran());
  for (Scene* scene : {&offline, &connected}) scene->Sql("DROP OWNED BY " + role + " CASCADE");
  offline.Sql("DROP ROLE " + role);
}

TEST_P(ScriptTest, QuotesWhateverStandsInARevision) {
  offline_.Write("a",
                 "-- message: it's \\ \"quoted\" $1 :x\n\n-- mig:up\nINSERT INTO ran (what) "
                 "VALUES ('it''s \\ \"$1\" :x ; -- no comment');\n\n-- mig:down\n");
  RunScript({Kind::kUpgrade, {"a"}});
  // In MariaDB's strings a backslash escapes the blank behind it.
  EXPECT_EQ(offline_.Ran(), offline_.mariadb() ? "it's  \"$1\" :x ; -- no comment"
                                               : "it's \\ \"$1\" :x ; -- no comment");
  offline_.LoseStore();
  offline_.Draw("b: a");
  ASSERT_EQ(offline_.Upgrade(), "done");
  offline_.ExpectSound();
}

// Settings decide what a backslash is, and with it what bookkeeping reads in its literals. SQLite
// has none, and reads it the one way there is.
TEST_P(ScriptTest, KeepsItsBooksWhateverARevisionSets) {
  std::string set;
  if (GetParam() == Dialect::kMariadb) set = "SET sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES';\n";
  if (GetParam() == Dialect::kPostgresql)
    set = "SET standard_conforming_strings = off;\nSET backslash_quote = off;\n";
  offline_.Draw("a");
  offline_.Replace("a", "-- mig:up\n", "-- message: it's \\ \"a\\'\"\n\n-- mig:up\n" + set);
  RunScript({Kind::kUpgrade, {"a"}});
  offline_.LoseStore();
  EXPECT_EQ(offline_.Rows(), "a");
  EXPECT_EQ(offline_.Downgrade("base"), "done");
  offline_.ExpectSound();
}

TEST(PostgresqlScript, ReadsTextAsARunDoesWhateverTheDatabasesSettingsAre) {
  Scene offline(Dialect::kPostgresql);
  Scene connected(Dialect::kPostgresql);
  for (Scene* scene : {&offline, &connected}) {
    const std::pair<const char*, const char*> settings[] = {{"standard_conforming_strings", "off"},
                                                            {"client_encoding", "LATIN1"},
                                                            {"bytea_output", "escape"},
                                                            {"IntervalStyle", "iso_8601"},
                                                            {"DateStyle", "German"}};
    for (const auto& [name, value] : settings)
      scene->Sql(
          fmt::format("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET {} = %L', "
                      "current_database(), '{}'); END $$",
                      name, value));
    scene->Write("a",
                 "-- mig:up\nINSERT INTO ran (what) VALUES ('\xC3\xA9 \\x41'), (interval '1 "
                 "day'::text), ('\\x41'::bytea::text), (date '2026-01-05'::text);\n");
  }
  ASSERT_EQ(offline.RunClient(offline.Script({Kind::kUpgrade, {"a"}})), 0) << offline.client_log();
  ASSERT_EQ(connected.Upgrade(), "done");
  EXPECT_THAT(connected.Ran(), ::testing::HasSubstr("\xC3\xA9 \\x41"));
  EXPECT_EQ(offline.Ran(), connected.Ran());
}

TEST_P(ScriptTest, StartsEveryRevisionFromTheSameSession) {
  Draw("a; b: a");
  for (Scene* scene : {&offline_, &connected_}) {
    scene->Replace(
        "a", "-- mig:up\n",
        scene->mariadb()
            ? "-- mig:up\nSET sql_mode = '', foreign_key_checks = 0, @a = 'a', @`b;c` = 'b';\n"
              "CREATE TEMPORARY TABLE `t;u` (id int);\n"
        : scene->postgres()
            ? "-- mig:up\nCREATE SCHEMA s;\nSET search_path = s, public;\nPREPARE q AS SELECT 1;\n"
            : "-- mig:up\nPRAGMA case_sensitive_like = 1;\nCREATE TEMP TABLE \"t;u\" (id int);\n"
              "CREATE TEMP TRIGGER g AFTER INSERT ON ran WHEN new.what <> 'g' BEGIN\n"
              "  INSERT INTO ran (what) VALUES ('g'); END;\n");
    if (scene->postgres())
      scene->Replace("b", "-- mig:up\n", "-- mig:up\nPREPARE q AS SELECT 2;\n");
    if (GetParam() == Dialect::kSqlite)
      scene->Replace("b", "INSERT INTO ran (what) VALUES ('b')",
                     "CREATE TEMP TABLE \"t;u\" (id int);\nINSERT INTO ran (what) SELECT 'A' LIKE "
                     "'a'");
    if (scene->mariadb())
      scene->Replace("b", "INSERT INTO ran (what) VALUES ('b')",
                     "CREATE TEMPORARY TABLE `t;u` (id int);\nINSERT INTO ran (what) SELECT "
                     "concat(@@sql_mode, @@foreign_key_checks, coalesce(@a, @`b;c`, 'neither'))");
  }
  RunScript({Kind::kUpgrade, {"heads"}});
  ASSERT_EQ(connected_.Upgrade(), "done");
  EXPECT_EQ(offline_.Everything(), connected_.Everything());
  if (!offline_.postgres()) return;
  const std::string where =
      "SELECT table_schema FROM information_schema.tables WHERE table_name = 't_b'";
  EXPECT_EQ(offline_.Column(where), connected_.Column(where));
}

// The whole schema but for mig's own tables.
std::string SchemaOf(const Scene& scene) {
  const auto schema = ReadBaseline(Parse(scene.target().url));
  EXPECT_TRUE(schema) << schema.error().message;
  return schema ? *schema : "";
}

TEST_P(ScriptTest, KeepsTemporaryTablesToTheirPartOfARevision) {
  if (GetParam() == Dialect::kMariadb) GTEST_SKIP() << "its units are no choice of the file's";
  Draw("a");
  for (Scene* scene : {&offline_, &connected_}) {
    scene->Replace("a", "-- mig:up\n",
                   "-- mig:up\nCREATE TEMP TABLE here (id int);\n-- mig:up transaction=off\n"
                   "CREATE TABLE IF NOT EXISTS here (id int);\n-- mig:up\n");
  }
  RunScript({Kind::kUpgrade, {"a"}});
  ASSERT_EQ(connected_.Upgrade(), "done");
  for (Scene* scene : {&offline_, &connected_}) scene->Sql("SELECT 1 FROM here");
  EXPECT_EQ(SchemaOf(offline_), SchemaOf(connected_));
}

// The text that Draw takes.
std::string Drawing(const Graph& graph) {
  std::string text;
  for (Position p = 0; p < graph.size(); ++p) {
    text += (text.empty() ? "" : "; ") + graph.name(p) + ":";
    for (const Position parent : graph.parents(p)) text += " " + graph.name(parent);
    for (const Position depends : graph.depends(p)) text += " +" + graph.name(depends);
  }
  return text;
}

// Over random histories: up to some revision, and back to the base, by script and by run.
TEST_P(ScriptTest, LeavesTheDatabaseThatARunLeaves) {
  const int rounds = std::getenv("MIG_SOAK") != nullptr ? 100 : 4;
  std::mt19937 random(7);
  int both_ways = 0;
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const Graph graph = RandomGraph(random, 12);
    Scene offline(GetParam()), connected(GetParam());
    for (Scene* scene : {&offline, &connected}) {
      scene->Draw(Drawing(graph));
      for (Position p = 0; p < graph.size(); p += 3) {
        const std::string index = "CREATE INDEX i_" + graph.name(p) + " ON t_" + graph.name(p);
        scene->Replace(graph.name(p), "\n-- mig:down",
                       "\n-- mig:up transaction=off\n" + index + " (id);\n\n-- mig:down");
      }
    }
    const std::string to = graph.name(static_cast<Position>(random() % graph.size()));
    ASSERT_EQ(offline.RunClient(offline.Script({Kind::kUpgrade, {to}})), 0) << offline.client_log();
    ASSERT_EQ(connected.Upgrade(to), "done");
    EXPECT_EQ(offline.Everything(), connected.Everything());
    EXPECT_EQ(SchemaOf(offline), SchemaOf(connected));
    // What a dependency brought along is no part of a script that starts from `to`.
    if (offline.Rows() != to) continue;
    ++both_ways;
    ASSERT_EQ(offline.RunClient(offline.Script({Kind::kDowngrade, {to + ":base"}})), 0)
        << offline.client_log();
    ASSERT_EQ(connected.Downgrade("base"), "done");
    EXPECT_EQ(offline.Rows(), connected.Rows());
    EXPECT_EQ(SchemaOf(offline), SchemaOf(connected));
  }
  EXPECT_GT(both_ways, 0);
}

TEST_P(ScriptTest, RunsSectionsOutsideOfTransactionsThere) {
  Draw("a; b: a");
  for (Scene* scene : {&offline_, &connected_}) {
    scene->Replace("b", "\n-- mig:down",
                   scene->postgres()
                       ? "\n-- mig:up transaction=off\nCREATE INDEX CONCURRENTLY i ON "
                         "t_a (id);\nVACUUM t_a;\n\n-- mig:down"
                   : scene->mariadb()
                       ? "\n-- mig:up transaction=off\nCREATE INDEX i ON t_a (id);\nANALYZE TABLE "
                         "t_a;\n\n-- mig:down"
                       : "\n-- mig:up transaction=off\nVACUUM;\n\n-- mig:down");
  }
  RunScript({Kind::kUpgrade, {"heads"}});
  ASSERT_EQ(connected_.Upgrade(), "done");
  EXPECT_EQ(offline_.Everything(), connected_.Everything());
}

TEST_P(ScriptTest, HasTheTimeoutsOfARun) {
  if (GetParam() == Dialect::kSqlite) GTEST_SKIP() << "it has no timeouts";
  const std::string told =
      GetParam() == Dialect::kPostgresql
          ? "INSERT INTO ran (what) SELECT concat_ws(' ', current_setting('lock_timeout'), "
            "current_setting('statement_timeout'));\n"
          : "INSERT INTO ran (what) SELECT concat_ws(' ', @@lock_wait_timeout, "
            "@@innodb_lock_wait_timeout, @@max_statement_time);\n";
  for (Scene* scene : {&offline_, &connected_}) {
    scene->Write("a", "-- mig:up\n" + told + "-- mig:up lock_timeout=2s statement_timeout=15s\n" +
                          told + told + "-- mig:up\n" + told +
                          "-- mig:up transaction=off lock_timeout=3s statement_timeout=16s\n" +
                          told + "-- mig:up\n" + told);
    scene->Write("b", "-- parents: a\n\n-- mig:up lock_timeout=0 statement_timeout=17s\n" + told);
  }
  RunScript({Kind::kUpgrade, {"b"}});
  ASSERT_EQ(connected_.Upgrade("b"), "done");
  EXPECT_THAT(offline_.Ran(), ::testing::HasSubstr("15"));
  EXPECT_EQ(offline_.Ran(), connected_.Ran());
}

TEST_P(ScriptTest, VerifiesAsARunDoes) {
  struct Case {
    const char* verification;
    bool passes;
  };
  const Case cases[] = {
      {"SELECT count(*) FROM t_b", false},
      {"SELECT 1 = 2", false},
      {"SELECT '0'", false},
      {"SELECT 0.00", false},
      {"SELECT coalesce(sum(0.5), 0.0) FROM t_b", false},
      {"SELECT '-0'", false},
      {"SELECT 0e0", false},
      {"SELECT 0.01", true},
      {"SELECT '0.0.0'", true},
      {"SELECT '.'", true},
      {"SELECT nonsense FROM t_b", false},
      {"WITH x AS (SELECT 0 AS n) SELECT n FROM x", false},
      {"VALUES (0)", false},
      {"SELECT count(*) = 0 FROM t_b", true},
      {"SELECT 0, 0", true},
      {"SELECT 0 UNION ALL SELECT 0", true},
      {"SELECT 1 WHERE 1 = 2", true},
      {"SELECT 7", true},
      {"SELECT NULL", true},
      {"SELECT 'it''s :x $1 \\ \"'", true},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.verification);
    Scene offline(GetParam());
    Scene connected(GetParam());
    for (Scene* scene : {&offline, &connected}) {
      scene->Draw("a; b: a");
      scene->Replace("b", "\n-- mig:down",
                     "\n-- mig:verify\n" + std::string(one.verification) + ";\n\n-- mig:down");
    }
    const int status = offline.RunClient(offline.Script({Kind::kUpgrade, {"heads"}}));
    EXPECT_EQ(status == 0, one.passes) << offline.client_log();
    EXPECT_EQ(connected.Upgrade() == "done", one.passes);
    EXPECT_EQ(offline.Everything(), connected.Everything());
  }
}

TEST_P(ScriptTest, EnforcesForeignKeysAndSwitchesThemOffWhereASectionSaysSo) {
  if (GetParam() != Dialect::kSqlite) GTEST_SKIP() << "the option is SQLite's";
  for (Scene* scene : {&offline_, &connected_}) {
    scene->Write(
        "a",
        "-- mig:up\nCREATE TABLE t_u (id integer PRIMARY KEY);\nCREATE TABLE t_o (u integer "
        "REFERENCES t_u (id) ON DELETE CASCADE);\nINSERT INTO t_u VALUES (1), (2);\n"
        "INSERT INTO t_o VALUES (1), (2);\n");
    scene->Write(
        "b",
        "-- parents: a\n\n-- mig:up foreign_keys=off\nCREATE TABLE n (id integer PRIMARY "
        "KEY);\nINSERT INTO n SELECT id FROM t_u;\nDROP TABLE t_u;\nALTER TABLE n RENAME TO "
        "t_u;\n");
    scene->Write("c", "-- parents: b\n\n-- mig:up\nDELETE FROM t_u WHERE id = 1;\n");
  }
  RunScript({Kind::kUpgrade, {"c"}});
  ASSERT_EQ(connected_.Upgrade("c"), "done");
  for (Scene* scene : {&offline_, &connected_}) EXPECT_EQ(scene->Column("SELECT u FROM t_o"), "2");
  EXPECT_EQ(offline_.Everything(), connected_.Everything());
  offline_.Write("d",
                 "-- parents: c\n\n-- mig:up foreign_keys=off\nINSERT INTO t_o VALUES (99);\n");
  EXPECT_NE(offline_.RunClient(offline_.Script({Kind::kUpgrade, {"c:d"}})), 0);
  EXPECT_THAT(offline_.client_log(),
              ::testing::HasSubstr("d would leave foreign keys that lead nowhere"));
  EXPECT_EQ(offline_.Rows(), "c");
}

TEST_P(ScriptTest, StopsBeforeARebuildThatWouldDeleteWhatRefersToTheTable) {
  if (GetParam() != Dialect::kSqlite) GTEST_SKIP() << "it is SQLite that deletes";
  offline_.Write(
      "a",
      "-- mig:up\nCREATE TABLE t_u (id integer PRIMARY KEY);\nCREATE TABLE t_o (u integer "
      "REFERENCES t_u (id) ON DELETE SET NULL);\nINSERT INTO t_u VALUES (1), (2);\n"
      "INSERT INTO t_o VALUES (1), (2);\n");
  offline_.Write("b",
                 "-- parents: a\n\n-- mig:up\nCREATE TABLE n (id integer PRIMARY KEY);\n"
                 "INSERT INTO n SELECT id FROM t_u;\nDROP TABLE t_u;\nALTER TABLE n RENAME TO "
                 "t_u;\n");
  EXPECT_NE(offline_.RunClient(offline_.Script({Kind::kUpgrade, {"b"}})), 0);
  EXPECT_THAT(offline_.client_log(), ::testing::HasSubstr("it needs foreign_keys=off"));
  EXPECT_EQ(offline_.Column("SELECT u FROM t_o ORDER BY 1"), "1 2");
  EXPECT_EQ(offline_.Rows(), "a");
}

TEST_P(ScriptTest, AFailedVerificationNamesItsLine) {
  offline_.Write("a", "-- mig:up\n\n-- mig:verify\nSELECT 1;\nSELECT 0;\n");
  EXPECT_NE(offline_.RunClient(offline_.Script({Kind::kUpgrade, {"a"}})), 0);
  EXPECT_THAT(offline_.client_log(), ::testing::HasSubstr("a.sql:5: the verification says no"));
}

TEST_P(ScriptTest, RefusesABodyThatPsqlWouldCut) {
  if (GetParam() != Dialect::kPostgresql) GTEST_SKIP() << "psql counts BEGIN and END";
  const auto write = [&](const std::string& name) {
    offline_.Write("a",
                   "-- mig:up\nCREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN "
                   "true THEN 1 END; SELECT 2 AS " +
                       name +
                       "; END;\nCREATE TABLE t_a (id "
                       "int);\n");
  };
  write("end");
  EXPECT_EQ(offline_.engine().RenderScript(offline_.Spec({Kind::kUpgrade, {"a"}})).error().reason,
            Reason::kUnsupported);
  write("\"end\"");
  RunScript({Kind::kUpgrade, {"a"}});
  EXPECT_EQ(offline_.Tables(), "a");
}

TEST_P(ScriptTest, RefusesAVerificationThatNoClientCouldCheck) {
  const bool postgres = GetParam() == Dialect::kPostgresql;
  offline_.Write("a", postgres ? "-- mig:up\n\n-- mig:verify\nSHOW work_mem;\n"
                               : "-- mig:up\n\n-- mig:verify\nSELECT * FROM ran;\n");
  auto script = offline_.engine().RenderScript(offline_.Spec({Kind::kUpgrade, {"a"}}));
  EXPECT_EQ(script.error().reason, Reason::kUnsupported);
  EXPECT_EQ(script.error().details["line"], "4");
}

}  // namespace
}  // namespace mig
