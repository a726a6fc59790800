// PostgreSQL, where a section may run outside of transactions: what its statements leave, what they
// wait for, and what they say.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "daemon/limits.h"
#include "tests/daemon/forwarding_session.h"
#include "tests/daemon/scene.h"

namespace mig {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class PostgresStatementsTest : public testing::Test {
 protected:
  Scene scene_{Dialect::kPostgresql};
};

TEST_F(PostgresStatementsTest, RunsOffSectionsOutsideOfTransactionsInTheirOrder) {
  scene_.Draw("a");
  scene_.Write("b",
               "-- parents: a\n\n-- mig:up\nINSERT INTO t_a VALUES (1);\n"
               "-- mig:up transaction=off\nCREATE INDEX CONCURRENTLY i ON t_a (id);\nVACUUM t_a;\n"
               "-- mig:up\nINSERT INTO t_a VALUES (2);\n"
               "-- mig:up transaction=off\nDROP INDEX CONCURRENTLY i;\n"
               "CREATE UNIQUE INDEX CONCURRENTLY u ON t_a (id);\n"
               "-- mig:verify\nSELECT count(*) = 2 FROM t_a;\n");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Column("SELECT indexname FROM pg_indexes WHERE tablename = 't_a'"), "u");
  EXPECT_EQ(scene_.Column("SELECT count(*) FROM mig_journal"), "0");
  scene_.ExpectSound();
}

TEST_F(PostgresStatementsTest, WhatAPartSetsHoldsForTheLaterPartsOfItsRevision) {
  scene_.Sql("CREATE ROLE mig_owner");
  scene_.Sql("CREATE SCHEMA app AUTHORIZATION mig_owner");
  scene_.Draw("a");
  scene_.Write("b",
               "-- parents: a\n\n-- mig:up\nSET app.word = 'said';\nSELECT "
               "pg_catalog.set_config('search_path', 'app, public', false);\nSET ROLE mig_owner;\n"
               "CREATE TABLE orders (id int);\n-- mig:up transaction=off\n"
               "CREATE INDEX CONCURRENTLY i ON orders (id);\nVACUUM orders;\n"
               "INSERT INTO orders SELECT 1 WHERE current_setting('app.word') = 'said';\n"
               "-- mig:up\nCREATE TABLE later (id int);\n");
  scene_.Write("c", "-- parents: b\n\n-- mig:up\nCREATE TABLE other (id int);\n");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Column("SELECT schemaname || '.' || indexname FROM pg_indexes WHERE indexname = "
                          "'i'"),
            "app.i");
  EXPECT_EQ(scene_.Column("SELECT id FROM app.orders"), "1");
  EXPECT_EQ(scene_.Column("SELECT tableowner || ' ' || schemaname FROM pg_tables WHERE tablename = "
                          "'later'"),
            "mig_owner app");
  EXPECT_EQ(scene_.Column("SELECT schemaname FROM pg_tables WHERE tablename = 'other'"), "public");
  scene_.ExpectSound();
  scene_.Sql("DROP OWNED BY mig_owner");
  scene_.Sql("DROP ROLE mig_owner");
}

TEST_F(PostgresStatementsTest, AnOffSectionMayCallWhatCommits) {
  scene_.Draw("a");
  scene_.Write("b",
               "-- parents: a\n\n-- mig:up\nCREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN\n"
               "  INSERT INTO ran (what) VALUES ('b1'); COMMIT;\n"
               "  INSERT INTO ran (what) VALUES ('b2'); COMMIT;\nEND $$;\n"
               "-- mig:up transaction=off\nCALL fill();\n"
               "DO $$ BEGIN INSERT INTO ran (what) VALUES ('b3'); COMMIT; END $$;\n");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Ran(), "a b1 b2 b3");
  scene_.ExpectSound();
  scene_.Write("c", "-- parents: b\n\n-- mig:up\nCALL fill();\n");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(HintOf(scene_.error()), HasSubstr("transaction=off"));
  EXPECT_EQ(scene_.Ran(), "a b1 b2 b3");
}

TEST_F(PostgresStatementsTest, WhatCommitsAndIsInDoubtIsNotTriedAgain) {
  scene_.Draw("a");
  scene_.Write("b",
               "-- parents: a\n\n-- mig:up\nCREATE TABLE todo AS SELECT 1 AS id;\n"
               "CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN\n"
               "  IF EXISTS (SELECT FROM todo) THEN DELETE FROM todo; COMMIT; END IF;\n"
               "  INSERT INTO ran (what) VALUES ('b');\nEND $$;\n"
               "-- mig:up transaction=off\nCALL fill();\nVACUUM nowhere;\n");
  ASSERT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  scene_.Sql("UPDATE mig_journal SET state = 'started' WHERE unit = 1");
  EXPECT_EQ(scene_.Upgrade(), "IN_DOUBT");
  EXPECT_EQ(scene_.Ran(), "a b");
}

