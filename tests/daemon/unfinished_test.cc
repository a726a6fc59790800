// Revisions that stopped between two of their parts: finished, edited, resolved.
#include "daemon/unfinished.h"

#include <gmock/gmock.h>

#include <thread>

#include "tests/daemon/scene.h"

namespace mig {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class UnfinishedTest : public testing::Test {
 protected:
  UnfinishedTest() { scene_.Draw("a"); }

  // b on top of a: a transaction, statements outside of one, and what follows.
  void WriteB(const std::string& outside, const std::string& first = Insert("b1"),
              const std::string& last = "-- mig:up\n" + Insert("b2")) {
    scene_.Write("b", "-- parents: a\n\n-- mig:up\n" + first + "-- mig:up transaction=off\n" +
                          outside + last + "\n-- mig:down\n");
  }
  static std::string Insert(const std::string& what) {
    return "INSERT INTO ran (what) VALUES ('" + what + "');\n";
  }
  // A table's name with Unicode escapes is not read, so that its indexes cannot be looked at; it
  // fails for the two equal rows.
  void StopInDoubt() {
    WriteB("CREATE UNIQUE INDEX CONCURRENTLY ON U&\"t_a\" (id);\n",
           Insert("b1") + "INSERT INTO t_a VALUES (1), (1);\n");
    ASSERT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
    ASSERT_EQ(scene_.Upgrade(), "IN_DOUBT");
  }
  std::string Resolve(Resolution::Answer answer, const std::string& revision = "") {
    Operation operation{Operation::Kind::kResolve, {}};
    if (!revision.empty()) operation.revisions = {revision};
    operation.answer = answer;
    return scene_.Run(operation);
  }
  std::vector<UnfinishedPart> Parts() {
    auto report = scene_.engine().ReportUnfinished(scene_.target());
    EXPECT_TRUE(report) << report.error().message;
    return report && *report ? (*report)->parts : std::vector<UnfinishedPart>();
  }
  std::string Hint() { return HintOf(scene_.error()); }
  // Cancels an upgrade once its statement waits for `blocker`'s transaction on the server.
  void CancelWhileItWaits(Session& blocker) {
    ASSERT_TRUE(blocker.Begin());
    MustExecute(blocker, {"SELECT count(*) FROM t_a"});
    MustExecute(blocker, {"LOCK TABLE t_a IN ROW EXCLUSIVE MODE"});
    const RunPtr run = scene_.Start(kUpgradeAll);
    const std::string waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
        "wait_event_type = 'Lock' AND query ILIKE '%concurrently%' AND pid <> pg_backend_pid()";
    while (scene_.Column(waiting) != "1") std::this_thread::sleep_for(5ms);
    run->Cancel();
    EXPECT_EQ(scene_.Await(*run), "cancelled");
    ASSERT_TRUE(blocker.Rollback());
  }

  Scene scene_{Dialect::kPostgresql};
};

TEST_F(UnfinishedTest, AStatementThatFailedMayBeEditedAndTheRunGoesOn) {
  WriteB("CREATE UNIQUE INDEX CONCURRENTLY u ON t_a (id);\n",
         Insert("b1") + "INSERT INTO t_a VALUES (1), (1);\n");
  ASSERT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  scene_.Replace("b", "UNIQUE INDEX CONCURRENTLY u", "INDEX CONCURRENTLY i");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Ran(), "a b1 b2");
  EXPECT_EQ(scene_.Column("SELECT indexname FROM pg_indexes WHERE tablename = 't_a'"), "i");
  EXPECT_EQ(scene_.Column("SELECT count(*) FROM mig_journal"), "0");
  scene_.ExpectSound();
}

TEST_F(UnfinishedTest, APlanTellsWhichBegunPartsWereEdited) {
  StopInDoubt();
  const auto warnings = [&] {
    auto plan = scene_.engine().PlanRun(scene_.Spec(kUpgradeAll));
    EXPECT_TRUE(plan) << plan.error().message;
    return plan ? plan->warnings : std::vector<std::string>();
  };
  const auto edited = Contains(HasSubstr("edited"));
  EXPECT_THAT(warnings(), Not(edited));
  scene_.Replace("b", "U&\"t_a\" (id)", "U&\"t_a\" (id DESC)");
  const auto begun = Contains(HasSubstr("part 2 of b was edited after a run had begun it"));
  EXPECT_THAT(warnings(), AllOf(begun, edited.Times(1)));
  scene_.Replace("b", "'b1'", "'b9'");
  const auto ran = Contains(HasSubstr("part 1 of b ran before it was edited"));
  EXPECT_THAT(warnings(), AllOf(ran, begun, edited.Times(2)));
}

