// What is MariaDB's own: passwords, TLS, option files, what a script leaves in a session, a server
// that dies.
#include "drivers/mariadb_session.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>

#include "drivers/mariadb_literals.h"
#include "drivers/mariadb_parameters.h"
#include "store/core/sha256.h"
#include "tests/drivers/databases.h"

namespace mig {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Error OpenError(const std::string& url,
                const std::map<std::string, std::string>& environment = {}) {
  return ErrorOf(OpenSession(Parse(url, environment), IfMissing::kFail));
}

class MariadbSessionTest : public testing::Test {
 protected:
  SqlResult Run(const std::string& sql) { return MustExecute(*session_, {sql}); }
  std::string Text(const std::string& sql) { return std::get<std::string>(Cell(*session_, {sql})); }
  SqlValue Count(const std::string& table) {
    return Cell(*session_, {"SELECT count(*) FROM " + table});
  }

  Database database_{Dialect::kMariadb};
  std::unique_ptr<Session> session_ = database_.Open();
};

TEST(MariadbLiterals, CannotBeMisread) {
  EXPECT_EQ(MariadbLiteral(std::int64_t{-7}), "-7");
  EXPECT_EQ(MariadbLiteral(nullptr), "NULL");
  EXPECT_EQ(MariadbLiteral(std::string("Ann <ann@example.com>")), "'Ann <ann@example.com>'");
  EXPECT_EQ(MariadbLiteral(std::string("it's")), "_utf8mb4 x'69742773'");
  EXPECT_EQ(MariadbLiteral(std::string("\\")), "_utf8mb4 x'5c'");
  EXPECT_EQ(MariadbLiteral(Blob{"\xff"}), "from_base64('/w==')");
}

// RFC 4648, section 10.
TEST(MariadbLiterals, GiveBytesInBase64) {
  const std::pair<std::string, std::string> kOfTheRfc[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : kOfTheRfc)
    EXPECT_EQ(MariadbLiteral(Blob{bytes}), "from_base64('" + text + "')");
}

TEST(MariadbLiterals, StandForParametersAlone) {
  auto text = WithMariadbLiterals({"SELECT $2, '$1', `$1`, a$1 -- $1\n, $1", {"x", nullptr}});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "SELECT NULL, '$1', `$1`, a$1 -- $1\n, 'x'");
}

TEST(MariadbConnect, SaysWhyWithoutThePassword) {
  MariadbServer& server = MariadbServerOfTests();
  Error refused = OpenError("mariadb://root:hunter3@127.0.0.1:" + server.port() + "/mysql");
  EXPECT_EQ(refused.reason, Reason::kDatabaseRefused);
  EXPECT_THAT(refused.message, Not(HasSubstr("hunter3")));
  EXPECT_THAT(refused.message, HasSubstr("(using password: YES)"));
  Error nobody = OpenError("mariadb://root:hunter3@127.0.0.1:1/x");
  EXPECT_EQ(nobody.reason, Reason::kDatabaseUnreachable);
  EXPECT_THAT(nobody.message, HasSubstr("mariadb://root@127.0.0.1:1/x"));
  EXPECT_THAT(nobody.message, Not(HasSubstr("hunter3")));
  EXPECT_EQ(OpenError(server.Url("nowhere")).reason, Reason::kDatabaseMissing);
}

TEST(MariadbConnect, TakesThePasswordOfTheEnvironmentAndRatherThatOfTheOptionFile) {
  MariadbServer& server = MariadbServerOfTests();
  ScratchDirectory home;
  EXPECT_EQ(OpenError(server.TcpUrl("mysql")).reason, Reason::kDatabaseRefused);
  MustOpen(Parse(server.TcpUrl("mysql"), {{"MYSQL_PWD", MariadbServer::Password()}}));
  std::ofstream(home / ".my.cnf") << "[client]\npassword = " << MariadbServer::Password() << "\n";
  MustOpen(Parse(server.TcpUrl("mysql"), {{"HOME", home.path()}, {"MYSQL_PWD", "wrong"}}));
  MustOpen(Parse("mariadb://root@/mysql", {{"MYSQL_HOST", "127.0.0.1"},
                                           {"MYSQL_TCP_PORT", server.port()},
                                           {"MYSQL_PWD", MariadbServer::Password()}}));
}

