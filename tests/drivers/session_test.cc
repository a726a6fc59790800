// What every session promises (drivers/session.h), asked of every real engine.
#include "drivers/session.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/drivers/databases.h"

namespace mig {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SessionTest : public testing::TestWithParam<Dialect> {
 protected:
  bool postgres() const { return GetParam() == Dialect::kPostgresql; }
  bool mariadb() const { return GetParam() == Dialect::kMariadb; }
  SqlResult Run(const std::string& sql) { return MustExecute(*session_, {sql}); }
  std::int64_t Count(const std::string& table) {
    return std::get<std::int64_t>(Cell(*session_, {"SELECT count(*) FROM " + table}));
  }
  bool TableExists(const std::string& table) {
    return session_->Execute({"SELECT 1 FROM " + table}).has_value();
  }
  // Runs for minutes unless it is interrupted.
  std::string LongStatement() const {
    if (postgres()) return "SELECT pg_sleep(300)";
    if (mariadb()) return "SELECT sleep(300)";
    return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
           "SELECT count(*) FROM n WHERE i < 0";
  }

  Database database_{GetParam()};
  std::unique_ptr<Session> session_ = database_.Open();
};

INSTANTIATE_TEST_SUITE_P(Engines, SessionTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgresql, Dialect::kMariadb),
                         [](const auto& engine) { return std::string(NameOf(engine.param)); });

TEST_P(SessionTest, NamesItsEngineAndVersion) {
  EXPECT_EQ(session_->dialect(), GetParam());
  EXPECT_THAT(session_->server_version(),
              testing::ContainsRegex(postgres()  ? "^PostgreSQL [0-9]+\\.[0-9]+$"
                                     : mariadb() ? "^MariaDB [0-9]+\\.[0-9]+\\.[0-9]+$"
                                                 : "^SQLite 3\\.[0-9]+\\.[0-9]+$"));
}

TEST_P(SessionTest, GivesColumnsRowsAndTypes) {
  SqlResult result =
      Run("SELECT 42 AS number, 'Ä' AS text, NULL AS none UNION ALL SELECT -7, '', NULL");
  EXPECT_THAT(result.columns, ElementsAre("number", "text", "none"));
  using Row = std::vector<SqlValue>;
  EXPECT_THAT(result.rows, ElementsAre(Row{std::int64_t{42}, std::string("Ä"), nullptr},
                                       Row{std::int64_t{-7}, std::string(), nullptr}));
}

TEST_P(SessionTest, KeepsTheExtremesOfIntegers) {
  Run("CREATE TABLE t (n bigint)");
  for (std::int64_t n : {INT64_MIN, INT64_MAX}) {
    MustExecute(*session_, {"INSERT INTO t VALUES ($1)", {n}});
    EXPECT_EQ(Cell(*session_, {"SELECT n FROM t WHERE n = $1", {n}}), SqlValue(n));
  }
}

TEST_P(SessionTest, BindsParametersOfEveryKind) {
  Run(postgres() ? "CREATE TABLE t (a bigint, b text, c bytea, d text)"
                 : "CREATE TABLE t (a integer, b text, c blob, d text)");
  std::vector<SqlValue> values = {std::int64_t{1}, std::string("it's $2 \\ \"x\""),
                                  Blob{std::string("\0\xff'\\\n", 5)}, nullptr};
  MustExecute(*session_, {"INSERT INTO t (d, c, b, a) VALUES ($4, $3, $2, $1)", values});
  EXPECT_THAT(Run("SELECT a, b, c, d FROM t").rows, ElementsAre(values));
}

TEST_P(SessionTest, KeepsAnEmptyBlobApartFromNull) {
  Run(postgres() ? "CREATE TABLE t (b bytea)" : "CREATE TABLE t (b blob)");
  MustExecute(*session_, {"INSERT INTO t VALUES ($1)", {Blob{}}});
  EXPECT_EQ(Cell(*session_, {"SELECT b FROM t"}), SqlValue(Blob{}));
}