TEST_F(PostgresStatementsTest, AFailureThatLeavesADoubtSaysThatItHasToBeResolved) {
  scene_.Draw("a");
  scene_.Write("b",
               "-- parents: a\n\n-- mig:up transaction=off\nDO $$ BEGIN\n"
               "  INSERT INTO ran (what) VALUES ('b'); COMMIT;\n  PERFORM 1 / 0;\nEND $$;\n");
  ASSERT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(HintOf(scene_.error()), HasSubstr("`mig resolve b --not-applied`"));
  EXPECT_EQ(scene_.Upgrade(), "IN_DOUBT");
  EXPECT_EQ(scene_.Ran(), "a b");
}

// The first Reset behind its CALL is interrupted.
class InterruptedBehindCall : public ForwardingSession {
 public:
  using ForwardingSession::ForwardingSession;
  Result<SqlResult> Execute(const SqlCommand& command) override {
    called_ = command.sql.starts_with("CALL");
    return real_->Execute(command);
  }
  Result<void> Reset() override {
    if (std::exchange(called_, false)) return Error{Reason::kCancelled, "interrupted"};
    return real_->Reset();
  }

 private:
  bool called_ = false;
};

TEST_F(PostgresStatementsTest, WhatIsKnownToHaveEndedIsRecordedWhateverComesThen) {
  Scene scene(Dialect::kPostgresql, "", OpenerOf<InterruptedBehindCall>());
  scene.Draw("a");
  scene.Write("b",
              "-- parents: a\n\n-- mig:up\nCREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN\n"
              "  INSERT INTO ran (what) VALUES ('b'); COMMIT;\nEND $$;\n"
              "-- mig:up transaction=off\nCALL fill();\n");
  EXPECT_EQ(scene.Upgrade(), "cancelled");
  EXPECT_THAT(scene.finished().state, HasSubstr("2 of the 2 parts of b took effect"));
  EXPECT_EQ(scene.Upgrade(), "done") << scene.error().message;
  EXPECT_EQ(scene.Ran(), "a b");
  scene.ExpectSound();
}

TEST_F(PostgresStatementsTest, AnOffSectionMayReindexWhatIsPartitioned) {
  scene_.Draw("a");
  scene_.Write("b",
               "-- parents: a\n\n-- mig:up\nCREATE TABLE parted (id int) PARTITION BY RANGE (id);\n"
               "CREATE TABLE part PARTITION OF parted DEFAULT;\nCREATE INDEX ON parted (id);\n"
               "-- mig:up transaction=off\nREINDEX TABLE parted;\n");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  scene_.ExpectSound();
}

TEST_F(PostgresStatementsTest, AScriptsEncodingIsNotThatOfTheLog) {
  scene_.ActAs("Zoë <zoe@example.com>");
  scene_.Draw("a");
  scene_.Write("b", "-- parents: a\n\n-- mig:up\nSET client_encoding = 'LATIN1';\nSELECT 1;\n");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Column("SELECT DISTINCT actor FROM mig_log"), "Zoë <zoe@example.com>");
  scene_.ExpectSound();
}

TEST_F(PostgresStatementsTest, GoesOnBehindWhatIsRecordedAndRepairsAnInvalidIndex) {
  scene_.Draw("a");
  scene_.Write("b",
               "-- parents: a\n\n-- mig:up\nINSERT INTO t_a VALUES (1), (1);\n"
               "-- mig:up transaction=off\nCREATE UNIQUE INDEX CONCURRENTLY u ON t_a (id);\n"
               "-- mig:up\nINSERT INTO ran (what) VALUES ('b');\n");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(scene_.finished().state, HasSubstr("1 of the 3 parts of b took effect"));
  EXPECT_EQ(scene_.Rows(), "a");
  EXPECT_EQ(scene_.Downgrade("base"), "IN_DOUBT");
  scene_.Sql("DELETE FROM t_a WHERE ctid IN (SELECT ctid FROM t_a LIMIT 1)");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Column("SELECT count(*) FROM t_a"), "1");
  EXPECT_EQ(scene_.Column("SELECT indisvalid FROM pg_index WHERE indexrelid = 'u'::regclass"), "t");
  EXPECT_EQ(scene_.Ran(), "a b");
  scene_.ExpectSound();
}

