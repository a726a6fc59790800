// MariaDB, where a data definition statement commits: what a failure, a crash or an edit in the
// middle of a revision leaves.
#include <gmock/gmock.h>

#include <functional>
#include <future>

#include "daemon/probe.h"
#include "tests/daemon/forwarding_session.h"
#include "tests/daemon/scene.h"

namespace mig {
namespace {

using testing::Contains;
using testing::HasSubstr;

class MariadbStatementsTest : public testing::Test {
 protected:
  void SetUp() override {
    scene_.Draw("a");
    ASSERT_EQ(scene_.Upgrade(), "done");
  }
  void WriteB(const std::string& up, const std::string& down = "DROP TABLE IF EXISTS t_b;") {
    scene_.Write("b", "-- parents: a\n\n-- mig:up\n" + up + "\n\n-- mig:down\n" + down + "\n");
  }
  std::string Journal() {
    return scene_.Column("SELECT concat(unit, ':', state) FROM mig_journal ORDER BY unit");
  }
  std::string Insert(const std::string& what) {
    return "INSERT INTO ran (what) VALUES ('" + what + "');\n";
  }

  Scene scene_{Dialect::kMariadb};
};

TEST_F(MariadbStatementsTest, WhatCommittedStaysAndTheNextRunGoesOnFromThere) {
  WriteB(Insert("b1") + "CREATE TABLE t_b (id integer);\n" + Insert("b2") +
         "ALTER TABLE t_nowhere ADD COLUMN x integer;\n" + Insert("b3"));
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(scene_.finished().state, HasSubstr("3 of the 5 parts of b took effect"));
  EXPECT_EQ(scene_.detail("changed"), "true");
  EXPECT_EQ(scene_.Ran(), "a b1 b2");
  EXPECT_EQ(scene_.Rows(), "a");
  EXPECT_EQ(Journal(), "0:done 1:done 2:done");
  scene_.Sql("CREATE TABLE t_nowhere (id integer)");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "a b1 b2 b3");
  EXPECT_EQ(Journal(), "");
  scene_.ExpectSound();
}

TEST_F(MariadbStatementsTest, ACallThatMetALockIsNotRepeatedSinceNothingTellsWhatItDid) {
  const auto other = scene_.OpenOwn();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {"UPDATE ran SET what = 'z' WHERE what = 'a'"});
  WriteB("CREATE PROCEDURE p() UPDATE ran SET what = 'b';\n-- mig:up lock_timeout=1s\nCALL p();\n");
  EXPECT_EQ(scene_.Upgrade(), "DATABASE_BUSY");
  ASSERT_TRUE(other->Rollback());
  EXPECT_EQ(Journal(), "0:done 1:started");
  EXPECT_EQ(scene_.Upgrade(), "IN_DOUBT");
}

// As the hint of its failure says.
TEST_F(MariadbStatementsTest, ACallThatFailedHalfwayIsSettledAndCorrected) {
  WriteB("CREATE PROCEDURE p() BEGIN " + Insert("b1") +
             "COMMIT; INSERT INTO t_nowhere VALUES (1); END;\nCALL p();\n",
         "DROP PROCEDURE p;");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(HintOf(scene_.error()), HasSubstr("`mig resolve b --not-applied`"));
  EXPECT_EQ(Journal(), "0:done 1:started");
  Operation answer{Operation::Kind::kResolve, {"b"}};
  answer.answer = Resolution::Answer::kNotApplied;
  EXPECT_EQ(scene_.Run(answer), "done");
  scene_.Replace("b", "CALL p();", Insert("b2"));
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Ran(), "a b1 b2");
  scene_.ExpectSound();
}

// MariaDB drops the tables that are there, and fails for the others.
TEST_F(MariadbStatementsTest, ADropOfSeveralTablesThatFailedHalfwayIsSettledAndCorrected) {
  WriteB("CREATE TABLE t_b (id integer);\nDROP TABLE t_b, t_nowhere;\n");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(HintOf(scene_.error()), HasSubstr("`mig resolve b --not-applied`"));
  EXPECT_EQ(scene_.Tables(), "a");
  Operation answer{Operation::Kind::kResolve, {"b"}};
  answer.answer = Resolution::Answer::kNotApplied;
  EXPECT_EQ(scene_.Run(answer), "done");
  scene_.Replace("b", "DROP TABLE t_b, t_nowhere;", "DROP TABLE IF EXISTS t_b;");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  scene_.ExpectSound();
}