TEST_F(UnfinishedTest, AnIndexWithoutANameIsTheOneThatWasNotThereBefore) {
  scene_.Replace("a", "(id integer);", "(id integer);\nCREATE INDEX ON t_a (id);");
  WriteB("CREATE UNIQUE INDEX CONCURRENTLY ON t_a (id);\n",
         Insert("b1") + "INSERT INTO t_a VALUES (1), (1);\n");
  ASSERT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_EQ(Parts().at(1).found, "new index on table t_a is there and invalid");
  scene_.Sql("DELETE FROM t_a");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Column("SELECT indisvalid FROM pg_index WHERE indrelid = 't_a'::regclass"),
            "t t");
  scene_.ExpectSound();
}

// The statement's names mean what the parts before it made them mean.
TEST_F(UnfinishedTest, AStatementInDoubtIsLookedForUnderTheSettingsItRanUnder) {
  scene_.placeholders()["SCHEMA"] = "shop";
  WriteB(
      "SET search_path = ${SCHEMA}, public;\nCREATE UNIQUE INDEX CONCURRENTLY u ON goods (id);\n",
      "CREATE SCHEMA shop;\nCREATE TABLE shop.goods (id integer);\n"
      "INSERT INTO shop.goods VALUES (1), (1);\n");
  ASSERT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_EQ(Parts().at(2).found, "index u is there and invalid");
  scene_.Replace("b", "UNIQUE INDEX CONCURRENTLY u", "INDEX CONCURRENTLY i");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Column("SELECT indexname FROM pg_indexes WHERE schemaname = 'shop'"), "i");
  scene_.ExpectSound();
}

TEST_F(UnfinishedTest, NothingIsLookedForWhereTheSettingsItRanUnderCannotBeRepeated) {
  WriteB("PREPARE p AS SELECT id FROM seen;\nCREATE UNIQUE INDEX CONCURRENTLY u ON t_a (id);\n",
         "CREATE TABLE seen (id integer);\nINSERT INTO t_a VALUES (1), (1);\n");
  ASSERT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  scene_.Sql("DROP TABLE seen");
  EXPECT_EQ(Parts().at(2).found,
            "nobody can tell: what earlier parts set in the session cannot be set any more");
  scene_.Replace("b", "UNIQUE INDEX CONCURRENTLY u", "INDEX CONCURRENTLY i");
  EXPECT_EQ(scene_.Upgrade(), "IN_DOUBT");
  scene_.Sql("CREATE TABLE seen (id integer)");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Column("SELECT indexname FROM pg_indexes WHERE tablename = 't_a'"), "i");
}

TEST_F(UnfinishedTest, WhatStandsBehindTheFailureMayBeTakenAway) {
  WriteB("CREATE DATABASE \"template0\";\n", Insert("b1"), "");
  ASSERT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  scene_.Replace("b", "-- mig:up transaction=off\nCREATE DATABASE \"template0\";\n", "");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Ran(), "a b1");
  scene_.ExpectSound();
}

TEST_F(UnfinishedTest, AnEditOfWhatRanIsRefusedAndTheOriginalGoesOn) {
  WriteB("CREATE UNIQUE INDEX CONCURRENTLY u ON t_a (id);\n",
         Insert("b1") + "INSERT INTO t_a VALUES (1), (1);\n");
  ASSERT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  const std::string ran = scene_.Text("b");
  scene_.Replace("b", "'b1'", "'b0'");
  EXPECT_EQ(scene_.Upgrade(), "EDITED_SINCE_APPLIED");
  EXPECT_EQ(scene_.error().message,
            "part 1 of b (`INSERT INTO ran`, line 4 then) ran before it was edited");
  EXPECT_THAT(Hint(), HasSubstr("`mig restore b --allow overwrite`"));
  auto original = scene_.engine().FindObject(scene_.View(), "b", scene_.target());
  ASSERT_TRUE(original) << original.error().message;
  EXPECT_EQ((*original)->revision.body, ran);
  scene_.LoseStore();
  original = scene_.engine().FindObject(scene_.View(), "b", scene_.target());
  ASSERT_TRUE(original) << original.error().message;
  EXPECT_EQ((*original)->revision.body, ran);
  scene_.Write("b", ran);
  scene_.Sql("DELETE FROM t_a");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "a b1 b2");
}

