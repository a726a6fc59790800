#include "drivers/baseline.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "drivers/postgres_dump.h"
#include "drivers/sql/split.h"
#include "tests/drivers/databases.h"

namespace mig {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Baseline(const TargetUrl& url) {
  auto baseline = ReadBaseline(url);
  EXPECT_TRUE(baseline) << baseline.error().message;
  return baseline ? *baseline : "";
}

void RunScript(Session& session, const std::string& script) {
  auto spans = SplitStatements(session.dialect(), script);
  ASSERT_TRUE(spans) << spans.error().message << "\n" << script;
  for (const StatementSpan& span : *spans) MustExecute(session, {std::string(span.TextIn(script))});
}

constexpr char kBookkeeping[] =
    "CREATE TABLE mig_version (id text); CREATE TABLE mig_log (sequence integer); CREATE TABLE "
    "alembic_version (a text);";

class BaselineTest : public testing::TestWithParam<Dialect> {};

INSTANTIATE_TEST_SUITE_P(Engines, BaselineTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgresql, Dialect::kMariadb),
                         [](const auto& engine) { return std::string(NameOf(engine.param)); });

TEST_P(BaselineTest, OfAnEmptyDatabaseMakesNothing) {
  Database database(GetParam());
  database.Open();
  EXPECT_THAT(Baseline(database.url()), Not(HasSubstr("CREATE")));
}

TEST_P(BaselineTest, LeavesBookkeepingOut) {
  Database database(GetParam());
  auto session = database.Open();
  RunScript(*session, kBookkeeping);
  EXPECT_THAT(Baseline(database.url()), Not(HasSubstr("CREATE")));
}

TEST(SqliteBaseline, MakesTheSameSchemaAgain) {
  Database database(Dialect::kSqlite), copy(Dialect::kSqlite);
  auto session = database.Open();
  RunScript(*session,
            "CREATE TABLE users (id integer PRIMARY KEY AUTOINCREMENT, name text UNIQUE /* the "
            "handle */);\n"
            "CREATE INDEX users_name ON users (lower(name));\n"
            "CREATE VIEW names AS SELECT name FROM users;\n"
            "CREATE TRIGGER t INSTEAD OF INSERT ON names BEGIN SELECT 1; SELECT 2; END;\n"
            "CREATE VIRTUAL TABLE docs USING fts5(body);\n"
            "INSERT INTO users (name) VALUES ('x');\n");
  RunScript(*session, kBookkeeping);
  std::string baseline = Baseline(database.url());
  EXPECT_THAT(baseline, testing::StartsWith("CREATE TABLE users"));
  EXPECT_THAT(baseline, Not(HasSubstr("docs_data")));
  RunScript(*copy.Open(), baseline);
  EXPECT_EQ(Baseline(copy.url()), baseline);
}

TEST(SqliteBaseline, KeepsTheNumbersOfTheFileAndCountsKeysAnew) {
  Database database(Dialect::kSqlite), copy(Dialect::kSqlite);
  RunScript(*database.Open(),
            "PRAGMA user_version = -7; PRAGMA application_id = 252006673;\n"
            "CREATE TABLE t (id integer PRIMARY KEY AUTOINCREMENT);\n"
            "INSERT INTO t VALUES (41); DELETE FROM t;\n");
  const std::string baseline = Baseline(database.url());
  EXPECT_EQ(baseline,
            "PRAGMA application_id = 252006673;\n"
            "PRAGMA user_version = -7;\n\n"
            "CREATE TABLE t (id integer PRIMARY KEY AUTOINCREMENT);\n");
  auto session = copy.Open();
  ASSERT_TRUE(session->Begin());
  RunScript(*session, baseline);
  ASSERT_TRUE(session->Commit());
  EXPECT_EQ(Baseline(copy.url()), baseline);
  MustExecute(*session, {"INSERT INTO t DEFAULT VALUES"});
  EXPECT_EQ(Cell(*session, {"SELECT id FROM t"}), SqlValue(std::int64_t{1}));
}

TEST(SqliteBaseline, EndsAStatementBehindItsCommentToo) {
  Database database(Dialect::kSqlite), copy(Dialect::kSqlite);
  auto session = database.Open();
  MustExecute(*session, {"CREATE TABLE t (a integer)"});
  MustExecute(*session, {"CREATE VIEW v AS SELECT a FROM t -- the view\n;"});
  MustExecute(*session, {"CREATE VIEW w AS SELECT a FROM v"});
  const std::string baseline = Baseline(database.url());
  RunScript(*copy.Open(), baseline);
  MustExecute(*copy.Open(), {"SELECT a FROM w"});
  EXPECT_THAT(baseline, HasSubstr("SELECT a FROM t -- the view\n;\n"));
}