TEST_P(SessionTest, CountsAffectedRows) {
  Run("CREATE TABLE t (a integer)");
  EXPECT_EQ(Run("INSERT INTO t VALUES (1), (2), (3)").rows_affected, 3);
  EXPECT_EQ(Run("UPDATE t SET a = a + 1 WHERE a > 1").rows_affected, 2);
  EXPECT_EQ(Run("UPDATE t SET a = 0 WHERE a > 100").rows_affected, 0);
  EXPECT_EQ(Run("CREATE TABLE u (a integer)").rows_affected, 0);
}

TEST_P(SessionTest, RefusesASecondStatement) {
  EXPECT_EQ(
      ErrorOf(session_->Execute({"CREATE TABLE a (x integer); CREATE TABLE b (x integer)"})).reason,
      Reason::kStatementFailed);
  EXPECT_FALSE(TableExists("a"));
  EXPECT_FALSE(TableExists("b"));
  Run("CREATE TABLE a (x integer); -- a comment is none");
}

TEST_P(SessionTest, RefusesAWrongNumberOfParameters) {
  EXPECT_EQ(ErrorOf(session_->Execute({"SELECT $1"})).reason, Reason::kStatementFailed);
  EXPECT_EQ(ErrorOf(session_->Execute({"SELECT 1", {std::int64_t{1}}})).reason,
            Reason::kStatementFailed);
}

TEST_P(SessionTest, NeverCutsAStatementAtANulByte) {
  Run("CREATE TABLE t (a text)");
  std::string sql = "DELETE FROM t";
  EXPECT_EQ(ErrorOf(session_->Execute({sql + '\0' + " WHERE a = 'x'"})).reason,
            Reason::kStatementFailed);
}

TEST_P(SessionTest, DoesNothingForAnEmptyStatement) {
  EXPECT_THAT(Run("-- nothing").rows, IsEmpty());
}

TEST_P(SessionTest, SaysWhatAndWhereAStatementFailed) {
  Error error = ErrorOf(session_->Execute({"SELECT 'é', nonsense('x')"}));
  EXPECT_EQ(error.reason, Reason::kStatementFailed);
  EXPECT_THAT(error.message, HasSubstr("nonsense"));
  EXPECT_THAT(error.details["db_message"], HasSubstr("nonsense"));
  EXPECT_EQ(error.details["position"], mariadb() ? "" : "13");
  EXPECT_EQ(error.details["sqlstate"], postgres() ? "42883" : mariadb() ? "42000" : "");
}

TEST_P(SessionTest, StaysUsableAfterAFailure) {
  ErrorOf(session_->Execute({"SELEC 1"}));
  EXPECT_EQ(Cell(*session_, {"SELECT 1"}), SqlValue(std::int64_t{1}));
}

TEST_P(SessionTest, CommitsAndRollsBackData) {
  Run("CREATE TABLE t (a integer)");
  ASSERT_TRUE(session_->Begin());
  EXPECT_TRUE(session_->InTransaction());
  Run("INSERT INTO t VALUES (1)");
  ASSERT_TRUE(session_->Commit());
  EXPECT_FALSE(session_->InTransaction());
  ASSERT_TRUE(session_->Begin());
  Run("DELETE FROM t");
  ASSERT_TRUE(session_->Rollback());
  EXPECT_FALSE(session_->InTransaction());
  EXPECT_EQ(Count("t"), 1);
}

TEST_P(SessionTest, CommitsAndRollsBackSchemaWhereTheEngineCan) {
  ASSERT_TRUE(session_->Begin());
  Run("CREATE TABLE undone (a integer)");
  EXPECT_EQ(session_->InTransaction(), !mariadb());
  ASSERT_TRUE(session_->Rollback());
  EXPECT_EQ(TableExists("undone"), mariadb());
}