TEST_F(UnfinishedTest, AStatementInDoubtIsShownWithAllThatIsKnown) {
  StopInDoubt();
  EXPECT_EQ(scene_.detail("file"), "b.sql");
  EXPECT_EQ(scene_.detail("line"), "7");
  EXPECT_EQ(scene_.detail("statement"), "CREATE UNIQUE INDEX CONCURRENTLY ON U&\"t_a\"");
  EXPECT_THAT(Hint(), HasSubstr("mig resolve b --applied"));
  const auto parts = Parts();
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].state, UnfinishedPart::State::kDone);
  EXPECT_EQ(parts[0].statements, 2);
  EXPECT_EQ(parts[1].state, UnfinishedPart::State::kInDoubt);
  EXPECT_EQ(parts[1].sql, "CREATE UNIQUE INDEX CONCURRENTLY ON U&\"t_a\" (id);\n");
  EXPECT_EQ(parts[1].line, 7);
  EXPECT_EQ(parts[1].found, "no catalog tells whether it took effect");
  EXPECT_EQ(parts[2].state, UnfinishedPart::State::kToCome);
}

TEST_F(UnfinishedTest, PartsAreThoseOfTheScript) {
  const std::string outside = "CREATE DATABASE \"template0\";\n";
  WriteB(outside, Insert("b1"), "");
  ASSERT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(scene_.finished().state, HasSubstr("1 of the 2 parts of b"));
  EXPECT_EQ(Parts().size(), 2u);
  WriteB(outside, Insert("b1"), "-- mig:verify\nSELECT true;\n");
  ASSERT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(scene_.finished().state, HasSubstr("1 of the 3 parts of b"));
  EXPECT_EQ(Parts().at(2).sql, "SELECT true;\n");
}

TEST_F(UnfinishedTest, APlanAndTheStatusTellOfIt) {
  WriteB("CREATE DATABASE \"template0\";\n");
  scene_.Draw("c: b");
  const auto told = Contains(HasSubstr("b is half applied: the next run goes on behind"));
  EXPECT_THAT(scene_.engine().PlanRun(scene_.Spec(kUpgradeAll))->warnings, Not(told));
  ASSERT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(scene_.engine().PlanRun(scene_.Spec(kUpgradeAll))->warnings, told);
  const auto status = scene_.engine().Status(scene_.View(), scene_.target());
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(status->warnings, told);
  ASSERT_EQ(status->files.size(), 2u);
  EXPECT_EQ(status->files[0].state, FileState::kUnfinished);
  EXPECT_EQ(status->files[1].state, FileState::kNew);
  EXPECT_EQ(status->pending, 2);
}

TEST_F(UnfinishedTest, AnAnswerLetsTheNextRunGoOnBehindTheStatement) {
  StopInDoubt();
  EXPECT_EQ(Resolve(Resolution::Answer::kApplied, "b"), "done");
  EXPECT_EQ(scene_.Rows(), "a");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "a b1 b2");
  EXPECT_THAT(scene_.Log(), HasSubstr("resolve:b:applied upgrade:b:done"));
  scene_.ExpectSound();
}

TEST_F(UnfinishedTest, AnAnswerLetsTheNextRunRepeatTheStatement) {
  StopInDoubt();
  scene_.Sql("DELETE FROM t_a");
  scene_.Sql("DROP INDEX t_a_id_idx");
  EXPECT_EQ(Resolve(Resolution::Answer::kNotApplied), "done");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Column("SELECT indexname FROM pg_indexes WHERE tablename = 't_a'"),
            "t_a_id_idx");
  EXPECT_THAT(scene_.Log(), HasSubstr("resolve:b:not applied upgrade:b:done"));
  scene_.ExpectSound();
}

TEST_F(UnfinishedTest, WhatWasTakenBackByHandIsForgotten) {
  StopInDoubt();
  scene_.Sql("DROP INDEX t_a_id_idx");
  scene_.Sql("DELETE FROM ran WHERE what = 'b1'");
  EXPECT_EQ(Resolve(Resolution::Answer::kUndone, "b"), "done");
  EXPECT_EQ(Parts().size(), 0u);
  scene_.Remove("b");
  scene_.Draw("c: a");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "a c");
  EXPECT_THAT(scene_.Log(), HasSubstr("resolve:b:undone upgrade:c:done"));
  scene_.ExpectSound();
}