TEST(SqliteBaseline, NamesWhatWouldDivideARevisionFile) {
  Database database(Dialect::kSqlite);
  RunScript(*database.Open(),
            "CREATE TABLE a (x text);\n"
            "CREATE TABLE b (\n  x text DEFAULT 'one\n-- mig:down\ntwo');\n");
  const Error error = ErrorOf(ReadBaseline(database.url()));
  EXPECT_EQ(error.reason, Reason::kUnsupported);
  EXPECT_EQ(error.message,
            "a revision file cannot hold the line `-- mig:down` of: CREATE TABLE b (");
}

TEST(PostgresBaseline, MakesTheSameSchemaAgain) {
  Database database(Dialect::kPostgresql), copy(Dialect::kPostgresql);
  RunScript(
      *database.Open(),
      "CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('good', 'bad');\n"
      "CREATE TABLE app.users (id bigserial PRIMARY KEY, name text NOT NULL UNIQUE, mood "
      "app.mood);\n"
      "CREATE FUNCTION app.greet(n text) RETURNS text LANGUAGE sql AS $$ SELECT 'hello;' || n $$;\n"
      "CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT n * 2; END;\n"
      "CREATE VIEW app.names AS SELECT app.greet(name) AS greeting FROM app.users;\n"
      "COMMENT ON TABLE app.users IS 'it''s;\n\\restrict nothing';\n"
      "CREATE TABLE app.mig_log (a serial);\n");
  std::string baseline = Baseline(database.url());
  EXPECT_THAT(baseline, Not(HasSubstr("mig_log")));
  EXPECT_THAT(baseline, Not(HasSubstr("OWNER TO")));
  EXPECT_THAT(baseline, Not(HasSubstr("statement_timeout")));
  RunScript(*copy.Open(), baseline);
  EXPECT_EQ(Baseline(copy.url()), baseline);
}

TEST(PostgresBaseline, FillsMaterializedViewsSoThatTheyCanBeRead) {
  Database database(Dialect::kPostgresql), copy(Dialect::kPostgresql);
  RunScript(
      *database.Open(),
      "CREATE TABLE t (a text);\n"
      "CREATE MATERIALIZED VIEW z AS SELECT count(*) AS n FROM t;\n"
      "CREATE SCHEMA \"a.b\";\n"
      "CREATE MATERIALIZED VIEW \"a.b\".\"of z\" AS SELECT n + 1 AS n FROM z;\n"
      "CREATE FUNCTION public.rows_of_t() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM "
      "public.t';\n"
      "CREATE MATERIALIZED VIEW a AS SELECT public.rows_of_t() AS n;\n");
  const std::string baseline = Baseline(database.url());
  EXPECT_THAT(baseline, HasSubstr("REFRESH MATERIALIZED VIEW \"a.b\".\"of z\";\n"));
  auto session = copy.Open();
  RunScript(*session, baseline);
  EXPECT_EQ(Cell(*session, {"SELECT n FROM \"a.b\".\"of z\""}), SqlValue(std::int64_t{1}));
  EXPECT_EQ(Cell(*session, {"SELECT n FROM public.a"}), SqlValue(std::int64_t{0}));
  EXPECT_EQ(Baseline(copy.url()), baseline);
}

TEST(MariadbBaseline, MakesTheSameSchemaAgain) {
  Database database(Dialect::kMariadb), copy(Dialect::kMariadb);
  auto session = database.Open();
  RunScript(*session,
            "CREATE TABLE parents (id int AUTO_INCREMENT PRIMARY KEY, v int, w int AS (v * 2) "
            "STORED, KEY (v)) COMMENT 'x;y AUTO_INCREMENT=7';\n"
            "CREATE TABLE children (parent int, FOREIGN KEY (parent) REFERENCES parents (id));\n"
            "CREATE VIEW ids AS SELECT id FROM parents;\nCREATE SEQUENCE numbers;\n"
            "CREATE TABLE counted (n bigint DEFAULT nextval(numbers));\n"
            "INSERT INTO parents (v) VALUES (1);\n"
            "CREATE TRIGGER t BEFORE INSERT ON parents FOR EACH ROW BEGIN IF new.v IS NULL THEN "
            "SET new.v = 1; END IF; END;\n"
            "CREATE PROCEDURE p() BEGIN CASE WHEN 1 THEN SELECT ';'; ELSE BEGIN END; END CASE; "
            "END;\n"
            "CREATE FUNCTION f(n int) RETURNS int DETERMINISTIC RETURN n * 2;\n"
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2026-01-01' DO DELETE FROM "
            "children;\n"
            "CREATE TABLE mig_lease (a int);\n");
  std::string baseline = Baseline(database.url());
  EXPECT_THAT(baseline, Not(HasSubstr("mig_lease")));
  EXPECT_THAT(baseline, Not(HasSubstr("/*!")));
  EXPECT_THAT(baseline, Not(HasSubstr("DEFINER=")));
  EXPECT_THAT(baseline, Not(HasSubstr("AUTO_INCREMENT=2")));
  EXPECT_THAT(baseline, HasSubstr("nextval(`numbers`)")) << "without the database";
  RunScript(*copy.Open(), baseline);
  EXPECT_EQ(Baseline(copy.url()), baseline);
}