TEST_P(SessionTest, EndsATransactionWithoutStatementsEitherWay) {
  for (const bool commits : {true, false}) {
    ASSERT_TRUE(session_->Begin());
    EXPECT_TRUE(session_->InTransaction());
    ASSERT_TRUE(commits ? session_->Commit() : session_->Rollback());
    EXPECT_FALSE(session_->InTransaction());
  }
  Run("CREATE TABLE t (a integer)");
  ASSERT_TRUE(session_->Rollback());
  EXPECT_TRUE(TableExists("t"));
}

TEST_P(SessionTest, ShowsACommitToOthersAndNothingBefore) {
  Run("CREATE TABLE t (a integer)");
  auto other = database_.Open();
  ASSERT_TRUE(session_->Begin());
  Run("INSERT INTO t VALUES (1)");
  EXPECT_EQ(Cell(*other, {"SELECT count(*) FROM t"}), SqlValue(std::int64_t{0}));
  ASSERT_TRUE(session_->Commit());
  EXPECT_EQ(Cell(*other, {"SELECT count(*) FROM t"}), SqlValue(std::int64_t{1}));
}

TEST_P(SessionTest, RollsBackWithoutATransactionAndAfterAFailure) {
  EXPECT_TRUE(session_->Rollback());
  Run("CREATE TABLE t (a integer)");
  ASSERT_TRUE(session_->Begin());
  Run("INSERT INTO t VALUES (1)");
  ErrorOf(session_->Execute({"SELECT nonsense FROM t"}));
  EXPECT_TRUE(session_->InTransaction());
  EXPECT_TRUE(session_->Rollback());
  EXPECT_FALSE(session_->InTransaction());
  EXPECT_EQ(Count("t"), 0);
}

TEST_P(SessionTest, RefusesToCommitWhatAScriptEnded) {
  ASSERT_TRUE(session_->Begin());
  Run("ROLLBACK");
  EXPECT_EQ(ErrorOf(session_->Commit()).reason, Reason::kTransactionEscaped);
}

TEST_P(SessionTest, DropsItsTransactionWithItself) {
  Run("CREATE TABLE t (a integer)");
  ASSERT_TRUE(session_->Begin());
  Run("INSERT INTO t VALUES (1)");
  session_ = database_.Open();
  EXPECT_EQ(Count("t"), 0);
}