TEST(MariadbConnect, ChecksTheServersCertificateWhereItIsAsked) {
  MariadbServer& server = MariadbServerOfTests();
  const std::string url = server.TcpUrlWithPassword("mysql");
  auto session = MustOpen(
      Parse(url + "?ssl_verify_server_cert=1&ssl_ca=" + UrlEncodedPath(server.certificate())));
  SqlResult cipher = MustExecute(*session, {"SHOW STATUS LIKE 'Ssl_cipher'"});
  EXPECT_NE(cipher.rows[0][1], SqlValue(""));
  EXPECT_EQ(OpenError(url + "?ssl_verify_server_cert=1").reason, Reason::kDatabaseRefused);
}

TEST(MariadbConnect, NeverReadsAFileForTheServer) {
  Database database(Dialect::kMariadb);
  auto session = database.Open();
  MustExecute(*session, {"CREATE TABLE t (a text)"});
  Error error = ErrorOf(session->Execute({"LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE t"}));
  EXPECT_EQ(error.reason, Reason::kStatementFailed);
}

TEST_F(MariadbSessionTest, KeepsTheServersSqlModeLessWhatChangesHowTextIsRead) {
  EXPECT_EQ(WithoutReadingModes("ANSI_QUOTES,STRICT_TRANS_TABLES,Oracle"), "STRICT_TRANS_TABLES");
  EXPECT_THAT(Text("SELECT @@sql_mode"), HasSubstr("STRICT_TRANS_TABLES"));
  auto chosen = MustOpen(Parse(database_.url().redacted + "&sql_mode=NO_ZERO_DATE"));
  EXPECT_EQ(Cell(*chosen, {"SELECT @@sql_mode"}), SqlValue("NO_ZERO_DATE"));
}

TEST_F(MariadbSessionTest, SaysThatTheServerIsReadOnly) {
  const std::string name = database_.url().parameters.at("dbname");
  MustExecute(*session_, {"CREATE USER writer@'127.0.0.1'"});
  MustExecute(*session_, {"GRANT ALL ON `" + name + "`.* TO writer@'127.0.0.1'"});
  auto writer =
      MustOpen(Parse("mariadb://writer@127.0.0.1:" + MariadbServerOfTests().port() + "/" + name));
  MustExecute(*session_, {"SET GLOBAL read_only = 1"});
  const Error error = ErrorOf(writer->Execute({"CREATE TABLE u (a int)"}));
  MustExecute(*session_, {"SET GLOBAL read_only = 0"});
  EXPECT_EQ(error.reason, Reason::kDatabasePermission) << error.message;
  EXPECT_THAT(HintOf(error), HasSubstr("read-only"));
}

TEST_F(MariadbSessionTest, TellsThePlaceOfASyntaxError) {
  const auto place = [&](const std::string& sql) {
    return ErrorOf(session_->Execute({.sql = sql, .scripted = true})).details["position"];
  };
  EXPECT_EQ(place("SELECT 'é' frm t"), "16");
  EXPECT_EQ(place("SELECT 'é' FROM t WHERE ) x"), "25");
}

TEST_F(MariadbSessionTest, KeepsEveryByteWhateverTheScriptChose) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  Run("CREATE TABLE t (a longblob NOT NULL)");
  for (const char* sql : {"DO 0", "SET NAMES gbk", "SET sql_mode = 'ORACLE,NO_BACKSLASH_ESCAPES'",
                          "SET collation_connection = ucs2_bin"}) {
    Run(sql);
    MustExecute(*session_, {"INSERT INTO t VALUES ($1)", {Blob{bytes}}});
  }
  EXPECT_EQ(Cell(*database_.Open(), {"SELECT min(a) FROM t"}), SqlValue(Blob{bytes}));
  EXPECT_EQ(Cell(*database_.Open(), {"SELECT count(*) FROM t WHERE hex(a) = $1", {Hex(bytes)}}),
            SqlValue(std::int64_t{4}));
}

// max_allowed_packet is 16 MiB, unless somebody changed it.
TEST_F(MariadbSessionTest, TakesBytesOfMoreThanHalfAMessageInOneStatement) {
  const Blob blob{std::string(std::size_t{9} << 20, '\n')};
  EXPECT_EQ(Cell(*session_, {"SELECT length($1)", {blob}}), SqlValue(std::int64_t{9 << 20}));
}

