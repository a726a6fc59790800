// Statements that fail, wait, hang, or try to get out of their revision.
#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <random>
#include <thread>

#include "tests/daemon/forwarding_session.h"
#include "tests/daemon/scene.h"

namespace mig {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class StatementsTest : public testing::TestWithParam<Dialect> {
 protected:
  bool postgres() const { return scene_.postgres(); }
  // A revision on top of a, with an up section of this text.
  void WriteB(const std::string& up, const std::string& more = "") {
    scene_.Write("b", "-- parents: a\n\n-- mig:up\n" + up + "\n" + more +
                          "\n-- mig:down\nDROP TABLE IF EXISTS t_b;\n");
  }
  std::string Holder() { return scene_.Column("SELECT holder FROM " + scene_.Mig("mig_lease")); }
  std::string LongStatement() const {
    if (postgres()) return "SELECT pg_sleep(300)";
    return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
           "SELECT count(*) FROM n WHERE i < 0";
  }
  // Waits until the run has begun its statement of this number, counted over the whole run.
  static void AwaitStatement(RunInProgress& run, std::size_t number) {
    for (std::size_t begun = 0; begun < number; std::this_thread::sleep_for(1ms)) {
      begun = 0;
      for (const Event& event : run.log().ReadAfter(0, 1000).events) {
        if (std::holds_alternative<StatementStarted>(event.body)) ++begun;
      }
    }
  }

  Scene scene_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, StatementsTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgresql),
                         [](const auto& engine) { return std::string(NameOf(engine.param)); });

TEST_P(StatementsTest, AFailureTakesTheWholeRevisionBackAndLeavesTheOnesBefore) {
  scene_.Draw("a; b: a; c: b");
  scene_.Replace("b", "VALUES ('b')", "VALUES (nonsense)");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_EQ(scene_.Tables(), "a");
  EXPECT_EQ(scene_.Rows(), "a");
  EXPECT_EQ(scene_.Log(), "upgrade:a:done upgrade:b:failed: STATEMENT_FAILED");
  EXPECT_EQ(scene_.finished().steps_done, 1);
  EXPECT_EQ(scene_.finished().steps_total, 3);
  EXPECT_THAT(scene_.finished().state, HasSubstr("b was rolled back"));
  EXPECT_THAT(scene_.finished().state, HasSubstr("the target is at a"));
  EXPECT_EQ(Holder(), "");
  scene_.Replace("b", "VALUES (nonsense)", "VALUES ('b')");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "a b c");
  scene_.ExpectSound();
}

TEST_P(StatementsTest, SectionsOfARevisionShareItsTransaction) {
  scene_.Draw("a");
  WriteB("CREATE TABLE t_b (id integer);",
         "-- mig:up\nINSERT INTO ran (what) VALUES (nonsense);\n");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(scene_.finished().state, HasSubstr("b was rolled back: nothing of it took effect"));
  EXPECT_EQ(scene_.Tables(), "a");
}

TEST_P(StatementsTest, AnErrorNamesFileLineAndWhatTheServerSaid) {
  scene_.Draw("a");
  WriteB("CREATE TABLE t_b (id integer);\nINSERT INTO ran (what)\nSELECT\n  wht FROM ran;");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_EQ(scene_.detail("name"), "b");
  EXPECT_EQ(scene_.detail("file"), "b.sql");
  EXPECT_EQ(scene_.detail("line"), "7");
  EXPECT_EQ(scene_.detail("statement"), "INSERT INTO ran");
  EXPECT_EQ(scene_.detail("sqlstate"), postgres() ? "42703" : "");
  EXPECT_THAT(scene_.detail("db_message"), HasSubstr("wht"));
  EXPECT_THAT(scene_.detail("db_hint"), HasSubstr(postgres() ? "ran.what" : ""));
  EXPECT_EQ(scene_.detail("command_index"), "");
  EXPECT_THAT(scene_.error().message, HasSubstr("INSERT INTO ran in revision b failed"));
}

