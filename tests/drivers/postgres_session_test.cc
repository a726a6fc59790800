#include "drivers/postgres_session.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "tests/drivers/databases.h"

namespace mig {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class PostgresSessionTest : public testing::Test {
 protected:
  SqlValue Show(const std::string& setting) { return Cell(*session_, {"SHOW " + setting}); }
  void Run(const std::string& sql) { MustExecute(*session_, {sql}); }
  Error Failure(const std::string& sql) { return ErrorOf(session_->Execute({sql})); }
  std::int64_t Pid(Session& session) {
    return std::get<std::int64_t>(Cell(session, {"SELECT pg_backend_pid()"}));
  }
  void Terminate(Session& victim) {
    std::int64_t pid = Pid(victim);
    auto killer = database_.Open();
    MustExecute(*killer, {"SELECT pg_terminate_backend($1, 5000)", {pid}});
  }

  Database database_{Dialect::kPostgresql};
  std::unique_ptr<Session> session_ = database_.Open();
};

TEST_F(PostgresSessionTest, GivesTypesItDoesNotKnowAsText) {
  SqlResult result =
      MustExecute(*session_, {"SELECT true, 1.50::numeric, 7::smallint, '2026-01-02'::date, "
                              "ARRAY[1, 2], 3::oid"});
  EXPECT_THAT(result.rows[0],
              ElementsAre(SqlValue("t"), SqlValue("1.50"), SqlValue(std::int64_t{7}),
                          SqlValue("2026-01-02"), SqlValue("{1,2}"), SqlValue("3")));
}

TEST_F(PostgresSessionTest, SaysWhatToWriteInPlaceOfAParameterThatNobodyGivesAValueFor) {
  EXPECT_THAT(Failure("SELECT $1").hint, HasSubstr("write the value itself"));
  EXPECT_EQ(Failure("SELECT 1/0").hint, "");
}

TEST_F(PostgresSessionTest, InfersTheTypesOfParameters) {
  Run("CREATE TABLE t (a smallint, b jsonb, c uuid)");
  MustExecute(*session_, {"INSERT INTO t VALUES ($1, $2, $3)",
                          {std::int64_t{1}, std::string("{}"),
                           std::string("00000000-0000-0000-0000-000000000001")}});
}

TEST_F(PostgresSessionTest, TellsEverythingTheServerSaysOfAnError) {
  Run("CREATE TABLE t (a integer CONSTRAINT positive CHECK (a > 0), b integer NOT NULL)");
  Error error = Failure("INSERT INTO t VALUES (0, 1)");
  EXPECT_EQ(error.details["sqlstate"], "23514");
  EXPECT_EQ(error.details["constraint"], "positive");
  EXPECT_EQ(error.details["table"], "t");
  EXPECT_EQ(error.details["schema"], "public");
  EXPECT_THAT(error.details["db_detail"], HasSubstr("Failing row"));
  EXPECT_EQ(Failure("INSERT INTO t VALUES (1, NULL)").details["column"], "b");
  error = Failure("SELECT upper(lower(1))");
  EXPECT_THAT(error.details["db_hint"], HasSubstr("type casts"));
  EXPECT_EQ(error.details["position"], "14");
}

TEST_F(PostgresSessionTest, DeliversNotices) {
  std::vector<std::string> notices;
  session_->OnNotice(
      [&](const SqlNotice& notice) { notices.push_back(notice.severity + " " + notice.message); });
  Run("DROP TABLE IF EXISTS nowhere");
  Run("DO $$ BEGIN RAISE WARNING 'careful'; END $$");
  EXPECT_THAT(notices,
              ElementsAre("NOTICE table \"nowhere\" does not exist, skipping", "WARNING careful"));
}

TEST_F(PostgresSessionTest, RunsWhatMayNotBeInATransaction) {
  Run("CREATE TABLE t (a integer)");
  Run("CREATE INDEX CONCURRENTLY i ON t (a)");
  Run("VACUUM t");
  Run("CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (1); COMMIT; END $$");
  Run("CALL p()");
}

TEST_F(PostgresSessionTest, DoesNotTakeARolledBackCommitForASuccess) {
  ASSERT_TRUE(session_->Begin());
  Run("CREATE TABLE t (a integer)");
  Failure("SELECT 1 / 0");
  Error error = ErrorOf(session_->Commit());
  EXPECT_EQ(error.reason, Reason::kStatementFailed);
  EXPECT_THAT(error.message, HasSubstr("rolled it back"));
  EXPECT_FALSE(session_->InTransaction());
}

TEST_F(PostgresSessionTest, RefusesToCopyWithTheClientAndStaysUsable) {
  Run("CREATE TABLE t (a integer)");
  EXPECT_EQ(Failure("COPY t FROM STDIN").reason, Reason::kStatementFailed);
  EXPECT_EQ(Failure("COPY t TO STDOUT").reason, Reason::kStatementFailed);
  EXPECT_EQ(Pid(*session_), Pid(*session_));
}

TEST_F(PostgresSessionTest, EndsAPipelineThatCopiesWithTheClient) {
  ASSERT_TRUE(session_->Begin());
  std::vector<SqlCommand> commands = {{"SELECT 1"}, {"COPY (SELECT 1) TO STDOUT"}, {"SELECT 2"}};
  EXPECT_EQ(ErrorOf(session_->ExecuteAll(commands, nullptr)).details["command_index"], "1");
}

TEST_F(PostgresSessionTest, SaysBusyForLockTimeoutsAndDeadlocks) {
  Run("CREATE TABLE t (a integer)");
  auto other = database_.Open();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {"LOCK TABLE t"});
  Run("SET lock_timeout = '20ms'");
  EXPECT_EQ(Failure("SELECT * FROM t").reason, Reason::kDatabaseBusy);
}