TEST_P(SessionTest, RunsManyCommandsAndReportsEachInOrder) {
  Run("CREATE TABLE t (a bigint)");
  std::vector<SqlCommand> commands;
  for (std::int64_t i = 1; i <= 200; ++i) commands.push_back({"INSERT INTO t VALUES ($1)", {i}});
  commands.push_back({"SELECT sum(a) * 1 AS sum FROM t WHERE a < 3"});
  std::vector<std::size_t> ended;
  SqlResult last;
  ASSERT_TRUE(session_->Begin());
  ASSERT_TRUE(session_->ExecuteAll(commands, [&](std::size_t index, const SqlResult& result) {
    ended.push_back(index);
    last = result;
  }));
  ASSERT_TRUE(session_->Commit());
  std::vector<std::size_t> all(commands.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  EXPECT_EQ(ended, all);
  EXPECT_THAT(last.columns, ElementsAre("sum"));
  EXPECT_EQ(Count("t"), 200);
}

TEST_P(SessionTest, RunsNoCommandsAtAll) {
  ASSERT_TRUE(session_->Begin());
  EXPECT_TRUE(session_->ExecuteAll({}, nullptr));
  EXPECT_TRUE(session_->Commit());
}

TEST_P(SessionTest, StopsAtTheFirstCommandThatFailsAndNamesIt) {
  Run("CREATE TABLE t (a integer PRIMARY KEY)");
  std::vector<SqlCommand> commands = {{.sql = "INSERT INTO t VALUES (1)", .prompt = true},
                                      {.sql = "INSERT INTO t VALUES (2)", .prompt = true},
                                      {.sql = "INSERT INTO t VALUES (1)", .prompt = true},
                                      {.sql = "INSERT INTO t VALUES (3)", .prompt = true},
                                      {.sql = "SELEC", .prompt = true}};
  std::vector<std::size_t> ended;
  ASSERT_TRUE(session_->Begin());
  Error error = ErrorOf(session_->ExecuteAll(
      commands, [&](std::size_t index, const SqlResult&) { ended.push_back(index); }));
  EXPECT_EQ(error.reason, Reason::kStatementFailed);
  EXPECT_EQ(error.details["command_index"], "2");
  EXPECT_THAT(ended, ElementsAre(0u, 1u));
  EXPECT_TRUE(session_->InTransaction());
  ASSERT_TRUE(session_->Rollback());
  EXPECT_EQ(Count("t"), 0);
  EXPECT_EQ(Cell(*session_, {"SELECT 1"}), SqlValue(std::int64_t{1}));
}

TEST_P(SessionTest, CommitsWithTheLastCommandsOfATransaction) {
  Run("CREATE TABLE t (a integer PRIMARY KEY)");
  for (const std::string value : {"1", "2"}) {
    ASSERT_TRUE(session_->Begin());
    Run("INSERT INTO t VALUES (" + value + ")");
    ASSERT_TRUE(session_->CommitWith({{"INSERT INTO t VALUES (10 + $1)", {value}},
                                      {"INSERT INTO t VALUES (20 + $1)", {value}}}));
    EXPECT_FALSE(session_->InTransaction());
    ASSERT_TRUE(session_->Reset());
  }
  EXPECT_EQ(Count("t"), 6);
}

TEST_P(SessionTest, CommitsWithCommandsAlone) {
  Run("CREATE TABLE t (a integer PRIMARY KEY)");
  ASSERT_TRUE(session_->Begin());
  ASSERT_TRUE(session_->CommitWith({{"INSERT INTO t VALUES (1)"}}));
  ASSERT_TRUE(session_->Begin());
  ASSERT_TRUE(session_->CommitWith({}));
  EXPECT_EQ(Count("t"), 1);
}

TEST_P(SessionTest, CommitsNothingWithACommandThatFails) {
  Run("CREATE TABLE t (a integer PRIMARY KEY)");
  ASSERT_TRUE(session_->Begin());
  Run("INSERT INTO t VALUES (1)");
  Error error = ErrorOf(session_->CommitWith(
      {{"INSERT INTO t VALUES (2)"}, {"INSERT INTO t VALUES (1)"}, {"INSERT INTO t VALUES (3)"}}));
  EXPECT_EQ(error.reason, Reason::kStatementFailed);
  ASSERT_TRUE(session_->Rollback());
  EXPECT_EQ(Count("t"), 0);
  ASSERT_TRUE(session_->Begin());
  EXPECT_TRUE(session_->CommitWith({{"INSERT INTO t VALUES (4)"}}));
  EXPECT_EQ(Count("t"), 1);
}

TEST_P(SessionTest, TakesBackATransactionThatFailedWithItsFirstCommands) {
  Run("CREATE TABLE t (a integer PRIMARY KEY)");
  ASSERT_TRUE(session_->Begin());
  const Error error =
      ErrorOf(session_->CommitWith({{"INSERT INTO t VALUES (1)"}, {"INSERT INTO t VALUES (1)"}}));
  EXPECT_EQ(error.reason, Reason::kStatementFailed);
  EXPECT_TRUE(session_->InTransaction());
  ASSERT_TRUE(session_->Rollback());
  ASSERT_TRUE(session_->Begin());
  ASSERT_TRUE(session_->CommitWith({{"INSERT INTO t VALUES (2)"}}));
  EXPECT_EQ(Count("t"), 1);
}

TEST_P(SessionTest, CountsNoCommandsWhereThereIsOne) {
  const Error error = ErrorOf(session_->Execute({"SELECT missing"}));
  EXPECT_EQ(error.reason, Reason::kStatementFailed);
  EXPECT_FALSE(error.details.contains("command_index"));
}

TEST_P(SessionTest, CountsNoCommandsThatACommitOrAResetGoesWith) {
  const std::vector<SqlCommand> commands = {{"SELECT 1"}, {"SELECT missing"}};
  for (const bool commits : {true, false}) {
    ASSERT_TRUE(session_->Begin());
    Run("SELECT 1");
    const Error error =
        ErrorOf(commits ? session_->CommitWith(commands) : session_->ExecuteBeforeReset(commands));
    EXPECT_EQ(error.reason, Reason::kStatementFailed);
    EXPECT_FALSE(error.details.contains("command_index")) << commits;
    ASSERT_TRUE(session_->Rollback());
  }
}

TEST_P(SessionTest, CarriesLargeCommandsAndAnswersBothWaysAtOnce) {
  std::string large(3'000'000, 'x');
  std::vector<SqlCommand> commands;
  for (int i = 0; i < 8; ++i) {
    commands.push_back({"SELECT '" + large + "' AS echo"});
    commands.push_back({postgres() ? "SELECT $1::text AS echo" : "SELECT $1 AS echo", {large}});
  }
  std::size_t echoed = 0;
  ASSERT_TRUE(session_->Begin());
  ASSERT_TRUE(session_->ExecuteAll(commands, [&](std::size_t, const SqlResult& result) {
    if (result.rows[0][0] == SqlValue(large)) ++echoed;
  }));
  EXPECT_EQ(echoed, commands.size());
}

TEST_P(SessionTest, ReportsAPromptCommandWhileALaterOneStillRuns) {
  std::vector<SqlCommand> commands = {{.sql = "SELECT 1", .prompt = true}, {LongStatement()}};
  std::vector<std::size_t> ended;
  ASSERT_TRUE(session_->Begin());
  // The first command's end is what interrupts the second: without progress this would take
  // minutes.
  std::thread interrupter;
  Error error = ErrorOf(session_->ExecuteAll(commands, [&](std::size_t index, const SqlResult&) {
    ended.push_back(index);
    interrupter = std::thread([&] { session_->Interrupt(); });
  }));
  ASSERT_TRUE(interrupter.joinable());
  interrupter.join();
  EXPECT_EQ(error.reason, Reason::kCancelled);
  EXPECT_EQ(error.details["command_index"], "1");
  EXPECT_THAT(ended, ElementsAre(0u));
}

// The commands are long, and the first takes its time, so that they are not all on their way when
// it has ended.
TEST_P(SessionTest, BeginsNoMoreCommandsOnceItIsInterrupted) {
  Run("CREATE TABLE t (a integer)");
  const SqlCommand insert = {.sql = "INSERT INTO t VALUES (1) -- " + std::string(100'000, 'x'),
                             .prompt = true};
  std::vector<SqlCommand> commands(100, insert);
  if (postgres()) commands[0].sql = "SELECT pg_sleep(1)";
  const auto other = database_.Open();
  std::size_t ended = 0;
  ASSERT_TRUE(session_->Begin());
  Error error = ErrorOf(session_->ExecuteAll(commands, [&](std::size_t index, const SqlResult&) {
    ++ended;
    if (index > 0) return;
    if (postgres()) AwaitIdle(*other, session_->server_id());
    session_->Interrupt();
  }));
  EXPECT_EQ(error.reason, Reason::kCancelled);
  EXPECT_EQ(error.details["command_index"], std::to_string(ended));
  EXPECT_LT(ended, commands.size());
  EXPECT_TRUE(session_->InTransaction());
  ASSERT_TRUE(session_->Rollback());
  EXPECT_EQ(Count("t"), 0);
}

TEST_P(SessionTest, InterruptsALongStatementFromAnotherThread) {
  Run("CREATE TABLE t (a integer)");
  ASSERT_TRUE(session_->Begin());
  Run("INSERT INTO t VALUES (1)");
  auto begun = std::chrono::steady_clock::now();
  std::thread interrupter([&] {
    std::this_thread::sleep_for(1s);
    session_->Interrupt();
  });
  Error error = ErrorOf(session_->Execute({LongStatement()}));
  interrupter.join();
  EXPECT_EQ(error.reason, Reason::kCancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 30s);
  ASSERT_TRUE(session_->Rollback());
  EXPECT_EQ(Count("t"), 0);
}

TEST_P(SessionTest, DoesNotInterruptWhatRunsLater) {
  session_->Interrupt();
  EXPECT_EQ(Cell(*session_, {"SELECT 1"}), SqlValue(std::int64_t{1}));
}

TEST_P(SessionTest, HearsAnInterruptAtAnyMomentOfAStatement) {
  for (int i = 0; i < 20; ++i) {
    std::atomic<bool> ended = false;
    std::thread interrupter([&, i] {
      std::this_thread::sleep_for(std::chrono::microseconds(1000 + 97 * i));
      while (!ended) {  // the first may come before the statement begins, and then does nothing
        session_->Interrupt();
        std::this_thread::sleep_for(10ms);
      }
    });
    EXPECT_EQ(ErrorOf(session_->Execute({LongStatement()})).reason, Reason::kCancelled);
    ended = true;
    interrupter.join();
  }
}

TEST_P(SessionTest, ResetDropsTemporaryObjectsAndKeepsTheRest) {
  Run("CREATE TABLE t (a integer)");
  Run("CREATE TEMPORARY TABLE t (b integer)");
  Run("INSERT INTO t (b) VALUES (1)");
  ASSERT_TRUE(session_->Reset());
  EXPECT_EQ(Count("t"), 0);
  EXPECT_THAT(Run("SELECT * FROM t").columns, ElementsAre("a"));
}

TEST_P(SessionTest, EnforcesForeignKeys) {
  Run("CREATE TABLE p (a integer PRIMARY KEY)");
  Run("CREATE TABLE c (a integer REFERENCES p (a))");
  EXPECT_EQ(ErrorOf(session_->Execute({"INSERT INTO c VALUES (1)"})).reason,
            Reason::kStatementFailed);
}

TEST_P(SessionTest, LetsARunLockBeTakenTwiceInARow) {
  EXPECT_TRUE(*session_->TryLock("public"));
  EXPECT_TRUE(session_->Unlock("public"));
  EXPECT_TRUE(*session_->TryLock("public"));
}

TEST_P(SessionTest, GivesTheRunLockToOneSessionAtATime) {
  auto other = database_.Open();
  ASSERT_TRUE(*session_->TryLock("public"));
  EXPECT_FALSE(*other->TryLock("public"));
  ASSERT_TRUE(session_->Unlock("public"));
  EXPECT_TRUE(*other->TryLock("public"));
  EXPECT_FALSE(*session_->TryLock("public"));
}

TEST_P(SessionTest, GivesTheRunLockBackWithItsHolder) {
  auto other = database_.Open();
  ASSERT_TRUE(*session_->TryLock("public"));
  session_.reset();
  for (int tries = 0; tries < 100 && !*other->TryLock("public"); ++tries) {
    std::this_thread::sleep_for(10ms);  // PostgreSQL's backend ends a moment later
  }
  session_ = database_.Open();
  EXPECT_FALSE(*session_->TryLock("public"));
}

TEST_P(SessionTest, KeepsTheRunLockOverResetAndTransactions) {
  auto other = database_.Open();
  ASSERT_TRUE(*session_->TryLock("public"));
  Run("CREATE TEMPORARY TABLE t (a integer)");
  ASSERT_TRUE(session_->Reset());
  ASSERT_TRUE(session_->Begin());
  ASSERT_TRUE(session_->Rollback());
  EXPECT_FALSE(*other->TryLock("public"));
}

}  // namespace
}  // namespace mig