TEST_P(StatementsTest, TellsEachStatementAsItGoes) {
  scene_.Draw("a; b: a");
  ASSERT_EQ(scene_.Upgrade(), "done");
  std::vector<std::string> verbs;
  for (const auto& started : scene_.Events<StatementStarted>()) verbs.push_back(started.verb);
  EXPECT_THAT(verbs, ElementsAre("CREATE TABLE t_a", "INSERT INTO ran", "CREATE TABLE t_b",
                                 "INSERT INTO ran"));
  EXPECT_EQ(scene_.Events<StatementFinished>().size(), 4u);
  EXPECT_EQ(scene_.Events<StepFinished>().size(), 2u);
  EXPECT_EQ(scene_.Events<StepStarted>().at(1).statements, 2);
}

TEST_P(StatementsTest, WarnsOfAnUnfinishedFileWheneverItIsPlannedOrApplied) {
  scene_.Write("a", "-- mig:up\n-- Not yet.\n");
  scene_.Write("b", "-- parents: a\n\n-- mig:up\nSELECT 1;\n");
  const std::string warning = "a.sql: the up section has no statements";
  const auto plan = scene_.engine().PlanRun(scene_.Spec(kUpgradeAll));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->warnings, ElementsAre(warning));
  ASSERT_EQ(scene_.Upgrade(), "done");
  const auto notices = scene_.Events<Notice>();
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].severity, "WARNING");
  EXPECT_EQ(notices[0].message, warning);
}

TEST_P(StatementsTest, AVerificationThatSaysNoTakesTheRevisionBack) {
  scene_.Draw("a");
  for (const char* no : {"SELECT count(*) FROM t_b", "SELECT 1 = 2"}) {
    WriteB("CREATE TABLE t_b (id integer);", "-- mig:verify\n" + std::string(no) + ";\n");
    EXPECT_EQ(scene_.Upgrade(), "VERIFY_FAILED") << no;
    EXPECT_EQ(scene_.detail("line"), "6");
    EXPECT_EQ(scene_.Tables(), "a");
  }
}

TEST_P(StatementsTest, AVerificationThatFailsTakesTheRevisionBack) {
  scene_.Draw("a");
  WriteB("CREATE TABLE t_b (id integer);", "-- mig:verify\nSELECT nonsense FROM t_b;\n");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_EQ(scene_.Tables(), "a");
}

TEST_P(StatementsTest, AVerificationSeesTheRevisionAndMayAnswerAnythingElse) {
  scene_.Draw("a");
  WriteB("CREATE TABLE t_b (id integer);",
         "-- mig:verify\nSELECT count(*) = 0 FROM t_b;\nSELECT 0, 0;\nSELECT 0 UNION ALL SELECT "
         "0;\nSELECT 1 WHERE 1 = 2;\nSELECT 7;\n");
  EXPECT_EQ(scene_.Upgrade(), "done");
}

TEST_P(StatementsTest, WaitsForALockThatSomebodyElseHoldsForASecond) {
  scene_.Draw("a");
  ASSERT_EQ(scene_.Upgrade(), "done");
  scene_.Write("b",
               "-- parents: a\n\n-- mig:up lock_timeout=100ms\nALTER TABLE t_a ADD COLUMN x "
               "integer;\nCREATE TABLE t_b (id integer);\n");
  auto other = scene_.OpenOwn();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {postgres() ? "LOCK TABLE t_a IN ACCESS EXCLUSIVE MODE"
                                  : "INSERT INTO ran (what) VALUES ('other')"});
  std::thread release([&] {
    std::this_thread::sleep_for(1s);
    EXPECT_TRUE(other->Commit());
  });
  EXPECT_EQ(scene_.Upgrade(), "done");
  release.join();
  EXPECT_THAT(scene_.Events<Waiting>(), Not(IsEmpty()));
  EXPECT_EQ(scene_.Rows(), "b");
  scene_.ExpectSound();
}