TEST_F(MariadbSessionTest, RefusesAStatementThatTheServerWouldHangUpOn) {
  const auto limit = static_cast<std::size_t>(
      std::get<std::int64_t>(Cell(*session_, {"SELECT @@max_allowed_packet"})));
  const auto padded = [](std::size_t size) {
    std::string sql = "SELECT length('')";
    return sql.insert(sql.size() - 2, size - sql.size(), 'x');
  };
  EXPECT_TRUE(session_->Execute({padded(limit - 2)}));
  ASSERT_TRUE(session_->Begin());
  Error error = ErrorOf(session_->Execute({padded(limit - 1)}));
  EXPECT_EQ(error.reason, Reason::kStatementFailed);
  EXPECT_THAT(error.message, HasSubstr("max_allowed_packet is " + std::to_string(limit)));
  EXPECT_THAT(error.hint, HasSubstr("`SET GLOBAL max_allowed_packet = "));
  EXPECT_TRUE(session_->Rollback());
  EXPECT_EQ(Text("SELECT 'usable'"), "usable");
}

TEST_F(MariadbSessionTest, PassesWarningsOn) {
  std::vector<std::string> heard;
  session_->OnNotice([&](const SqlNotice& notice) { heard.push_back(notice.severity); });
  Run("DROP TABLE IF EXISTS nothing");
  EXPECT_THAT(heard, ElementsAre("NOTE"));
  Run("SELECT 1");
  EXPECT_EQ(heard.size(), 1u);
}

TEST_F(MariadbSessionTest, ReadsAllResultsOfACall) {
  Run("CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 'last' AS last; END");
  EXPECT_THAT(Run("CALL p()").columns, ElementsAre("last"));
  EXPECT_EQ(Text("SELECT 'usable'"), "usable");
}

TEST_F(MariadbSessionTest, RunsWhatIsNotPromptAsOneAndTellsItsRows) {
  Run("CREATE TABLE t (a integer PRIMARY KEY)");
  const SqlCommand insert = {"INSERT INTO t VALUES ($1)", {std::int64_t{1}}};
  const std::vector<SqlCommand> commands = {
      {"SELECT count(*) FROM t"}, insert, {"SELECT a FROM t FOR UPDATE"}};
  std::vector<std::size_t> rows;
  ASSERT_TRUE(session_->Begin());
  ASSERT_TRUE(session_->ExecuteAll(
      commands, [&](std::size_t, const SqlResult& result) { rows.push_back(result.rows.size()); }));
  EXPECT_THAT(rows, ElementsAre(1u, 0u, 1u));
  EXPECT_TRUE(session_->InTransaction());
  ASSERT_TRUE(session_->Rollback());
  EXPECT_EQ(Count("t"), SqlValue(std::int64_t{0}));
}

TEST_F(MariadbSessionTest, GivesARecurrentCommandItsOwnParametersEachTime) {
  const auto command = [](SqlValue first, SqlValue second) {
    return SqlCommand{"SELECT concat($2, '$1', $1)", {first, second}, false, true};
  };
  EXPECT_EQ(Cell(*session_, command("a", "bc")), SqlValue("bc$1a"));
  EXPECT_EQ(Cell(*session_, command("it's", "")), SqlValue("$1it's"));
  EXPECT_EQ(ErrorOf(session_->Execute({"SELECT concat($2, '$1', $1)", {"a"}, false, true})).reason,
            Reason::kStatementFailed);
}

TEST_F(MariadbSessionTest, StopsWithinWhatItRunsAsOneWherePartOfItFails) {
  Run("CREATE TABLE t (a integer PRIMARY KEY)");
  const auto insert = [](std::int64_t a) { return SqlCommand{"INSERT INTO t VALUES ($1)", {a}}; };
  const std::vector<SqlCommand> commands = {
      {.sql = "SELECT 1", .prompt = true}, insert(1), insert(1), insert(2)};
  ASSERT_TRUE(session_->Begin());
  Error error = ErrorOf(session_->ExecuteAll(commands, {}));
  EXPECT_EQ(error.reason, Reason::kStatementFailed);
  EXPECT_EQ(error.details["command_index"], "1");
  EXPECT_EQ(Count("t"), SqlValue(std::int64_t{1}));
  EXPECT_TRUE(session_->InTransaction());
}

TEST_F(MariadbSessionTest, TellsThatARollbackLeftWhatTablesWithoutTransactionsHave) {
  Run("CREATE TABLE u (a integer)");
  for (const std::string engine : {"MyISAM", "Aria"}) {
    Run("CREATE OR REPLACE TABLE t (a integer) ENGINE = " + engine);
    ASSERT_TRUE(session_->Begin());
    Run("INSERT INTO t VALUES (1)");
    Run("INSERT INTO u VALUES (1)");
    EXPECT_EQ(ErrorOf(session_->Rollback()).reason, Reason::kRollbackIncomplete) << engine;
    EXPECT_FALSE(session_->InTransaction());
    EXPECT_EQ(Count("t"), SqlValue(std::int64_t{1}));
    EXPECT_EQ(Count("u"), SqlValue(std::int64_t{0}));
  }
  ASSERT_TRUE(session_->Begin());
  Run("INSERT INTO u VALUES (1)");
  EXPECT_TRUE(session_->Rollback());
}