TEST_F(PostgresSessionTest, DoesNotTakeATimeoutForACancellation) {
  Run("SET statement_timeout = '20ms'");
  Error error = Failure("SELECT pg_sleep(10)");
  EXPECT_EQ(error.reason, Reason::kStatementFailed);
  EXPECT_EQ(error.details["sqlstate"], "57014");
}

TEST_F(PostgresSessionTest, SaysWhatItMayNotDo) {
  Run("SET default_transaction_read_only = on");
  EXPECT_EQ(Failure("CREATE TABLE t (a integer)").reason, Reason::kDatabasePermission);
  EXPECT_THAT(HintOf(ErrorOf(session_->Execute({"CREATE TABLE u (a int)"}))), HasSubstr("standby"));
  Run("SET default_transaction_read_only = off");
  Run("SET ROLE pg_read_all_stats");
  EXPECT_EQ(Failure("CREATE TABLE t (a integer)").reason, Reason::kDatabasePermission);
}

TEST_F(PostgresSessionTest, StartsFromTheFixedState) {
  EXPECT_EQ(Show("client_encoding"), SqlValue("UTF8"));
  EXPECT_EQ(Show("application_name"), SqlValue("mig"));
  EXPECT_EQ(Show("client_connection_check_interval"), SqlValue("2s"));
  EXPECT_EQ(Show("lock_timeout"), SqlValue("0"));
}

TEST_F(PostgresSessionTest, ResetReturnsToIt) {
  Run("SET search_path = pg_catalog");
  Run("SET DateStyle = 'German'");
  Run("SET bytea_output = 'escape'");
  Run("SET standard_conforming_strings = off");
  Run("SET lock_timeout = '1s'");
  Run("SET my.variable = 'x'");
  Run("SET ROLE pg_read_all_stats");
  Run("PREPARE p AS SELECT 1");
  Run("LISTEN l");
  Run("DECLARE c CURSOR WITH HOLD FOR SELECT 1");
  ASSERT_TRUE(session_->Reset());
  EXPECT_EQ(Show("search_path"), SqlValue("\"$user\", public"));
  EXPECT_EQ(Show("DateStyle"), SqlValue("ISO, MDY"));
  EXPECT_EQ(Show("bytea_output"), SqlValue("hex"));
  EXPECT_EQ(Show("standard_conforming_strings"), SqlValue("on"));
  EXPECT_EQ(Show("lock_timeout"), SqlValue("0"));
  EXPECT_EQ(Show("client_connection_check_interval"), SqlValue("2s"));
  EXPECT_EQ(Cell(*session_, {"SELECT current_user"}), SqlValue("postgres"));
  for (const char* catalog :
       {"pg_prepared_statements", "pg_cursors WHERE name <> ''", "pg_listening_channels()"}) {
    EXPECT_EQ(Cell(*session_, {std::string("SELECT count(*) FROM ") + catalog}),
              SqlValue(std::int64_t{0}));
  }
}