TEST_P(StatementsTest, WaitsForAReaderInTheMiddleOfItsTransaction) {
  scene_.Draw("a; b: a");
  ASSERT_EQ(scene_.Upgrade("a"), "done");
  auto reader = scene_.OpenOwn();
  MustExecute(*reader, {"BEGIN"});
  MustExecute(*reader, {"SELECT count(*) FROM ran"});
  std::thread release([&] {
    std::this_thread::sleep_for(1s);
    EXPECT_TRUE(reader->Rollback());
  });
  EXPECT_EQ(scene_.Upgrade(), "done");
  release.join();
  EXPECT_EQ(scene_.Ran(), "a b");
}

TEST_P(StatementsTest, ACancelledStatementLeavesNothing) {
  scene_.Draw("a");
  WriteB("CREATE TABLE t_b (id integer);\n" + LongStatement() + ";");
  const RunPtr run = scene_.Start(kUpgradeAll);
  AwaitStatement(*run, 4);
  run->Cancel();
  EXPECT_EQ(scene_.Await(*run), "cancelled");
  EXPECT_EQ(scene_.Tables(), "a");
  EXPECT_EQ(Holder(), "");
  WriteB("CREATE TABLE t_b (id integer);");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Tables(), "a b");
  scene_.ExpectSound();
}

TEST_P(StatementsTest, HearsACancelAtAnyMoment) {
  scene_.Draw("a");
  ASSERT_EQ(scene_.Upgrade(), "done");
  WriteB("CREATE TABLE t_b (id integer);\n" + LongStatement() + ";");
  std::mt19937 random(7);
  for (int round = 0; round < 40; ++round) {
    const RunPtr run = scene_.Start(kUpgradeAll);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
    run->Cancel();
    ASSERT_EQ(scene_.Await(*run), "cancelled")
        << (scene_.finished().error ? scene_.error().message : "it was done");
    ASSERT_EQ(scene_.Tables(), "a");
  }
  EXPECT_EQ(Holder(), "");
}

TEST_P(StatementsTest, ACancelEndsTheWaitForTheLease) {
  scene_.Draw("a");
  auto other = scene_.OpenOwn();
  const Bookkeeping book(GetParam(), "");
  ASSERT_TRUE(*other->TryLock(book.lock_name()));
  const RunPtr run = scene_.Start(kUpgradeAll);
  std::this_thread::sleep_for(200ms);
  run->Cancel();
  EXPECT_EQ(scene_.Await(*run), "cancelled");
  EXPECT_EQ(scene_.finished().state, "nothing was changed");
}

TEST_P(StatementsTest, ACancelEndsTheWaitForTheRowOfTheLease) {
  scene_.Draw("a; b: a");
  ASSERT_EQ(scene_.Upgrade("a"), "done");
  auto other = scene_.OpenOwn();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {"UPDATE mig_lease SET holder = 'other'"});
  const RunPtr run = scene_.Start(kUpgradeAll);
  std::this_thread::sleep_for(500ms);
  run->Cancel();
  EXPECT_EQ(scene_.Await(*run), "cancelled");
  ASSERT_TRUE(other->Rollback());
  EXPECT_EQ(scene_.Rows(), "a");
}

TEST_P(StatementsTest, SaysThatADowngradeRunsWhatWasApplied) {
  scene_.Write("a", "-- mig:up\nCREATE TABLE t_a (id integer);\n\n-- mig:down\nDROP TABLE t_b;\n");
  ASSERT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Downgrade("base"), "STATEMENT_FAILED");
  EXPECT_THAT(scene_.error().hint, HasSubstr("no edit of the file helps"));
  EXPECT_THAT(scene_.error().hint, HasSubstr("`mig resolve a --undone`"));
}