TEST(MariadbBaseline, OfAViewOverASequenceCountsInTheCopy) {
  Database database(Dialect::kMariadb), copy(Dialect::kMariadb);
  const std::string name = database.url().parameters.at("dbname");
  RunScript(*database.Open(), "CREATE SEQUENCE numbers;\nCREATE TABLE `" + name +
                                  "` (numbers int);\n"
                                  "CREATE VIEW v AS SELECT nextval(numbers) AS n, '`" +
                                  name + "`.' AS text;\nCREATE VIEW w AS SELECT numbers FROM `" +
                                  name + "`;\n");
  const std::string baseline = Baseline(database.url());
  EXPECT_THAT(baseline, HasSubstr("nextval(`numbers`)"));
  EXPECT_THAT(baseline, HasSubstr("'`" + name + "`.'")) << "a text";
  EXPECT_THAT(baseline, HasSubstr("select `" + name + "`.`numbers`")) << "a table of that name";
  auto session = copy.Open();
  RunScript(*session, baseline);
  EXPECT_EQ(Cell(*session, {"SELECT n FROM v"}), SqlValue(std::int64_t{1}));
  EXPECT_EQ(Cell(*database.Open(), {"SELECT n FROM v"}), SqlValue(std::int64_t{1}));
}

TEST(MariadbBaseline, KeepsTheSqlModeThatARoutineWasMadeWith) {
  Database database(Dialect::kMariadb), copy(Dialect::kMariadb);
  RunScript(*database.Open(),
            "SET sql_mode = 'PIPES_AS_CONCAT';\n"
            "CREATE FUNCTION f() RETURNS varchar(9) DETERMINISTIC RETURN 'a' || 'b';\n"
            "SET sql_mode = DEFAULT;\n"
            "CREATE FUNCTION g() RETURNS varchar(9) DETERMINISTIC RETURN 1 || 0;\n");
  const std::string baseline = Baseline(database.url());
  EXPECT_THAT(baseline, HasSubstr("SET sql_mode = 'PIPES_AS_CONCAT';\n"));
  auto session = copy.Open();
  RunScript(*session, baseline);
  EXPECT_EQ(Cell(*session, {"SELECT concat(f(), g(), 0 || 0)"}), SqlValue("ab10"));
  EXPECT_EQ(Baseline(copy.url()), baseline);
}

TEST(MariadbBaseline, NamesWhatWasMadeUnderASqlModeThatReadsTextOtherwise) {
  Database database(Dialect::kMariadb);
  auto session = database.Open();
  MustExecute(*session, {"SET sql_mode = 'NO_BACKSLASH_ESCAPES'"});
  MustExecute(*session, {"CREATE FUNCTION slash() RETURNS varchar(9) DETERMINISTIC RETURN '\\'"});
  const Error error = ErrorOf(ReadBaseline(database.url()));
  EXPECT_EQ(error.reason, Reason::kUnsupported) << error.message;
  EXPECT_THAT(error.message, HasSubstr("the sql_mode NO_BACKSLASH_ESCAPES"));
  EXPECT_THAT(error.message, HasSubstr("CREATE FUNCTION `slash`()"));
}

// A stand-in that records what any user of the machine could see of it.
TEST(MariadbBaseline, ShowsNoPasswordInTheListOfProcesses) {
  ScratchDirectory folder;
  std::ofstream(folder / "mariadb-dump") << "#!/bin/sh\ncat /proc/$$/cmdline >" << folder / "seen"
                                         << "\n";
  chmod((folder / "mariadb-dump").c_str(), 0755);
  std::string path = std::getenv("PATH");
  TargetUrl url = Parse(MariadbServerOfTests().TcpUrlWithPassword("mysql"));
  setenv("PATH", (folder.path().string() + ":" + path).c_str(), 1);
  EXPECT_TRUE(ReadBaseline(url));
  setenv("PATH", path.c_str(), 1);
  std::ifstream seen(folder / "seen");
  std::string arguments(std::istreambuf_iterator<char>(seen), {});
  EXPECT_THAT(arguments, HasSubstr("--no-data"));
  EXPECT_THAT(arguments, Not(HasSubstr(MariadbServer::Password())));
}