// As with a deadlock: the failure itself rolls the transaction back.
TEST_F(MariadbSessionTest, TellsTheSameOfARollbackThatCameWithAFailure) {
  Run("CREATE TABLE t (a integer) ENGINE = MyISAM");
  Run("CREATE TABLE u (a integer)");
  Run("INSERT INTO u VALUES (1)");
  Run("SET innodb_snapshot_isolation = ON");
  ASSERT_TRUE(session_->Begin());
  Run("SELECT a FROM u");
  MustExecute(*database_.Open(), {"UPDATE u SET a = 2"});
  Run("INSERT INTO t VALUES (1)");
  EXPECT_EQ(ErrorOf(session_->Execute({"UPDATE u SET a = 3"})).reason, Reason::kDatabaseBusy);
  EXPECT_EQ(ErrorOf(session_->Rollback()).reason, Reason::kRollbackIncomplete);
}

// Whatever a script leaves: a fresh session equals one that was reset.
TEST_F(MariadbSessionTest, ResetUndoesEveryStateOfASession) {
  Run("CREATE TABLE t (a integer)");
  Run("CREATE PROCEDURE hidden() SET @inside = 1, sql_mode = ''");
  const char* const kState =
      "SELECT CONVERT(concat_ws('|', database(), @@foreign_key_checks, @@sql_mode, @@time_zone, "
      "@@character_set_client, @@tx_isolation, current_role(), @x, @inside) USING utf8mb4)";
  const std::string fresh = Text(kState);
  for (const char* sql :
       {"USE mysql", "SET foreign_key_checks = 0", "SET sql_mode = 'ANSI_QUOTES'",
        "SET time_zone = '+05:00'", "SET NAMES latin1", "SELECT @x := 1", "SELECT 1 INTO @x",
        "SET @x = 2", "CALL hidden()", "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE"}) {
    Run(sql);
    ASSERT_TRUE(session_->Reset()) << sql;
    EXPECT_EQ(Text(kState), fresh) << sql;
  }
  Run("PREPARE p FROM 'SELECT 1'");
  ASSERT_TRUE(session_->Reset());
  EXPECT_EQ(ErrorOf(session_->Execute({"EXECUTE p"})).reason, Reason::kStatementFailed);
}

TEST_F(MariadbSessionTest, ResetKeepsTheConnectionWhereNothingChangedIt) {
  Run("CREATE TABLE t (a varchar(20))");
  const SqlValue id = Cell(*session_, {"SELECT connection_id()"});
  ASSERT_TRUE(session_->Begin());
  MustExecute(*session_, {"INSERT INTO t VALUES ($1)", {std::string("a@b")}});
  ASSERT_TRUE(session_->Commit());
  ASSERT_TRUE(session_->Reset());
  EXPECT_EQ(Cell(*session_, {"SELECT connection_id()"}), id);
}

TEST_F(MariadbSessionTest, LetsTheServerGiveTheRunLockOfASilentMachineBackWithinHalfAMinute) {
  ASSERT_TRUE(*session_->TryLock("mig run x"));
  const SqlValue id = Cell(*session_, {"SELECT connection_id()"});
  ASSERT_TRUE(session_->Reset());
  EXPECT_EQ(Cell(*session_, {"SELECT connection_id()"}), id) << "that it has the lock is no change";
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Cell(*session_, {"SELECT @@wait_timeout"}), SqlValue(std::int64_t{30}));
    Run("SET @x = 1");
    ASSERT_TRUE(session_->Reset());
  }
}