TEST_P(StatementsTest, RefusesWhileAnotherDaemonHoldsTheLeaseAndSaysWho) {
  scene_.Draw("a");
  ASSERT_EQ(scene_.Upgrade(), "done");
  WriteB(LongStatement() + ";");
  const RunPtr run = scene_.Start(kUpgradeAll);
  AwaitStatement(*run, 1);
  const auto other = scene_.Beside();
  const RunPtr second = other->Start(kUpgradeAll, 0ms);
  EXPECT_EQ(other->Await(*second), "LEASE_HELD");
  EXPECT_THAT(other->error().message, HasSubstr("Ann <ann@example.com>"));
  EXPECT_THAT(other->error().message, HasSubstr(run->summary().id));
  run->Cancel();
  EXPECT_EQ(scene_.Await(*run), "cancelled");
}

TEST_P(StatementsTest, ASecondRunOfOneDaemonWaitsAsOneOfAnotherDoes) {
  scene_.Draw("a");
  ASSERT_EQ(scene_.Upgrade(), "done");
  WriteB(LongStatement() + ";");
  const RunPtr run = scene_.Start(kUpgradeAll);
  AwaitStatement(*run, 1);
  const RunPtr hasty = scene_.Start(kUpgradeAll, 0ms);
  ASSERT_NE(hasty, nullptr);
  EXPECT_EQ(scene_.Await(*hasty), "LEASE_HELD");
  WriteB("CREATE TABLE t_b (id integer);");
  const RunPtr patient = scene_.Start(kUpgradeAll);
  ASSERT_NE(patient, nullptr);
  std::this_thread::sleep_for(100ms);
  run->Cancel();
  EXPECT_EQ(scene_.Await(*patient), "done");
  EXPECT_EQ(scene_.Tables(), "a b");
}

TEST_P(StatementsTest, TwoDaemonsRaceAndEachRevisionRunsOnce) {
  scene_.Draw("a; b: a; c: a; m: b c");
  const auto other = scene_.Beside();
  for (int round = 0; round < 20; ++round) {
    auto theirs = std::async(std::launch::async, [&] { return other->Upgrade(); });
    EXPECT_EQ(scene_.Upgrade(), "done");
    EXPECT_EQ(theirs.get(), "done");
    ASSERT_EQ(scene_.Ran(), "a b c m");
    EXPECT_EQ(scene_.Rows(), "m");
    theirs = std::async(std::launch::async, [&] { return other->Downgrade("base"); });
    const std::string ours = scene_.Downgrade("base");
    EXPECT_TRUE(ours == "done" && theirs.get() == "done") << ours;
    ASSERT_EQ(scene_.Tables(), "");
    scene_.Sql("DELETE FROM ran");
  }
  scene_.ExpectSound();
}

// Each of these is a whole revision between two ordinary ones, and harmless.
TEST_P(StatementsTest, NothingAScriptSetsReachesBookkeepingOrTheNextRevision) {
  const std::vector<std::string> for_postgres = {
      "SET ROLE weak_ROLE;",
      "SET SESSION AUTHORIZATION weak_ROLE;",
      "SET search_path = nowhere;",
      "SELECT pg_catalog.set_config('search_path', 'nowhere', false);",
      "CREATE TEMPORARY TABLE mig_version (id text, name text);",
      "CREATE TEMPORARY TABLE mig_log (id text);\nCREATE TEMPORARY TABLE mig_lease (id text);",
      "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $body$ BEGIN\n-- COMMIT;\nPERFORM "
      "';'; END $body$;\nSELECT f();",
      "DO $$ BEGIN EXECUTE 'SET search_path = nowhere'; END $$;",
      "SET standard_conforming_strings = off;",
      "SET default_transaction_read_only = on;",
      "SET bytea_output = escape;\nSET client_encoding = latin1;\nSET DateStyle = german;",
      "SET lock_timeout = 1;",
      "PREPARE p AS SELECT 1;\nLISTEN l;\nDECLARE cu CURSOR WITH HOLD FOR SELECT 1;",
      "DEALLOCATE ALL;",
      "SAVEPOINT s;\nCREATE TABLE x (a integer);\nROLLBACK TO s;\nRELEASE s;",
  };
  const std::vector<std::string> for_sqlite = {
      "CREATE TEMP TABLE mig_version (id text, name text);",
      "CREATE TEMP TABLE mig_log (id text);\nCREATE TEMP TABLE mig_lease (id text);",
      "CREATE TEMP TABLE ran (what text);",
      "PRAGMA recursive_triggers = on;\nPRAGMA case_sensitive_like = on;",
      "SAVEPOINT s;\nCREATE TABLE x (a integer);\nROLLBACK TO s;\nRELEASE s;",
  };
  for (std::string script : postgres() ? for_postgres : for_sqlite) {
    SCOPED_TRACE(script);
    Scene scene(GetParam());
    if (const auto at = script.find("weak_ROLE"); at != std::string::npos) {
      script.replace(at, 9, scene.WeakRole());
    }
    scene.Draw("a; b: a; c: b");
    scene.Write("b", "-- parents: a\n\n-- mig:up\n" + script + "\n");
    EXPECT_EQ(scene.Upgrade(), "done") << (scene.finished().error ? scene.error().message : "");
    EXPECT_EQ(scene.Ran(), "a c");
    EXPECT_EQ(scene.Rows(), "c");
    EXPECT_EQ(scene.finished().current, std::vector<std::string>{"c"});
    EXPECT_EQ(scene.Column("SELECT holder FROM mig_lease"), "");
    scene.ExpectSound();
  }
}