TEST_F(UnfinishedTest, NothingElseRunsBeforeItIsFinished) {
  StopInDoubt();
  scene_.Draw("c: a");
  EXPECT_EQ(scene_.Upgrade("c"), "IN_DOUBT");
  EXPECT_THAT(Hint(), HasSubstr("mig upgrade b"));
  EXPECT_EQ(scene_.Rows(), "a");
}

TEST_F(UnfinishedTest, ThatNothingElseIsToBeDoneDoesNotHideIt) {
  scene_.Write("b",
               "-- parents: a\n\n-- mig:up\nCREATE INDEX i ON t_a (id);\n\n-- mig:down "
               "transaction=off\nDROP INDEX CONCURRENTLY i;\nVACUUM nowhere;\n");
  ASSERT_EQ(scene_.Upgrade(), "done");
  ASSERT_EQ(scene_.Downgrade("a"), "STATEMENT_FAILED");
  EXPECT_EQ(scene_.Upgrade(), "IN_DOUBT");
  EXPECT_EQ(scene_.error().message, "an earlier run stopped in the middle of the downgrade of b");
}

// What the statement was to bring about was so before it: that is not its doing.
TEST_F(UnfinishedTest, AStatementThatCannotSucceedFailsAgainWhenItIsRepeated) {
  ASSERT_EQ(scene_.Upgrade(), "done");
  scene_.Sql("CREATE INDEX i ON t_a (id)");
  scene_.Sql("INSERT INTO t_a VALUES (1), (1)");
  ASSERT_FALSE(scene_.OpenOwn()->Execute({"CREATE UNIQUE INDEX CONCURRENTLY broken ON t_a (id)"}));
  for (const std::string statement :
       {"DROP INDEX CONCURRENTLY nowhere", "CREATE INDEX CONCURRENTLY i ON t_a (id)",
        "CREATE INDEX CONCURRENTLY broken ON t_a (id)", "DROP DATABASE nowhere",
        "ALTER TABLE t_a DETACH PARTITION nowhere CONCURRENTLY"}) {
    scene_.Write("b", "-- parents: a\n\n-- mig:up transaction=off\n" + statement + ";\n");
    EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED") << statement;
    const std::string message = scene_.error().message;
    EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED") << statement;
    EXPECT_EQ(scene_.error().message, message);
  }
  EXPECT_EQ(scene_.Rows(), "a");
  EXPECT_EQ(scene_.Column("SELECT count(*) FROM pg_class WHERE relname IN ('i', 'broken')"), "2");
}

TEST_F(UnfinishedTest, AnAnswerToNoQuestionIsRefused) {
  ASSERT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(Resolve(Resolution::Answer::kApplied), "NO_SUCH_REVISION");
  WriteB("CREATE DATABASE \"template0\";\n");
  ASSERT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_EQ(Resolve(Resolution::Answer::kApplied, "a"), "NO_SUCH_REVISION");
  EXPECT_EQ(Resolve(Resolution::Answer::kApplied, "b"), "USAGE");
  EXPECT_EQ(Resolve(Resolution::Answer::kUndone, "b"), "done");
}

TEST_F(UnfinishedTest, AHalfDetachedPartitionIsDetached) {
  scene_.Replace("a", "CREATE TABLE t_a (id integer);",
                 "CREATE TABLE t_a (id integer) PARTITION BY LIST (id);\n"
                 "CREATE TABLE a_1 PARTITION OF t_a FOR VALUES IN (1);");
  ASSERT_EQ(scene_.Upgrade(), "done");
  WriteB("ALTER TABLE t_a DETACH PARTITION a_1 CONCURRENTLY;\n");
  CancelWhileItWaits(*scene_.OpenOwn());
  EXPECT_EQ(Parts().at(1).found, "partition a_1 is half detached");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Column("SELECT count(*) FROM pg_inherits WHERE inhrelid = 'a_1'::regclass"),
            "0");
  EXPECT_EQ(scene_.Ran(), "a b1 b2");
}