// As the hint of its failure says.
TEST_F(MariadbStatementsTest, ADowngradeThatIsFinishedByHandIsForgottenAndStamped) {
  WriteB("CREATE TABLE t_b (id integer);", "DROP TABLE t_b;\nDROP TABLE t_nowhere;");
  ASSERT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Downgrade("a"), "STATEMENT_FAILED");
  const auto status = scene_.engine().Status(scene_.View(), scene_.target());
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(status->warnings, Contains(HasSubstr("b is half taken back: the same downgrade")));
  const Operation stamp{Operation::Kind::kStamp, {"a"}};
  EXPECT_EQ(scene_.Run(stamp), "IN_DOUBT");
  Operation forget{Operation::Kind::kResolve, {"b"}};
  forget.answer = Resolution::Answer::kUndone;
  EXPECT_EQ(scene_.Run(forget), "done");
  EXPECT_EQ(scene_.Run(stamp), "done");
  EXPECT_EQ(scene_.Rows(), "a");
  EXPECT_EQ(Journal(), "");
}

TEST_F(MariadbStatementsTest, NothingIsRecordedWithoutTheLease) {
  WriteB("UPDATE mig_lease SET token = token + 1;\nCREATE TABLE t_b (id integer);\n");
  EXPECT_EQ(scene_.Upgrade(), "LEASE_LOST");
  EXPECT_EQ(scene_.Tables(), "a");
  EXPECT_EQ(scene_.Rows(), "a");
  EXPECT_EQ(Journal(), "0:done");
}

TEST_F(MariadbStatementsTest, NothingIsRecordedWhereTheLeaseIsGone) {
  WriteB("DELETE FROM mig_lease;\nCREATE TABLE t_b (id integer);\n");
  EXPECT_EQ(scene_.Upgrade(), "LEASE_LOST");
  EXPECT_EQ(scene_.Tables(), "a");
  EXPECT_EQ(scene_.Rows(), "a");
}

TEST_F(MariadbStatementsTest, NoVersionIsReplacedThatIsNotThere) {
  WriteB("DELETE FROM mig_version;\nCREATE TABLE t_b (id integer);\n");
  EXPECT_EQ(scene_.Upgrade(), "DATABASE_FORMAT");
  EXPECT_THAT(scene_.error().message, HasSubstr("changed by somebody else"));
  EXPECT_EQ(scene_.Rows(), "");
  EXPECT_EQ(Journal(), "0:done 1:done");
}

TEST_F(MariadbStatementsTest, ARevisionOfOneStatementIsTwoCommits) {
  const auto commits = [&] {
    return std::stoi(
        scene_.Column("SELECT variable_value FROM information_schema.global_status "
                      "WHERE variable_name = 'com_commit'"));
  };
  const auto of_a_run = [&](const std::string& to) {
    const int before = commits();
    EXPECT_EQ(scene_.Upgrade(to), "done");
    return commits() - before;
  };
  std::string parent = "a";
  for (const std::string name : {"b", "c", "d", "e", "f", "g"}) {
    scene_.Write(name, "-- parents: " + parent + "\n\n-- mig:up\nCREATE TABLE t_" + name +
                           " (id integer);\n\n-- mig:down\nDROP TABLE t_" + name + ";\n");
    parent = name;
  }
  const int of_one = of_a_run("b");
  // Each with the one of the statement's own, which is not counted.
  EXPECT_EQ(of_a_run("g") - of_one, 4);
}

// Calls back after each commit.
class CommitsSeen : public ForwardingSession {
 public:
  CommitsSeen(std::unique_ptr<Session> real, const std::function<void()>& seen)
      : ForwardingSession(std::move(real)), seen_(seen) {}
  Result<void> Commit() override {
    Result<void> outcome = real_->Commit();
    seen_();
    return outcome;
  }

 private:
  const std::function<void()>& seen_;
};