TEST_P(StatementsTest, AConstraintThatWaitsForTheCommitNamesItsRevision) {
  scene_.Draw("a");
  WriteB(
      "CREATE TABLE t_p (id integer PRIMARY KEY);\nCREATE TABLE t_b (p integer REFERENCES t_p (id) "
      "DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO t_b VALUES (1);");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(scene_.error().message, HasSubstr("the commit of revision b failed: "));
  EXPECT_EQ(scene_.detail("file"), "b.sql");
  EXPECT_EQ(scene_.Tables(), "a");
}

TEST_P(StatementsTest, WhatNoTransactionCanHoldIsRefusedInOneBeforeAnythingRuns) {
  scene_.Draw("a");
  const std::vector<std::string> statements =
      postgres() ? std::vector<std::string>{"CREATE INDEX CONCURRENTLY i ON t_a (id);", "VACUUM;"}
                 : std::vector<std::string>{"VACUUM;"};
  for (const std::string& sql : statements) {
    WriteB(sql);
    EXPECT_EQ(scene_.Upgrade(), "SQL_INVALID") << sql;
    EXPECT_EQ(scene_.detail("line"), "4");
    EXPECT_THAT(HintOf(scene_.error()), HasSubstr("-- mig:up transaction=off"));
    EXPECT_EQ(scene_.Tables(), "");
  }
}

TEST_P(StatementsTest, NobodyIsToldToLeaveATransactionWhereThereIsNone) {
  WriteB("SELECT 1;", "-- mig:up transaction=off\nBEGIN;\n");
  scene_.Draw("a");
  EXPECT_EQ(scene_.Upgrade(), "SQL_TRANSACTION_CONTROL");
  EXPECT_THAT(HintOf(scene_.error()), HasSubstr("leave it out: below `transaction=off`"));
}

TEST_P(StatementsTest, AScriptThatMakesItsSessionReadOnlyFailsAndStillGivesTheLeaseBack) {
  scene_.Draw("a");
  WriteB(postgres() ? "SET transaction_read_only = on;" : "PRAGMA query_only = on;");
  EXPECT_EQ(scene_.Upgrade(), "DATABASE_PERMISSION");
  EXPECT_EQ(scene_.detail("changed"), "true") << "a took effect";
  EXPECT_EQ(scene_.Rows(), "a");
  EXPECT_EQ(Holder(), "");
  EXPECT_THAT(scene_.Log(), HasSubstr("upgrade:b:failed"));
  EXPECT_EQ(scene_.Upgrade(), "DATABASE_PERMISSION");
  EXPECT_EQ(scene_.detail("changed"), "");
  scene_.ExpectSound();
}