TEST(MariadbBaseline, IsReadOverTlsWhereTheUrlWantsItWhateverTheOptionFileSays) {
  Database database(Dialect::kMariadb);
  MustExecute(*database.Open(), {"CREATE USER tls@'127.0.0.1' REQUIRE SSL"});
  MustExecute(*database.Open(), {"GRANT ALL ON *.* TO tls@'127.0.0.1'"});
  ScratchDirectory home;
  std::ofstream(home / ".my.cnf") << "[mariadb-dump]\nskip-ssl\n";
  const std::string url = "mariadb://tls@127.0.0.1:" + MariadbServerOfTests().port() + "/" +
                          database.url().parameters.at("dbname");
  EXPECT_TRUE(ReadBaseline(Parse(url + "?ssl=1", {{"HOME", home.path()}})));
}

TEST(PostgresBaseline, ReachesAServerThatAsksForAPassword) {
  EXPECT_TRUE(ReadBaseline(Parse(Server().TcpUrlWithPassword())));
}

TEST(PostgresBaseline, OfWhatCannotBeOpenedSaysWhy) {
  Error error = ErrorOf(ReadBaseline(Parse("postgresql://ann:hunter2@127.0.0.1:1/x")));
  EXPECT_EQ(error.reason, Reason::kDatabaseUnreachable);
  EXPECT_THAT(error.message, Not(HasSubstr("hunter2")));
  EXPECT_EQ(ErrorOf(ReadBaseline(Parse("sqlite:/nonexistent.db"))).reason,
            Reason::kDatabaseMissing);
}

TEST(PostgresBaseline, OfWhatTheUserMayNotReadAsksForAnotherUser) {
  const Database database(Dialect::kPostgresql);
  const auto session = database.Open();
  MustExecute(*session, {"CREATE TABLE t (id integer)"});
  MustExecute(*session, {"CREATE ROLE reads_nothing LOGIN"});
  TargetUrl url = database.url();
  url.parameters["user"] = "reads_nothing";
  const Error error = ErrorOf(ReadBaseline(url));
  MustExecute(*session, {"DROP ROLE reads_nothing"});
  EXPECT_THAT(error.message, HasSubstr("permission denied for table t"));
  EXPECT_THAT(HintOf(error), HasSubstr("connect as a user"));
}

TEST(PostgresBaseline, WithoutPgDumpSaysWhatToInstall) {
  std::string path = std::getenv("PATH");
  TargetUrl url = Parse(Server().Url());
  setenv("PATH", "/nonexistent", 1);
  Error error = ErrorOf(ReadBaseline(url));
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(error.reason, Reason::kUnsupported);
  EXPECT_THAT(HintOf(error), HasSubstr("postgresql-client"));
}

// A stand-in that records what any user of the machine could see of it.
TEST(PostgresBaseline, ShowsNoPasswordInTheListOfProcesses) {
  ScratchDirectory folder;
  std::ofstream(folder / "pg_dump") << "#!/bin/sh\ncat /proc/$$/cmdline >" << folder / "seen"
                                    << "\n";
  chmod((folder / "pg_dump").c_str(), 0755);
  std::string path = std::getenv("PATH");
  TargetUrl url = Parse(Server().TcpUrlWithPassword());
  setenv("PATH", (folder.path().string() + ":" + path).c_str(), 1);
  EXPECT_TRUE(ReadBaseline(url));
  setenv("PATH", path.c_str(), 1);
  std::ifstream seen(folder / "seen");
  std::string arguments(std::istreambuf_iterator<char>(seen), {});
  EXPECT_THAT(arguments, HasSubstr("--schema-only"));
  EXPECT_THAT(arguments, Not(HasSubstr(PostgresServer::Password())));
}

TEST(PostgresDump, LosesOnlyWhatIsForPsql) {
  auto statements = StatementsOfDump(
      "--\n-- PostgreSQL database dump\n--\n\n\\restrict AbC\n\nSET statement_timeout = 0;\nSET "
      "client_encoding = 'UTF8';\n"
      "SELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = "
      "false;\n"
      "SET default_tablespace = '';\nCREATE TABLE public.t (\n    a text DEFAULT '\n\\unrestrict "
      "AbC\n'\n);\n\n"
      "\\unrestrict AbC\n\n");
  ASSERT_TRUE(statements) << statements.error().message;
  EXPECT_EQ(*statements,
            "SELECT pg_catalog.set_config('search_path', '', false);\n\nSET check_function_bodies "
            "= false;\n\n"
            "CREATE TABLE public.t (\n    a text DEFAULT '\n\\unrestrict AbC\n'\n);\n");
}

}  // namespace
}  // namespace mig