TEST_F(PostgresSessionTest, IsInTheFixedStateAfterACommit) {
  ASSERT_TRUE(session_->Begin());
  Run("SET search_path = pg_catalog");
  Run("SET ROLE pg_read_all_stats");
  ASSERT_TRUE(session_->Commit());
  EXPECT_EQ(Show("search_path"), SqlValue("\"$user\", public"));
  EXPECT_EQ(Cell(*session_, {"SELECT current_user"}), SqlValue("postgres"));
}

TEST_F(PostgresSessionTest, ResetsAgainWhatRanAfterACommit) {
  ASSERT_TRUE(session_->Begin());
  Run("SELECT 1");
  ASSERT_TRUE(session_->Commit());
  Run("SET search_path = pg_catalog");
  ASSERT_TRUE(session_->Reset());
  EXPECT_EQ(Show("search_path"), SqlValue("\"$user\", public"));
}

TEST_F(PostgresSessionTest, ResetEndsAnotherSessionAuthorization) {
  Run("SET SESSION AUTHORIZATION pg_read_all_stats");
  ASSERT_TRUE(session_->Reset());
  EXPECT_EQ(Cell(*session_, {"SELECT session_user"}), SqlValue("postgres"));
}

TEST_F(PostgresSessionTest, ResetReturnsToTheSettingsOfTheConnection) {
  TargetUrl url = database_.url();
  url.parameters["options"] = "-c search_path=mine -c lock_timeout=5s";
  session_ = MustOpen(url);
  Run("SET search_path = other");
  ASSERT_TRUE(session_->Reset());
  EXPECT_EQ(Show("search_path"), SqlValue("mine"));
  EXPECT_EQ(Show("lock_timeout"), SqlValue("0"));
}

TEST_F(PostgresSessionTest, ResetKeepsLocks) {
  ASSERT_TRUE(*session_->TryLock("public"));
  ASSERT_TRUE(session_->Reset());
  EXPECT_FALSE(*database_.Open()->TryLock("public"));
}

TEST_F(PostgresSessionTest, LocksOutOtherSessionsByName) {
  auto other = database_.Open();
  EXPECT_TRUE(*session_->TryLock("public"));
  EXPECT_FALSE(*other->TryLock("public"));
  EXPECT_TRUE(*other->TryLock("another"));
  EXPECT_TRUE(session_->Unlock("public"));
  EXPECT_TRUE(*other->TryLock("public"));
}

TEST_F(PostgresSessionTest, LetsTheServerNoticeWithinTenSecondsThatAMachineIsGone) {
  const auto session = MustOpen(Parse(Server().TcpUrlWithPassword()));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Cell(*session, {"SHOW tcp_keepalives_idle"}), SqlValue("3"));
    EXPECT_EQ(Cell(*session, {"SHOW tcp_keepalives_interval"}), SqlValue("2"));
    EXPECT_EQ(Cell(*session, {"SHOW tcp_keepalives_count"}), SqlValue("2"));
    EXPECT_EQ(Cell(*session, {"SHOW tcp_user_timeout"}), SqlValue("7000"));
    ASSERT_TRUE(session->Reset());
  }
}

TEST_F(PostgresSessionTest, KnowsWhatTheServerCallsIt) {
  EXPECT_EQ(session_->server_id(), Pid(*session_));
}

TEST_F(PostgresSessionTest, LocksOneDatabaseOnly) {
  Database elsewhere(Dialect::kPostgresql);
  EXPECT_TRUE(*session_->TryLock("public"));
  EXPECT_TRUE(*elsewhere.Open()->TryLock("public"));
}

TEST_F(PostgresSessionTest, LosesItsLockWithItsConnection) {
  ASSERT_TRUE(*session_->TryLock("public"));
  Terminate(*session_);
  EXPECT_TRUE(*database_.Open()->TryLock("public"));
}

TEST(PostgresLockKey, IsTheStartOfAHash) {
  // printf 'mig-lock 1\npublic' | sha256sum
  EXPECT_EQ(PostgresLockKey("public"), std::int64_t{-4575462572908086329});
}