TEST(SqliteStatements, WhatAPartSetsHoldsForTheLaterPartsOfItsRevision) {
  Scene scene(Dialect::kSqlite);
  Scene other(Dialect::kSqlite);
  other.Draw("a");
  ASSERT_EQ(other.Upgrade(), "done");
  const std::string file = other.Column("SELECT file FROM pragma_database_list");
  scene.Draw("a");
  scene.Write("b", "-- parents: a\n\n-- mig:up transaction=off\nATTACH '" + file +
                       "' AS other;\nPRAGMA ignore_check_constraints = 1;\n"
                       "CREATE TABLE t (a text CHECK (a = 'x'));\n"
                       "INSERT INTO t SELECT what FROM other.ran;\nDETACH other;\n");
  EXPECT_EQ(scene.Upgrade(), "done") << scene.error().message;
  EXPECT_EQ(scene.Column("SELECT a FROM t"), "a");
  scene.ExpectSound();
}

TEST(SqliteStatements, WhoDropsATableThatOthersReferToIsToldHowToRebuildIt) {
  Scene scene(Dialect::kSqlite);
  scene.Write("a",
              "-- mig:up\nCREATE TABLE t_p (id integer PRIMARY KEY);\nINSERT INTO t_p VALUES (1);\n"
              "CREATE TABLE t_c (p integer REFERENCES t_p (id));\nINSERT INTO t_c VALUES (1);\n");
  scene.Write("b", "-- parents: a\n\n-- mig:up\nDROP TABLE t_p;\n");
  EXPECT_EQ(scene.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(scene.error().message, HasSubstr("FOREIGN KEY constraint failed"));
  EXPECT_THAT(HintOf(scene.error()), HasSubstr("-- mig:up foreign_keys=off"));
  EXPECT_EQ(scene.Tables(), "c p");
}

TEST(SqliteStatements, AFileThatCannotBeAttachedIsTheStatementsFailure) {
  Scene scene(Dialect::kSqlite);
  scene.Draw("a");
  scene.Write("b",
              "-- parents: a\n\n-- mig:up transaction=off\nATTACH 'no/such/other.db' AS other;\n");
  EXPECT_EQ(scene.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(scene.error().message, HasSubstr("ATTACH in revision b failed: "));
  EXPECT_EQ(scene.detail("line"), "4");
  EXPECT_THAT(HintOf(scene.error()), HasSubstr("the whole path"));
  EXPECT_EQ(scene.Rows(), "a");
}

TEST(SqliteStatements, AVacuumGivesTheFileTheFormThatAnEarlierPartAskedFor) {
  Scene scene(Dialect::kSqlite);
  scene.Draw("a");
  scene.Write("b",
              "-- parents: a\n\n-- mig:up transaction=off\nPRAGMA page_size = 8192;\n"
              "PRAGMA auto_vacuum = FULL;\nVACUUM;\n");
  EXPECT_EQ(scene.Upgrade(), "done");
  const auto fresh = scene.OpenOwn();
  EXPECT_EQ(TextOf(MustExecute(*fresh, {"PRAGMA page_size"}).rows[0][0]), "8192");
  EXPECT_EQ(TextOf(MustExecute(*fresh, {"PRAGMA auto_vacuum"}).rows[0][0]), "1");
  scene.ExpectSound();
}

TEST_P(StatementsTest, AClockThatStepsBackHarmsNothing) {
  World world = World::Real();
  auto day = std::make_shared<std::chrono::hours>(0);
  world.now = [day] { return std::chrono::system_clock::now() - (*day += 24h); };
  Scene scene(GetParam(), "", OpenSession, world);
  scene.Draw("a; b: a; c: b");
  EXPECT_EQ(scene.Upgrade("b"), "done");
  EXPECT_EQ(scene.Upgrade("c"), "done");
  EXPECT_EQ(scene.Downgrade("a"), "done");
  EXPECT_EQ(scene.Ran(), "a b c -c -b");
  scene.ExpectSound();
}

// Ahead by a year, behind by one, and where it was, in turns.
World LeapingWorld() {
  World world = World::Real();
  auto looks = std::make_shared<std::atomic<std::size_t>>(0);
  world.now = [looks] {
    constexpr std::chrono::hours kLeaps[] = {8760h, -8760h, 0h, -1h, 1h};
    return std::chrono::system_clock::now() + kLeaps[(*looks)++ % std::size(kLeaps)];
  };
  return world;
}

TEST_P(StatementsTest, AClockThatLeapsHarmsNeitherItsDaemonNorAnother) {
  Scene leaping(GetParam(), "", OpenSession, LeapingWorld());
  leaping.Draw("a; b: a; c: b; d: b; e: c d");
  const auto steady = leaping.Beside();
  for (const Operation& operation :
       {kUpgradeAll, Operation{Operation::Kind::kDowngrade, {"base"}}, kUpgradeAll}) {
    const RunPtr first = leaping.Start(operation);
    const RunPtr second = steady->Start(operation);
    EXPECT_EQ(leaping.Await(*first), "done");
    EXPECT_EQ(steady->Await(*second), "done");
  }
  EXPECT_EQ(leaping.Ran(), "a b c d e -e -d -c -b -a a b c d e");
  leaping.ExpectSound();
  for (Scene* scene : {&leaping, steady.get()}) {
    const auto report = scene->engine().Audit(scene->target());
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_THAT(report->findings, IsEmpty());
  }
  // No leap is taken for time that went by.
  EXPECT_EQ(leaping.Column("SELECT count(*) FROM mig_log WHERE duration_us NOT BETWEEN 0 AND "
                           "3000000000"),
            "0");
}

// Notices when the run says something to its server.
class HeardSession : public ForwardingSession {
 public:
  HeardSession(std::unique_ptr<Session> real, std::atomic<std::int64_t>& silent)
      : ForwardingSession(std::move(real)), silent_(silent) {}
  Result<SqlResult> Execute(const SqlCommand& command) override {
    silent_ = 0;
    return ForwardingSession::Execute(command);
  }
  Result<void> Begin() override {
    silent_ = 0;
    return ForwardingSession::Begin();
  }

 private:
  std::atomic<std::int64_t>& silent_;
};

TEST(PausesBetweenAttempts, LeaveTheServerInSilenceForASecondAtMost) {
  std::atomic<std::int64_t> silent = 0;  // milliseconds
  std::atomic<std::int64_t> longest = 0;
  std::atomic<std::int64_t> all = 0;
  World world = World::Real();
  world.sleep = [&](Milliseconds pause) {
    all += pause.count();
    silent += pause.count();
    longest = std::max(longest.load(), silent.load());
  };
  Scene scene(Dialect::kPostgresql, "", OpenerOf<HeardSession>(silent), world);
  scene.Draw("a");
  ASSERT_EQ(scene.Upgrade(), "done");
  scene.Write("b",
              "-- parents: a\n\n-- mig:up lock_timeout=10ms\nALTER TABLE t_a ADD COLUMN x "
              "integer;\n");
  const auto other = scene.OpenOwn();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {"LOCK TABLE t_a IN ACCESS EXCLUSIVE MODE"});
  EXPECT_EQ(scene.Upgrade(), "DATABASE_BUSY");
  EXPECT_GT(all.load(), 10'000);
  EXPECT_LE(longest.load(), 1'000);
  ASSERT_TRUE(other->Rollback());
}

class SqliteStatementsTest : public testing::Test {
 protected:
  Scene scene_{Dialect::kSqlite};
};

TEST_F(SqliteStatementsTest, RunsVacuumOutsideOfATransaction) {
  scene_.Draw("a");
  scene_.Write("b",
               "-- parents: a\n\n-- mig:up transaction=off\nVACUUM;\n-- mig:up\nINSERT INTO ran "
               "(what) VALUES ('b');\n");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "a b");
  EXPECT_EQ(scene_.Column("SELECT count(*) FROM mig_journal"), "0");
}

}  // namespace
}  // namespace mig