// Ends the transaction and begins another where the script says `SELECT 'escape'`.
class EscapingSession final : public ForwardingSession {
 public:
  using ForwardingSession::ForwardingSession;
  Result<void> ExecuteAll(std::span<const SqlCommand> commands, const CommandDone& done) override {
    std::vector<SqlCommand> changed(commands.begin(), commands.end());
    for (SqlCommand& command : changed) {
      if (command.sql == "SELECT 'escape'") command.sql = "COMMIT AND CHAIN";
    }
    return real_->ExecuteAll(changed, done);
  }
};

TEST_F(PostgresStatementsTest, AVersionThatSomebodyElseTakesAwayMeanwhileIsNotReplaced) {
  scene_.Draw("a");
  ASSERT_EQ(scene_.Upgrade(), "done");
  scene_.Write("b", "-- parents: a\n\n-- mig:up transaction=off\nVACUUM t_a;\n");
  const auto other = scene_.OpenOwn();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {"DELETE FROM mig_version"});
  const RunPtr run = scene_.Start(kUpgradeAll);
  while (scene_.Column("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0")
    std::this_thread::sleep_for(5ms);
  ASSERT_TRUE(other->Commit());
  EXPECT_EQ(scene_.Await(*run), "DATABASE_FORMAT");
  EXPECT_EQ(scene_.Rows(), "");
}

TEST_F(PostgresStatementsTest, NoticesAScriptThatEndsItsTransaction) {
  Scene scene(Dialect::kPostgresql, "", OpenerOf<EscapingSession>());
  scene.Draw("a; b: a");
  scene.Replace("b", "-- mig:up\n", "-- mig:up\nSELECT 'escape';\n");
  EXPECT_EQ(scene.Upgrade(), "TRANSACTION_ESCAPED");
  EXPECT_EQ(scene.Rows(), "a");
}

TEST_F(PostgresStatementsTest, GivesUpWaitingForALockThatStaysAndCompletesLater) {
  World world = World::Real();
  auto pauses = std::make_shared<std::atomic<int>>(0);
  world.sleep = [pauses](Milliseconds) { ++*pauses; };
  Scene scene(Dialect::kPostgresql, "", OpenSession, world);
  scene.Draw("a; b: a");
  ASSERT_EQ(scene.Upgrade("a"), "done");
  scene.Replace("b", "-- mig:up\n",
                "-- mig:up lock_timeout=10ms\nINSERT INTO ran (what) VALUES ('before');\n"
                "ALTER TABLE t_a ADD COLUMN x integer;\n");
  const auto other = scene.OpenOwn();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {"LOCK TABLE t_a IN ACCESS SHARE MODE"});
  EXPECT_EQ(scene.Upgrade(), "DATABASE_BUSY");
  EXPECT_THAT(scene.finished().state, HasSubstr("b was rolled back: nothing of it took effect"));
  const auto waited = scene.Events<Waiting>();
  EXPECT_EQ(std::ranges::count_if(
                waited, [](const Waiting& one) { return one.reason.ends_with(" follows"); }),
            7);
  EXPECT_GE(*pauses, 7);
  EXPECT_EQ(scene.Rows(), "a");
  EXPECT_EQ(scene.Tables(), "a");
  EXPECT_EQ(scene.Ran(), "a");
  ASSERT_TRUE(other->Rollback());
  EXPECT_EQ(scene.Upgrade(), "done");
  EXPECT_EQ(scene.Ran(), "a before b");
  scene.ExpectSound();
}

TEST_F(PostgresStatementsTest, ACancelInThePauseBeforeARetryEndsTheRun) {
  World world = World::Real();
  auto paused = std::make_shared<std::atomic<bool>>(false);
  world.sleep = [paused](Milliseconds time) {
    *paused = true;
    std::this_thread::sleep_for(time);
  };
  Scene scene(Dialect::kPostgresql, "", OpenSession, world);
  scene.Draw("a; b: a");
  ASSERT_EQ(scene.Upgrade("a"), "done");
  scene.Replace("b", "-- mig:up\n",
                "-- mig:up lock_timeout=10ms\nALTER TABLE t_a ADD COLUMN x integer;\n");
  const auto other = scene.OpenOwn();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {"LOCK TABLE t_a IN ACCESS SHARE MODE"});
  const RunPtr run = scene.Start(kUpgradeAll);
  while (!*paused) std::this_thread::sleep_for(1ms);
  run->Cancel();
  ASSERT_TRUE(other->Rollback());
  EXPECT_EQ(scene.Await(*run), "cancelled");
  EXPECT_EQ(scene.Rows(), "a");
}