TEST(MariadbRuns, ThatAreCancelledBetweenRevisionsLeaveNothingInDoubt) {
  std::function<void()> after_commit = [] {};
  Scene scene(Dialect::kMariadb, "", [&](const TargetUrl& url, IfMissing if_missing) {
    auto real = OpenSession(url, if_missing);
    return real ? Result<std::unique_ptr<Session>>(
                      std::make_unique<CommitsSeen>(*std::move(real), after_commit))
                : std::move(real);
  });
  for (const std::string name : {"a", "b"}) {
    scene.Write(name, std::string(name == "b" ? "-- parents: a\n\n" : "") +
                          "-- mig:up\nCREATE TABLE t_" + name +
                          " (id integer);\n\n-- mig:down\nDROP TABLE t_" + name + ";\n");
  }
  std::promise<RunPtr> started;
  bool announced = false;
  after_commit = [&, run = started.get_future().share()] {
    if (announced || scene.Tables() != "a") return;
    announced = scene.Column("SELECT name FROM mig_journal") == "b";
    run.get()->Cancel();
  };
  const RunPtr run = scene.Start(kUpgradeAll);
  started.set_value(run);
  EXPECT_EQ(scene.Await(*run), "cancelled");
  EXPECT_TRUE(announced);
  EXPECT_EQ(scene.Tables(), "a");
  EXPECT_EQ(scene.Column("SELECT name FROM mig_journal"), "");
  EXPECT_EQ(scene.Downgrade("base"), "done") << scene.error().message;
  EXPECT_EQ(scene.Tables(), "");
}

TEST(MariadbFirstRevision, ThatIsHalfAppliedIsNotPassedOverOnTheWayToTheBase) {
  Scene scene(Dialect::kMariadb);
  scene.Write("a",
              "-- mig:up\nCREATE TABLE t_a (id integer);\nALTER TABLE t_nowhere ADD COLUMN x "
              "integer;\n\n-- mig:down\nDROP TABLE t_a;\n");
  ASSERT_EQ(scene.Upgrade(), "STATEMENT_FAILED");
  EXPECT_EQ(scene.Downgrade("base"), "IN_DOUBT");
  EXPECT_EQ(scene.error().message, "an earlier run stopped in the middle of the upgrade of a");
  EXPECT_EQ(scene.Tables(), "a");
}

TEST_F(MariadbStatementsTest, TheStatementThatFailedMayBeCorrectedInItsFile) {
  WriteB("CREATE TABLE t_b (id integer,\n  oops nonsense);\n" + Insert("b"));
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_EQ(scene_.detail("line"), "4");
  EXPECT_EQ(Journal(), "");
  WriteB("CREATE TABLE t_b (id integer,\n  oops integer);\n" + Insert("b"));
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "a b");
  scene_.ExpectSound();
}

TEST_F(MariadbStatementsTest, WhatIsAddedInFrontOfTheStatementThatFailedRunsByItself) {
  WriteB("CREATE TABLE t_b (id integer);\nINSERT INTO t_b VALUES (1), (1);\n" + Insert("b1") +
         "ALTER TABLE t_b ADD UNIQUE (id);\n");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_EQ(Journal(), "0:done 1:done");
  scene_.Replace("b", "ALTER TABLE", Insert("b2") + "ALTER TABLE");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED") << scene_.error().message;
  EXPECT_EQ(Journal(), "0:done 1:done 2:done");
  scene_.Replace("b", "ALTER TABLE", "DELETE FROM t_b LIMIT 1;\nALTER TABLE");
  auto report = scene_.engine().ReportUnfinished(scene_.target());
  ASSERT_TRUE(report && *report);
  EXPECT_EQ((*report)->parts.at(2).sql, Insert("b2"));
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Ran(), "a b1 b2");
  EXPECT_EQ(scene_.Column("SELECT count(*) FROM t_b"), "1");
  EXPECT_EQ(Journal(), "");
  scene_.ExpectSound();
}

TEST_F(MariadbStatementsTest, WhatIsAddedAmongStatementsThatRanIsAnEditOfThem) {
  WriteB(Insert("b1") + Insert("b2") + "ALTER TABLE t_nowhere ADD UNIQUE (id);\n");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  scene_.Replace("b", Insert("b2"), Insert("b3") + Insert("b2"));
  EXPECT_EQ(scene_.Upgrade(), "EDITED_SINCE_APPLIED");
  EXPECT_EQ(scene_.Ran(), "a b1 b2");
}