// Others try to take the lock all the time while it moves from connection to connection.
TEST_F(MariadbSessionTest, NobodyGetsTheRunLockWhileItsHolderIsReset) {
  ASSERT_TRUE(*session_->TryLock("mig run x"));
  std::atomic<bool> ended = false;
  std::atomic<int> taken = 0;
  std::atomic<int> tries = 0;
  std::vector<std::thread> others;
  for (int i = 0; i < 3; ++i) {
    others.emplace_back([&] {
      auto other = database_.Open();
      for (; !ended; ++tries) {
        if (*other->TryLock("mig run x")) ++taken;
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    Run("SET @x = 1");
    EXPECT_TRUE(session_->Reset());
  }
  ended = true;
  for (std::thread& other : others) other.join();
  EXPECT_EQ(taken, 0);
  EXPECT_GT(tries, 0);
  EXPECT_TRUE(session_->Unlock("mig run x"));
  EXPECT_TRUE(*database_.Open()->TryLock("mig run x"));
}

TEST(MariadbLoss, OfTheServerEndsEveryCall) {
  MariadbServer server({.flush = false});
  auto session = MustOpen(Parse(server.Url("mysql")));
  server.Kill();
  EXPECT_EQ(ErrorOf(session->Execute({"SELECT 1"})).reason, Reason::kDatabaseUnreachable);
  EXPECT_EQ(ErrorOf(session->Execute({"SELECT 1"})).reason, Reason::kDatabaseUnreachable);
  EXPECT_EQ(OpenError(server.Url("mysql")).reason, Reason::kDatabaseUnreachable);
}

TEST_F(MariadbSessionTest, GoesOnWithACommitThatIsInterruptedOrSaysThatNothingWasCommitted) {
  Run("CREATE TABLE t (a int)");
  std::int64_t rows = 0;
  for (int i = 0; i < 400; ++i) {
    std::thread interrupter([&, i] {
      std::this_thread::sleep_for(std::chrono::microseconds(5 * (i % 80)));
      session_->Interrupt();
    });
    ASSERT_TRUE(session_->Begin());
    const auto committed = session_->CommitWith({{"INSERT INTO t VALUES (1)"}});
    interrupter.join();
    if (committed) {
      ++rows;
    } else {  // before anything was sent
      ASSERT_EQ(committed.error().reason, Reason::kCancelled) << committed.error().message;
      ASSERT_TRUE(session_->Rollback());
    }
    ASSERT_EQ(Count("t"), SqlValue(rows));
  }
  EXPECT_GT(rows, 350);
}

TEST_F(MariadbSessionTest, WaitsNoLongerForALockThanItsTimeoutOnceItIsInterrupted) {
  Run("CREATE TABLE t (a int PRIMARY KEY)");
  Run("INSERT INTO t VALUES (1)");
  const auto other = database_.Open();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {"DELETE FROM t"});
  Run("SET innodb_lock_wait_timeout = 1");
  std::thread interrupter([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    session_->Interrupt();
  });
  ASSERT_TRUE(session_->Begin());
  EXPECT_EQ(ErrorOf(session_->CommitWith({{"DELETE FROM t"}})).reason, Reason::kCancelled);
  interrupter.join();
}

// The server tells a commit that was hit by somebody else's kill as a failure.
TEST_F(MariadbSessionTest, TellsNoCommitThatTookEffectAsAFailure) {
  Run("CREATE TABLE t (a int)");
  std::int64_t rows = 0;
  int given_up = 0;
  const auto killer = database_.Open();
  for (int i = 0; i < 400; ++i) {
    const std::string id = std::to_string(session_->server_id());
    std::thread other([&, i] {
      std::this_thread::sleep_for(std::chrono::microseconds(5 * (i % 80)));
      MustExecute(*killer, {"KILL QUERY " + id});
    });
    ASSERT_TRUE(session_->Begin());
    const auto committed = session_->CommitWith({{"INSERT INTO t VALUES (1)"}});
    other.join();
    if (!committed) {
      ASSERT_EQ(committed.error().reason, Reason::kDatabaseUnreachable);
      EXPECT_EQ(ErrorOf(session_->Execute({"SELECT 1"})).reason, Reason::kDatabaseUnreachable);
      ++given_up;
      session_ = database_.Open();
    }
    const auto now = std::get<std::int64_t>(Cell(*killer, {"SELECT count(*) FROM t"}));
    ASSERT_LE(now, rows + 1);
    ASSERT_GE(now, rows + (committed ? 1 : 0));
    rows = now;
  }
  std::printf("%d of 400 were given up\n", given_up);
}

TEST_F(MariadbSessionTest, SaysThatItsConnectionWasKilled) {
  const SqlValue id = Cell(*session_, {"SELECT connection_id()"});
  MustExecute(*database_.Open(), {"KILL " + std::to_string(std::get<std::int64_t>(id))});
  EXPECT_EQ(ErrorOf(session_->Execute({"SELECT 1"})).reason, Reason::kDatabaseUnreachable);
}

}  // namespace
}  // namespace mig