TEST_F(PostgresStatementsTest, PassesNoticesOn) {
  scene_.Draw("a");
  scene_.Replace("a", "-- mig:up\n",
                 "-- mig:up\nDO $$ BEGIN RAISE NOTICE 'look here' USING DETAIL = 'closer'; RAISE "
                 "WARNING 'and here'; END $$;\n");
  ASSERT_EQ(scene_.Upgrade(), "done");
  std::vector<std::string> heard;
  for (const auto& notice : scene_.Events<Notice>())
    heard.push_back(notice.severity + " " + notice.message);
  EXPECT_THAT(heard, ElementsAre("NOTICE look here\ncloser", "WARNING and here"));
}

TEST_F(PostgresStatementsTest, PassesOnWhatOfNoticesAnybodyReads) {
  scene_.Draw("a");
  scene_.Replace("a", "-- mig:up\n",
                 "-- mig:up\nDO $$ BEGIN FOR i IN 1..2000 LOOP RAISE NOTICE '%', "
                 "repeat('x', 10000); END LOOP; END $$;\n");
  ASSERT_EQ(scene_.Upgrade(), "done");
  const auto notices = scene_.Events<Notice>();
  ASSERT_EQ(notices.size(), static_cast<std::size_t>(kMaxNotices) + 1);
  EXPECT_EQ(notices.front().message.size(), kMaxToldBytes);
  EXPECT_EQ(notices.back().severity, "WARNING");
  EXPECT_THAT(notices.back().message, HasSubstr("has more to say"));
}

TEST_F(PostgresStatementsTest, EndsAStatementAtTheTimeoutOfItsSection) {
  scene_.Draw("a");
  scene_.Write("b", "-- parents: a\n\n-- mig:up statement_timeout=100ms\nSELECT pg_sleep(300);\n");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_EQ(scene_.detail("sqlstate"), "57014");
  EXPECT_EQ(scene_.Rows(), "a");
}

TEST_F(PostgresStatementsTest, TimeoutsCountForTheStatementsOfTheirSection) {
  scene_.Draw("a");
  const std::string told =
      "INSERT INTO ran (what) SELECT concat_ws(' ', current_setting('lock_timeout'), "
      "current_setting('statement_timeout'));\n";
  scene_.Write("b", "-- parents: a\n\n-- mig:up lock_timeout=2s statement_timeout=1500ms\n" + told +
                        "-- mig:up\n" + told);
  ASSERT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Ran(), "a 2s 1500ms 5s 0");
}

TEST_F(PostgresStatementsTest, NoTimeoutCountsForWhatRunsConcurrently) {
  scene_.Draw("a");
  scene_.Write(
      "b",
      "-- parents: a\n\n-- mig:up\nCREATE FUNCTION told(integer) RETURNS integer IMMUTABLE "
      "LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% %', current_setting('lock_timeout'), "
      "current_setting('statement_timeout'); RETURN $1; END $$;\n"
      "INSERT INTO t_a VALUES (1);\n"
      "-- mig:up transaction=off\nCREATE INDEX CONCURRENTLY i ON t_a (told(id));\n");
  ASSERT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  std::set<std::string> told;
  for (const auto& notice : scene_.Events<Notice>()) told.insert(notice.message);
  EXPECT_THAT(told, ElementsAre("0 0"));
}

TEST_F(PostgresStatementsTest, SaysThatTheConnectionWasLostAndCompletesLater) {
  scene_.Draw("a");
  scene_.Write("b",
               "-- parents: a\n\n-- mig:up\nCREATE TABLE t_b (id integer);\nSELECT "
               "pg_terminate_backend(pg_backend_pid());\n");
  EXPECT_EQ(scene_.Upgrade(), "DATABASE_UNREACHABLE");
  EXPECT_THAT(scene_.finished().state, HasSubstr("connection was lost"));
  EXPECT_THAT(HintOf(scene_.error()), HasSubstr("somebody ended the connection"));
  EXPECT_THAT(scene_.error().message, HasSubstr("in revision b ran"));
  EXPECT_EQ(scene_.detail("file") + ":" + scene_.detail("line"), "b.sql:5");
  scene_.Write("b", "-- parents: a\n\n-- mig:up\nCREATE TABLE t_b (id integer);\n");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Tables(), "a b");
  scene_.ExpectSound();
}

}  // namespace
}  // namespace mig