TEST_F(MariadbStatementsTest, AFailureOfRowsTakesBackTheStretchItStandsIn) {
  WriteB("CREATE TABLE t_b (id integer);\n" + Insert("b1") + "INSERT INTO ran (wht) VALUES (1);\n");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_EQ(scene_.Ran(), "a");
  EXPECT_EQ(scene_.Tables(), "a b");
  EXPECT_EQ(Journal(), "0:done");
}

TEST_F(MariadbStatementsTest, WhatNoRollbackTakesBackIsToldWithTheFailure) {
  scene_.Sql("CREATE TABLE counted (a integer) ENGINE = MyISAM");
  WriteB(Insert("b") + "INSERT INTO counted VALUES (1);\nINSERT INTO ran (wht) VALUES (1);");
  EXPECT_EQ(scene_.Upgrade(), "ROLLBACK_INCOMPLETE");
  EXPECT_THAT(scene_.error().message, HasSubstr("INSERT INTO ran in revision b failed: "));
  EXPECT_THAT(scene_.error().message, HasSubstr("wht"));
  EXPECT_THAT(scene_.error().message, HasSubstr("tables without transactions"));
  EXPECT_EQ(scene_.detail("line"), "6");
  EXPECT_THAT(scene_.finished().state,
              HasSubstr("rolled back, but for what it changed in tables without transactions"));
  EXPECT_EQ(scene_.Ran(), "a");
  EXPECT_EQ(scene_.Column("SELECT count(*) FROM counted"), "1");
}

TEST_F(MariadbStatementsTest, WhatNoRollbackTakesBackIsNotRunAgainForALock) {
  scene_.Sql("CREATE TABLE counted (a integer) ENGINE = MyISAM");
  scene_.Sql("INSERT INTO t_a VALUES (1)");
  const auto other = scene_.OpenOwn();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {"DELETE FROM t_a"});
  WriteB("INSERT INTO counted VALUES (1);\nSELECT id FROM t_a FOR UPDATE NOWAIT;");
  EXPECT_EQ(scene_.Upgrade(), "ROLLBACK_INCOMPLETE");
  EXPECT_THAT(scene_.error().message, HasSubstr("Lock wait timeout"));
  EXPECT_EQ(scene_.Column("SELECT count(*) FROM counted"), "1");
}

TEST_F(MariadbStatementsTest, TimeoutsCountForTheStatementsOfTheirSection) {
  const std::string timeouts =
      "SELECT concat_ws(' ', @@lock_wait_timeout, @@innodb_lock_wait_timeout, "
      "floor(1000 * @@max_statement_time)) AS what;\n";
  const std::string told = "INSERT INTO ran (what) " + timeouts;
  scene_.Write("b", "-- parents: a\n\n-- mig:up lock_timeout=2s statement_timeout=1500ms\n" + told +
                        "CREATE TABLE t_b " + timeouts + told + "-- mig:up\n" + told +
                        "CREATE TABLE t_c " + timeouts + told);
  ASSERT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Column("SELECT what FROM t_b"), "2 2 1500");
  EXPECT_EQ(scene_.Column("SELECT what FROM t_c"), "5 5 0");
  EXPECT_EQ(scene_.Ran(), "a 2 2 1500 2 2 1500 5 5 0 5 5 0");
}

TEST_F(MariadbStatementsTest, AStatementThatCommitsEndsAtTheTimeoutOfItsSection) {
  scene_.Write("b",
               "-- parents: a\n\n-- mig:up statement_timeout=100ms\nCREATE TABLE t_b AS SELECT "
               "sleep(300);\n");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(scene_.error().message, HasSubstr("max_statement_time"));
  EXPECT_EQ(scene_.Tables(), "a");
  EXPECT_EQ(Journal(), "");
}

TEST_F(MariadbStatementsTest, SettingsLastToTheEndOfTheirRevisionAndNoLonger) {
  scene_.Draw("c: b");
  WriteB(
      "SET foreign_key_checks = 0;\nSET @who = 'b';\nCREATE TABLE t_b (id integer REFERENCES "
      "t_late (id));\nINSERT INTO ran (what) SELECT concat(@who, @@foreign_key_checks + 0);\n");
  scene_.Replace("c", "VALUES ('c')",
                 "SELECT concat(coalesce(@who, 'c'), @@foreign_key_checks + 0)");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "a b0 c1");
}