TEST_F(PostgresSessionTest, SaysUnreachableOnceItsBackendWasTerminated) {
  ASSERT_TRUE(session_->Begin());
  Terminate(*session_);
  EXPECT_EQ(Failure("SELECT 1").reason, Reason::kDatabaseUnreachable);
  EXPECT_EQ(Failure("SELECT 1").reason, Reason::kDatabaseUnreachable);
  EXPECT_FALSE(session_->InTransaction());
  EXPECT_TRUE(session_->Rollback());
  EXPECT_EQ(ErrorOf(session_->Commit()).reason, Reason::kDatabaseUnreachable);
  EXPECT_EQ(ErrorOf(session_->Reset()).reason, Reason::kDatabaseUnreachable);
  EXPECT_EQ(ErrorOf(session_->TryLock("public")).reason, Reason::kDatabaseUnreachable);
  session_->Interrupt();
}

TEST_F(PostgresSessionTest, SaysUnreachableWhenTerminatedDuringAStatement) {
  std::int64_t pid = Pid(*session_);
  std::thread killer([&, pid] {
    std::this_thread::sleep_for(100ms);
    MustExecute(*database_.Open(), {"SELECT pg_terminate_backend($1)", {pid}});
  });
  Error error = Failure("SELECT pg_sleep(60)");
  killer.join();
  EXPECT_EQ(error.reason, Reason::kDatabaseUnreachable);
  EXPECT_EQ(error.details["sqlstate"], "57P01");
}

TEST_F(PostgresSessionTest, SaysUnreachableWhenTerminatedDuringAPipeline) {
  std::int64_t pid = Pid(*session_);
  std::vector<SqlCommand> commands = {
      {.sql = "SELECT 1", .prompt = true}, {"SELECT pg_sleep(60)"}, {"SELECT 2"}};
  ASSERT_TRUE(session_->Begin());
  Error error = ErrorOf(session_->ExecuteAll(commands, [&](std::size_t, const SqlResult&) {
    MustExecute(*database_.Open(), {"SELECT pg_terminate_backend($1)", {pid}});
  }));
  EXPECT_EQ(error.reason, Reason::kDatabaseUnreachable);
  EXPECT_EQ(error.details["command_index"], "1");
}

// The first cancellation is lost, or the block takes it; then an answer comes every 50 ms.
TEST_F(PostgresSessionTest, RepeatsACancelHoweverQuicklyAnswersCome) {
  const SqlCommand nap = {.sql = "SELECT pg_sleep(0.05)", .prompt = true};
  std::vector<SqlCommand> commands(102, nap);
  commands[0].sql = "SELECT 1";
  commands[1].sql =
      "DO $$ BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END $$";
  ASSERT_TRUE(session_->Begin());
  Error error = ErrorOf(session_->ExecuteAll(commands, [&](std::size_t index, const SqlResult&) {
    if (index == 0) session_->Interrupt();
  }));
  EXPECT_EQ(error.reason, Reason::kCancelled);
  EXPECT_EQ(error.details["sqlstate"], "57014");
  EXPECT_TRUE(session_->Rollback());
}