TEST_F(UnfinishedTest, WhatAReindexLeftIsRemovedBeforeItIsRepeated) {
  scene_.Replace("a", "CREATE TABLE t_a (id integer);",
                 "CREATE TABLE t_a (id integer);\nCREATE INDEX i ON t_a (id);");
  ASSERT_EQ(scene_.Upgrade(), "done");
  WriteB("REINDEX TABLE CONCURRENTLY t_a;\n");
  CancelWhileItWaits(*scene_.OpenOwn());
  const std::string indexes =
      "SELECT indexrelid::regclass::text || indisvalid FROM pg_index "
      "WHERE indrelid = 't_a'::regclass ORDER BY 1";
  ASSERT_EQ(scene_.Column(indexes), "i_ccnewfalse itrue");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Column(indexes), "itrue");
}

TEST_F(UnfinishedTest, ProbesTellSubscriptionsFromNone) {
  auto session = scene_.OpenOwn();
  const Probe created{Probe::Kind::kSubscriptionCreated, "", "mig_sub", ""};
  const Probe dropped{Probe::Kind::kSubscriptionDropped, "", "mig_sub", ""};
  EXPECT_EQ(*LookFor(*session, created), Effect::kTookNot);
  EXPECT_EQ(*LookFor(*session, dropped), Effect::kTook);
  scene_.Sql(
      "CREATE SUBSCRIPTION mig_sub CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false)");
  EXPECT_EQ(*LookFor(*session, created), Effect::kTook);
  EXPECT_EQ(*LookFor(*session, dropped), Effect::kTookNot);
  EXPECT_EQ(WhatWasFound(created, Effect::kTook), "subscription mig_sub is there");
  EXPECT_EQ(WhatWasFound(dropped, Effect::kTook), "there is no subscription mig_sub");
  scene_.Sql("ALTER SUBSCRIPTION mig_sub SET (slot_name = NONE)");
  scene_.Sql("DROP SUBSCRIPTION mig_sub");
}

TEST_F(UnfinishedTest, ALockTimeoutIsKeptOutsideOfATransactionAndTheStatementRepeated) {
  ASSERT_EQ(scene_.Upgrade(), "done");
  scene_.Write("b", "-- parents: a\n\n-- mig:up transaction=off lock_timeout=50ms\nVACUUM t_a;\n");
  auto other = scene_.OpenOwn();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {"LOCK TABLE t_a IN ACCESS EXCLUSIVE MODE"});
  const RunPtr run = scene_.Start(kUpgradeAll);
  const auto waits = [&] {
    for (const Event& event : run->log().ReadAfter(0, 1000).events) {
      if (std::holds_alternative<Waiting>(event.body)) return true;
    }
    return false;
  };
  while (!waits()) std::this_thread::sleep_for(5ms);
  ASSERT_TRUE(other->Rollback());
  EXPECT_EQ(scene_.Await(*run), "done");
}

TEST_F(UnfinishedTest, ATimeoutThatCouldNotTakeEffectIsRefused) {
  scene_.Write("a",
               "-- mig:up transaction=off lock_timeout=5s\nCREATE INDEX CONCURRENTLY i ON ran "
               "(what);\n");
  EXPECT_EQ(scene_.Upgrade(), "FILE_INVALID");
  EXPECT_EQ(scene_.error().message,
            "a lock_timeout around `CREATE INDEX CONCURRENTLY i` would only make it fail halfway");
  EXPECT_EQ(scene_.detail("line"), "2");
  scene_.Replace("a", "lock_timeout=5s", "lock_timeout=0");
  EXPECT_EQ(scene_.Upgrade(), "done");
  Scene sqlite(Dialect::kSqlite);
  sqlite.Write("a",
               "-- mig:up dialect=sqlite statement_timeout=5s\nCREATE TABLE t_a (id integer);\n");
  EXPECT_EQ(sqlite.Upgrade(), "FILE_INVALID");
  sqlite.Replace("a", "dialect=sqlite ", "");
  EXPECT_EQ(sqlite.Upgrade(), "done");
}

TEST_F(UnfinishedTest, AVerificationHasTheTimeoutsOfItsSection) {
  scene_.Write("a",
               "-- mig:up\nCREATE TABLE t_a (id integer);\n-- mig:verify "
               "statement_timeout=100ms\nSELECT pg_sleep(300);\n");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_EQ(scene_.detail("sqlstate"), "57014");
  EXPECT_EQ(scene_.Tables(), "");
}

}  // namespace
}  // namespace mig