TEST(MariadbLimits, ThatAScriptSetsDoNotCountForWhatIsRecorded) {
  for (const char* setting :
       {"sql_select_limit = 0", "sql_select_limit = 1", "max_statement_time = 0.000001",
        "sql_safe_updates = 1", "SESSION TRANSACTION READ ONLY"}) {
    SCOPED_TRACE(setting);
    Scene scene(Dialect::kMariadb);
    scene.Draw("a; b: a");
    scene.Write("a", "-- mig:up\nCREATE TABLE t_a (id integer);\nSET " + std::string(setting) +
                         ";\n\n-- mig:down\nDROP TABLE t_a;\n");
    ASSERT_EQ(scene.Upgrade(), "done") << scene.error().message;
    EXPECT_EQ(scene.Ran(), "b");
    scene.ExpectSound();
  }
}

TEST_F(MariadbStatementsTest, ARevisionGoesOnUnderTheLimitsItSet) {
  WriteB(
      "SET sql_select_limit = 0;\nCREATE TABLE t_b (id integer);\nALTER TABLE t_late ADD COLUMN x "
      "integer;\nINSERT INTO ran (what) VALUES ('b');\n");
  ASSERT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  scene_.Sql("CREATE TABLE t_late (id integer)");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Ran(), "a b");
  scene_.ExpectSound();
}

TEST_F(MariadbStatementsTest, SettingsAreRepeatedWhereARevisionGoesOnInAnotherRun) {
  WriteB(
      "SET @who = 'b';\nCREATE TABLE t_b (id integer);\nALTER TABLE t_late ADD COLUMN x "
      "integer;\nINSERT INTO ran (what) SELECT @who;\n");
  ASSERT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  scene_.Sql("CREATE TABLE t_late (id integer)");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "a b");
}

TEST_F(MariadbStatementsTest, WhatOnlyTheSessionOfEarlierPartsKnewIsNotMadeUpInAnother) {
  scene_.Sql("CREATE TABLE parents (id integer AUTO_INCREMENT PRIMARY KEY)");
  scene_.Sql("INSERT INTO parents VALUES (41)");
  const std::string parts =
      "INSERT INTO parents VALUES (NULL);\nSET @id = LAST_INSERT_ID();\n"
      "CREATE TABLE t_b (id integer);\nALTER TABLE t_late ADD COLUMN x integer;\n";
  WriteB(parts + "INSERT INTO ran (what) SELECT @id;");
  ASSERT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  scene_.Sql("CREATE TABLE t_late (id integer)");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(scene_.error().message, HasSubstr("it reads @id"));
  EXPECT_EQ(scene_.Ran(), "a");
  WriteB(parts + "INSERT INTO ran (what) SELECT max(id) FROM parents;");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Ran(), "a 42");
  scene_.ExpectSound();
}

TEST_F(MariadbStatementsTest, AProcedureThatCommitsDoesNotPassForATransaction) {
  scene_.Sql("CREATE FUNCTION f() RETURNS integer DETERMINISTIC RETURN 1");
  scene_.Sql("CREATE PROCEDURE sly() BEGIN COMMIT; START TRANSACTION; END");
  WriteB(Insert("b") + "SELECT f();\n");
  EXPECT_EQ(scene_.Upgrade(), "done");
  scene_.Write("c", "-- parents: b\n\n-- mig:up\nCALL sly();\n" + Insert("c"));
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "a b c");
  scene_.ExpectSound();
}

TEST_F(MariadbStatementsTest, RunsBodiesWithAndWithoutDelimiters) {
  WriteB(
      "CREATE TABLE t_b (id integer PRIMARY KEY, v integer, w integer AS (v * 2) STORED);\n"
      "CREATE TRIGGER tr BEFORE INSERT ON t_b FOR EACH ROW BEGIN IF new.v IS NULL THEN SET "
      "new.v = 1; END IF; END;\nDELIMITER //\nCREATE PROCEDURE p(n int) BEGIN WHILE n > 0 DO "
      "CASE n WHEN 1 THEN INSERT INTO t_b (id) VALUES (n); ELSE BEGIN END; END CASE; SET n = n "
      "- 1; END WHILE; END//\nDELIMITER ;\n/*!50003 CREATE VIEW v AS SELECT w FROM t_b */;\n"
      "CALL p(3); # done\n" +
          Insert("b"),
      "DROP VIEW v;\nDROP PROCEDURE p;\nDROP TABLE t_b;");
  ASSERT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Column("SELECT w FROM v"), "2");
  EXPECT_EQ(scene_.Downgrade("a"), "done");
  EXPECT_EQ(scene_.Tables(), "a");
}