TEST_F(PostgresSessionTest, SendsNoCommitOnceItIsInterrupted) {
  Run("CREATE TABLE t (a integer)");
  std::vector<SqlCommand> commands(100,
                                   {"INSERT INTO t VALUES (1) -- " + std::string(100'000, 'x')});
  commands[0].sql = "DO $$ BEGIN PERFORM pg_sleep(1); RAISE NOTICE 'here'; END $$";
  const auto other = database_.Open();
  session_->OnNotice([&](const SqlNotice&) {
    AwaitIdle(*other, session_->server_id());
    session_->Interrupt();
  });
  ASSERT_TRUE(session_->Begin());
  Run("INSERT INTO t VALUES (1)");
  EXPECT_EQ(ErrorOf(session_->CommitWith(commands)).reason, Reason::kCancelled);
  EXPECT_TRUE(session_->InTransaction());
  ASSERT_TRUE(session_->Rollback());
  EXPECT_EQ(Cell(*session_, {"SELECT count(*) FROM t"}), SqlValue(std::int64_t{0}));
}

const SqlCommand kRecurrent = {.sql = "SELECT $1::int", .parameters = {"7"}, .recurrent = true};

const SqlCommand kInsert = {
    .sql = "INSERT INTO t VALUES ($1)", .parameters = {"1"}, .recurrent = true};

class PostgresPreparedTest : public PostgresSessionTest {
 protected:
  // Leaves a transaction open that has dropped what the one before left prepared.
  void CommitAndDropPrepared() {
    Run("CREATE TABLE t (a integer)");
    ASSERT_TRUE(session_->Begin());
    ASSERT_TRUE(session_->CommitWith({kInsert}));
    ASSERT_TRUE(session_->Begin());
    Run("DEALLOCATE ALL");
  }
  Result<void> RunRecurrent() {
    TRY(session_->Begin());
    return session_->ExecuteAll(std::vector{kRecurrent}, [](std::size_t, const SqlResult& result) {
      EXPECT_EQ(result.rows.at(0).at(0), SqlValue(std::int64_t{7}));
    });
  }
  SqlValue Prepared() {
    return Cell(*session_, {"SELECT count(*) FROM pg_catalog.pg_prepared_statements"});
  }
};

TEST_F(PostgresPreparedTest, KeepsOneStatementForWhatRecurs) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(RunRecurrent());
    ASSERT_TRUE(session_->Commit());
    ASSERT_TRUE(session_->Reset());
  }
  EXPECT_EQ(Prepared(), SqlValue(std::int64_t{1}));
}

TEST_F(PostgresPreparedTest, PreparesOnceWhatComesTwiceAtOnce) {
  ASSERT_TRUE(session_->Begin());
  ASSERT_TRUE(session_->ExecuteAll(std::vector{kRecurrent, kRecurrent}, {}));
  EXPECT_EQ(Prepared(), SqlValue(std::int64_t{1}));
}

TEST_F(PostgresPreparedTest, KeepsItBehindAFailure) {
  ASSERT_TRUE(session_->Begin());
  std::vector<SqlCommand> commands = {{"SELECT 1 / 0"}, kRecurrent};
  EXPECT_EQ(ErrorOf(session_->ExecuteAll(commands, {})).details["command_index"], "0");
  ASSERT_TRUE(session_->Rollback());
  EXPECT_TRUE(RunRecurrent());
}

TEST_F(PostgresPreparedTest, NamesTheCommandThatCannotBePrepared) {
  ASSERT_TRUE(session_->Begin());
  std::vector<SqlCommand> commands = {kRecurrent, {.sql = "SELECT missing", .recurrent = true}};
  EXPECT_EQ(ErrorOf(session_->ExecuteAll(commands, {})).details["command_index"], "1");
}

TEST_F(PostgresPreparedTest, ResetTakesBackWhatAScriptPrepared) {
  ASSERT_TRUE(RunRecurrent());
  Run("PREPARE p AS SELECT 1");
  ASSERT_TRUE(session_->Commit());
  ASSERT_TRUE(session_->Reset());
  EXPECT_EQ(Prepared(), SqlValue(std::int64_t{0}));
  EXPECT_TRUE(RunRecurrent());
}

TEST_F(PostgresPreparedTest, ACommitsResetTakesBackWhatABlockPrepared) {
  ASSERT_TRUE(session_->Begin());
  Run("DO $$ BEGIN EXECUTE 'PREPARE p AS SELECT 1'; END $$");
  ASSERT_TRUE(session_->CommitWith({kRecurrent}));
  EXPECT_EQ(Failure("EXECUTE p").details["sqlstate"], "26000");
}

TEST_F(PostgresPreparedTest, IsBusyOnceWhereAScriptDroppedIt) {
  ASSERT_TRUE(RunRecurrent());
  Run("DEALLOCATE ALL");
  EXPECT_EQ(ErrorOf(session_->ExecuteAll(std::vector{kRecurrent}, {})).reason,
            Reason::kDatabaseBusy);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(session_->Rollback());
    ASSERT_TRUE(RunRecurrent());
    Run("DEALLOCATE ALL");
  }
}

TEST_F(PostgresPreparedTest, IsBusyOnceWhereAScriptTookItsName) {
  Run("PREPARE \"mig 1\" AS SELECT 1");
  EXPECT_EQ(ErrorOf(RunRecurrent()).reason, Reason::kDatabaseBusy);
  ASSERT_TRUE(session_->Rollback());
  EXPECT_TRUE(RunRecurrent());
}

TEST_F(PostgresPreparedTest, FailsWhereAScriptMissesAStatementOfItsOwn) {
  ASSERT_TRUE(RunRecurrent());
  std::vector<SqlCommand> commands = {kRecurrent, {"EXECUTE p"}};
  EXPECT_EQ(ErrorOf(session_->ExecuteAll(commands, {})).reason, Reason::kStatementFailed);
  ASSERT_TRUE(session_->Rollback());
  EXPECT_EQ(Prepared(), SqlValue(std::int64_t{1}));
}

TEST_F(PostgresPreparedTest, CommitsWhereAScriptDroppedWhatOnlyTheResetNeeds) {
  CommitAndDropPrepared();
  EXPECT_TRUE(session_->CommitWith({{"INSERT INTO t VALUES (2)"}}));
  ASSERT_TRUE(session_->Reset());
  EXPECT_EQ(Cell(*session_, {"SELECT count(*) FROM t"}), SqlValue(std::int64_t{2}));
}

TEST_F(PostgresPreparedTest, CommitsNothingWhereAScriptDroppedWhatTheCommitNeeds) {
  CommitAndDropPrepared();
  EXPECT_EQ(ErrorOf(session_->CommitWith({kInsert})).reason, Reason::kDatabaseBusy);
  ASSERT_TRUE(session_->Rollback());
  EXPECT_EQ(Cell(*session_, {"SELECT count(*) FROM t"}), SqlValue(std::int64_t{1}));
  ASSERT_TRUE(session_->Begin());
  EXPECT_TRUE(session_->CommitWith({kInsert}));
}

TEST_F(PostgresSessionTest, ResetsWithACommit) {
  Run("CREATE TABLE t (a integer)");
  ASSERT_TRUE(session_->Begin());
  Run("SET search_path = nowhere");
  Run("SET lock_timeout = 1");
  Run("CREATE TEMPORARY TABLE t (b integer)");
  Run("PREPARE p AS SELECT 1");
  ASSERT_TRUE(session_->CommitWith({{"INSERT INTO public.t VALUES (1)"}}));
  EXPECT_EQ(Show("search_path"), SqlValue("\"$user\", public"));
  EXPECT_EQ(Show("lock_timeout"), SqlValue("0"));
  EXPECT_EQ(Show("bytea_output"), SqlValue("hex"));
  EXPECT_EQ(Cell(*session_, {"SELECT a FROM t"}), SqlValue(std::int64_t{1}));
  Failure("EXECUTE p");
}

TEST_F(PostgresSessionTest, CommitsNothingWhereTheCommitItselfFails) {
  Run("CREATE TABLE t (a integer UNIQUE DEFERRABLE INITIALLY DEFERRED)");
  ASSERT_TRUE(session_->Begin());
  Run("INSERT INTO t VALUES (1), (1)");
  Error error = ErrorOf(session_->CommitWith({{"INSERT INTO t VALUES (2)"}}));
  EXPECT_EQ(error.details["sqlstate"], "23505");
  EXPECT_FALSE(error.details.contains("command_index"));
  ASSERT_TRUE(session_->Rollback());
  EXPECT_EQ(Cell(*session_, {"SELECT count(*) FROM t"}), SqlValue(std::int64_t{0}));
}

TEST_F(PostgresSessionTest, KeepsAnswersAndErrorsApartInAPipelineThatFailsAtEveryPlace) {
  for (std::size_t bad = 0; bad < 5; ++bad) {
    std::vector<SqlCommand> commands(5, {"SELECT 1"});
    commands[bad].sql = "SELECT 1 / 0";
    std::size_t ended = 0;
    ASSERT_TRUE(session_->Begin());
    Error error =
        ErrorOf(session_->ExecuteAll(commands, [&](std::size_t, const SqlResult&) { ++ended; }));
    EXPECT_EQ(error.details["command_index"], std::to_string(bad));
    EXPECT_EQ(error.details["sqlstate"], "22012");
    EXPECT_EQ(ended, bad);
    ASSERT_TRUE(session_->Rollback());
  }
}

}  // namespace
}  // namespace mig