TEST_F(MariadbStatementsTest, AVerificationMustNotCommit) {
  WriteB("SELECT 1;\n\n-- mig:verify\nTRUNCATE TABLE ran;");
  EXPECT_EQ(scene_.Upgrade(), "FILE_INVALID");
  EXPECT_EQ(scene_.Ran(), "a");
}

TEST_F(MariadbStatementsTest, AFailedVerificationLeavesWhatCommitted) {
  WriteB("CREATE TABLE t_b (id integer);\n\n-- mig:verify\nSELECT count(*) > 0 FROM t_b;");
  EXPECT_EQ(scene_.Upgrade(), "VERIFY_FAILED");
  EXPECT_EQ(scene_.Tables(), "a b");
  EXPECT_EQ(scene_.Rows(), "a");
  scene_.Sql("INSERT INTO t_b VALUES (1)");
  EXPECT_EQ(scene_.Upgrade(), "done");
}

struct Doubt {
  const char* name;
  const char* before;  // prepares the database
  const char* statement;
};

// Looked for right before it runs, as after a crash that came too early for it, and right after.
class MariadbDoubt : public testing::TestWithParam<Doubt> {};

INSTANTIATE_TEST_SUITE_P(
    Of, MariadbDoubt,
    testing::Values(
        Doubt{"CreateTable", "", "CREATE TABLE t (a int)"},
        Doubt{"CreateTableOfRows", "", "CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS a"},
        Doubt{"DropTable", "CREATE TABLE t (a int)", "DROP TABLE t"},
        Doubt{"AddColumn", "CREATE TABLE t (a int)", "ALTER TABLE t ADD COLUMN b int"},
        Doubt{"ModifyColumn", "CREATE TABLE t (a int)", "ALTER TABLE `t` MODIFY a bigint"},
        Doubt{"RenameColumn", "CREATE TABLE t (a int)", "ALTER TABLE t RENAME COLUMN a TO b"},
        Doubt{"AddForeignKey", "CREATE TABLE t (a int PRIMARY KEY, b int)",
              "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES t (a)"},
        Doubt{"AddCheck", "CREATE TABLE t (a int)", "ALTER TABLE t ADD CHECK (a > 0)"},
        Doubt{"RenameByAlter", "CREATE TABLE t (a int)", "ALTER TABLE t RENAME TO u"},
        Doubt{"RenameTable", "CREATE TABLE t (a int)", "RENAME TABLE t TO u"},
        Doubt{"CreateIndex", "CREATE TABLE t (a int)", "CREATE UNIQUE INDEX i ON t (a)"},
        Doubt{"DropIndex", "CREATE TABLE t (a int, KEY i (a))", "DROP INDEX i ON t"},
        Doubt{"CreateView", "", "CREATE VIEW v AS SELECT 1 AS a"},
        Doubt{"AlterView", "CREATE VIEW v AS SELECT 1 AS a", "ALTER VIEW v AS SELECT 2 AS a"},
        Doubt{"DropView", "CREATE VIEW v AS SELECT 1 AS a", "DROP VIEW v"},
        Doubt{"CreateTrigger", "CREATE TABLE t (a int)",
              "CREATE DEFINER = root@localhost TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET "
              "new.a = 1"},
        Doubt{"CreateProcedure", "", "CREATE PROCEDURE p() SELECT 1"},
        Doubt{"DropProcedure", "CREATE PROCEDURE p() SELECT 1", "DROP PROCEDURE p"},
        Doubt{"CreateFunction", "", "CREATE FUNCTION f() RETURNS int RETURN 1"},
        Doubt{"CreateEvent", "", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1"},
        Doubt{"AlterEvent", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
              "ALTER EVENT e DISABLE"},
        Doubt{"CreateSequence", "", "CREATE SEQUENCE s"},
        Doubt{"CreateDatabase", "DROP DATABASE IF EXISTS doubt", "CREATE DATABASE doubt"},
        Doubt{"DropDatabase", "CREATE OR REPLACE DATABASE doubt", "DROP DATABASE doubt"},
        Doubt{"CreateUser", "DROP USER IF EXISTS doubt@localhost", "CREATE USER doubt@localhost"},
        Doubt{"CreateRole", "DROP ROLE IF EXISTS doubts", "CREATE ROLE doubts"},
        Doubt{"ExecutableComment", "",
              "/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 PROCEDURE p() "
              "SELECT 1 */"}),
    [](const auto& doubt) { return std::string(doubt.param.name); });

TEST_P(MariadbDoubt, IsSettledByLooking) {
  Database database(Dialect::kMariadb);
  auto session = database.Open();
  if (*GetParam().before != '\0') MustExecute(*session, {GetParam().before});
  const StatementTraits traits = Classify(Dialect::kMariadb, GetParam().statement);
  EXPECT_FALSE(traits.runs_in_transaction);
  const auto before = SeeBefore(*session, traits.probe);
  ASSERT_TRUE(before);
  auto effect = LookFor(*session, traits.probe, *before);
  ASSERT_TRUE(effect);
  EXPECT_EQ(*effect, Effect::kTookNot);
  MustExecute(*session, {GetParam().statement});
  effect = LookFor(*session, traits.probe, *before);
  ASSERT_TRUE(effect);
  EXPECT_EQ(*effect, Effect::kTook);
}

TEST(MariadbDoubtOf, WhatNothingTellsIsNotGuessed) {
  Database database(Dialect::kMariadb);
  auto session = database.Open();
  MustExecute(*session, {"CREATE TABLE t (a int)"});
  MustExecute(*session, {"CREATE TABLE u (a int)"});
  MustExecute(*session, {"INSERT INTO t VALUES (1)"});
  for (const char* sql : {"CALL p()", "EXECUTE x", "ALTER TABLE t TRUNCATE PARTITION p",
                          "CREATE OR REPLACE TABLE t AS SELECT 1", "TRUNCATE TABLE t",
                          "ALTER SEQUENCE s RESTART 1"}) {
    const StatementTraits traits = Classify(Dialect::kMariadb, sql);
    EXPECT_FALSE(traits.runs_in_transaction) << sql;
    EXPECT_FALSE(traits.repeatable) << sql;
    const auto before = SeeBefore(*session, traits.probe);
    ASSERT_TRUE(before);
    EXPECT_EQ(*LookFor(*session, traits.probe, *before), Effect::kUnknown) << sql;
  }
  const Probe both = Classify(Dialect::kMariadb, "DROP TABLE t, u").probe;
  const auto before = SeeBefore(*session, both);
  ASSERT_TRUE(before);
  MustExecute(*session, {"DROP TABLE t"});
  EXPECT_EQ(*LookFor(*session, both, *before), Effect::kUnknown);
  MustExecute(*session, {"DROP TABLE u"});
  EXPECT_EQ(*LookFor(*session, both, *before), Effect::kTook);
}

TEST(MariadbDoubtOf, TablesThatTradeNamesAreNotTradedBack) {
  Database database(Dialect::kMariadb);
  auto session = database.Open();
  MustExecute(*session, {"CREATE TABLE t (a int)"});
  MustExecute(*session, {"CREATE TABLE u (a int)"});
  const char* const sql = "RENAME TABLE t TO x, u TO t, x TO u";
  const Probe probe = Classify(Dialect::kMariadb, sql).probe;
  const auto before = SeeBefore(*session, probe);
  ASSERT_TRUE(before);
  MustExecute(*session, {sql});
  EXPECT_EQ(*LookFor(*session, probe, *before), Effect::kUnknown);
}

TEST(MariadbDoubtOf, RowsThatComeInBetweenDoNotPassForAChange) {
  Database database(Dialect::kMariadb);
  auto session = database.Open();
  MustExecute(*session, {"CREATE TABLE t (a int AUTO_INCREMENT PRIMARY KEY)"});
  const Probe probe = Classify(Dialect::kMariadb, "ALTER TABLE t ADD COLUMN b int").probe;
  const auto before = SeeBefore(*session, probe);
  ASSERT_TRUE(before);
  MustExecute(*session, {"INSERT INTO t VALUES (NULL), (NULL)"});
  EXPECT_EQ(*LookFor(*session, probe, *before), Effect::kTookNot);
}

}  // namespace
}  // namespace mig
