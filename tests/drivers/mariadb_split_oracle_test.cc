// The splitter against the server's own reading: a script that the server cuts itself
// (CLIENT_MULTI_STATEMENTS) must do what the same script does when each of our statements is sent
// alone, up to the first error and to that error.
#include <gmock/gmock.h>
#include <mysql.h>

#include <cstdlib>
#include <memory>
#include <random>

#include "drivers/sql/split.h"
#include "tests/drivers/databases.h"
#include "tests/drivers/mariadb_bodies.h"

namespace mig {
namespace {

struct Close {
  void operator()(MYSQL* connection) const { mysql_close(connection); }
};
using Connection = std::unique_ptr<MYSQL, Close>;

Connection Connect(const TargetUrl& url, unsigned long flags) {
  Connection connection(mysql_init(nullptr));
  MYSQL* opened = mysql_real_connect(connection.get(), nullptr, "root", nullptr,
                                     url.parameters.at("dbname").c_str(), 0,
                                     url.parameters.at("unix_socket").c_str(), flags);
  EXPECT_NE(opened, nullptr) << mysql_error(connection.get());
  return connection;
}

// What a text did: the first cell of each result, and at its end the error's number.
void Perform(MYSQL* connection, std::string_view text, std::vector<std::string>& done) {
  unsigned error = 0;
  if (mysql_real_query(connection, text.data(), text.size()) != 0) {
    error = mysql_errno(connection);
  } else {
    int more = 0;
    do {
      MYSQL_RES* rows = mysql_store_result(connection);
      if (rows != nullptr) {
        MYSQL_ROW row = mysql_fetch_row(rows);
        done.push_back(row == nullptr || row[0] == nullptr ? "" : row[0]);
        mysql_free_result(rows);
      }
      more = mysql_next_result(connection);
    } while (more == 0);
    if (more > 0) error = mysql_errno(connection);
  }
  if (error != 0) done.push_back("error " + std::to_string(error));
}

// Statements that say which one they are, and hide delimiters, quotes and keywords in every place
// where text may stand. `$` is a number.
constexpr const char* kPieces[] = {
    "SELECT $",
    "SELECT '$;a''b\\';' -- ; '\n",
    "SELECT \"$;\"\"\\\";\" # ; \"\n",
    "SELECT `n;``o` FROM (SELECT $ AS `n;``o`) x",
    "/* ; ' */ SELECT $ /* \" ; */",
    "SELECT $ /*! + 1000 */",
    "SELECT $ /*!50000 + 1000 */ /*!999999 + 5000 */",
    "SELECT $ /*M! + 1000 */ /*M!100000 + 1 */",
    "SELECT /*!50000 '$; a' */",
    "SELECT $ --1",
    "SELECT $ -- 1 ; \n + 1",
    "SELECT CASE WHEN $ THEN $ ELSE 0 END",
    "SELECT $ AS begin, 2 AS `end`",
    "SELECT n'$;'",
    "SELECT x'30', '$'",
    "SELECT _utf8mb4'$;'",
    "SELECT '$' ';' \";\"",
    "BEGIN NOT ATOMIC SELECT $; SELECT CASE WHEN 1 THEN 2 END; END",
    "BEGIN NOT ATOMIC IF 1 THEN SELECT $; ELSEIF 2 THEN SELECT 2; END IF; END",
    "BEGIN NOT ATOMIC DECLARE n int DEFAULT 2; WHILE n > 0 DO SET n = n - 1; END WHILE; SELECT $; "
    "END",
    "BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; BEGIN SELECT $; END; "
    "END",
    "BEGIN NOT ATOMIC l: LOOP LEAVE l; END LOOP l; REPEAT SET @r = 1; UNTIL 1 END REPEAT; SELECT "
    "$; END",
    "BEGIN NOT ATOMIC FOR i IN 1..2 DO SELECT $; END FOR; END",
    "BEGIN NOT ATOMIC CASE $ WHEN 1 THEN SELECT 1; ELSE BEGIN SELECT IF(1, $, 2); END; END CASE; "
    "END",
    "CREATE OR REPLACE PROCEDURE p() BEGIN SELECT $; SELECT ';'; END",
    "CREATE OR REPLACE PROCEDURE p() SELECT $",
    "CREATE OR REPLACE PROCEDURE p(a int) COMMENT 'begin;' IF a THEN SELECT $; END IF",
    "CALL p()",
    "CREATE OR REPLACE FUNCTION f(a int) RETURNS int DETERMINISTIC BEGIN RETURN CASE a WHEN 1 THEN "
    "2 ELSE $ END; END",
    "SELECT f($)",
    "CREATE OR REPLACE TABLE t (begin int, `end;` int DEFAULT $ COMMENT ';')",
    "CREATE OR REPLACE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN IF new.begin THEN SET "
    "new.begin = $; END IF; END",
    "CREATE OR REPLACE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET new.begin = $",
    "INSERT INTO t (begin) VALUES ($)",
    "CREATE OR REPLACE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN SELECT $; END",
    "CREATE OR REPLACE VIEW v AS SELECT IF(1, $, 2) AS `if`",
    "DROP TABLE IF EXISTS t",
    "SELECT nonsense($)",
};
constexpr const char* kSeparators[] = {
    ";", ";\n", " ; ", ";\n-- between ; statements\n", ";/* ; */\n", ";\n# ; \n\n"};

std::string RandomScript(std::mt19937& random) {
  std::string script;
  const std::size_t count = 1 + random() % 6;
  for (unsigned i = 0; i < count; ++i) {
    std::string piece = kPieces[random() % std::size(kPieces)];
    for (std::size_t at = 0; (at = piece.find('$', at)) != std::string::npos;)
      piece.replace(at, 1, std::to_string(random() % 100));
    script += piece;
    if (i + 1 < count) script += kSeparators[random() % std::size(kSeparators)];
  }
  return script;
}

TEST(MariadbSplitOracle, TheServerCutsWhereWeCut) {
  const bool soak = std::getenv("MIG_SOAK") != nullptr;
  const int rounds = soak ? 5'000 : 300;
  Database one(Dialect::kMariadb), other(Dialect::kMariadb);
  one.Open();
  Connection whole = Connect(one.url(), CLIENT_MULTI_STATEMENTS);
  Connection alone = Connect(other.url(), CLIENT_MULTI_RESULTS);
  std::mt19937 random(20261126);
  std::size_t statements = 0;
  for (int round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
    const std::string script = RandomScript(random);
    SCOPED_TRACE(script);
    std::vector<std::string> by_server, by_us;
    Perform(whole.get(), script, by_server);
    auto spans = SplitStatements(Dialect::kMariadb, script);
    ASSERT_TRUE(spans) << spans.error().message;
    for (const StatementSpan& span : *spans) {
      Perform(alone.get(), span.TextIn(script), by_us);
      if (!by_us.empty() && by_us.back().starts_with("error")) break;
    }
    EXPECT_EQ(by_us, by_server);
    statements += spans->size();
  }
  EXPECT_GT(statements, static_cast<std::size_t>(rounds));
}

// A server that gets two statements parses the first one up to its end; where it cannot, the error
// says so.
class MariadbBodies : public testing::Test {
 protected:
  void SetUp() override {
    database_.Open();
    connection_ = Connect(database_.url(), CLIENT_MULTI_STATEMENTS);
    for (const char* sql :
         {"SET max_statement_time = 9", "CREATE TABLE t (x int, begin int, end int, `case` int)",
          "CREATE TABLE t2 LIKE t", "CREATE PROCEDURE q() DO 1", "CREATE PROCEDURE p() DO 1",
          "CREATE EVENT ev ON SCHEDULE EVERY 1 DAY DISABLE DO DO 1",
          "CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW SET @x = 1"}) {
      EXPECT_THAT(Done(sql), testing::IsEmpty()) << sql;
    }
  }
  std::vector<std::string> Done(const std::string& sql) {
    std::vector<std::string> done;
    Perform(connection_.get(), sql, done);
    return done;
  }
  // True where the server reads `statement` as one; then we have to.
  bool Compare(const std::string& statement) {
    const std::string script = statement + ";\nSELECT 'behind'";
    const std::vector<std::string> done = Done(script);
    if (!done.empty() && done.back() == "error 1064") return false;
    auto spans = SplitStatements(Dialect::kMariadb, script);
    EXPECT_TRUE(spans) << statement << "\n" << spans.error().message;
    if (spans) {
      EXPECT_EQ(spans->size(), 2U) << statement;
      EXPECT_EQ(spans->front().TextIn(script), statement);
    }
    (void)Done("ROLLBACK");
    return true;
  }

  Database database_{Dialect::kMariadb};
  Connection connection_;
};

TEST_F(MariadbBodies, EndWhereTheServerEndsThem) {
  for (const char* statement : kMariadbStatements) EXPECT_TRUE(Compare(statement)) << statement;
}

TEST_F(MariadbBodies, EndWhereTheServerEndsThemWhateverStandsInThem) {
  int read = 0;
  for (const std::string body : kMariadbBodies) {
    for (const std::string statement : kMariadbBodyStatements) {
      std::string text = body;
      for (std::size_t at = 0; (at = text.find('$', at)) != std::string::npos;
           at += statement.size()) {
        text.replace(at, 1, statement);
      }
      text.erase(text.find_last_not_of(";\n") + 1);
      if (body.ends_with('$') && statement.ends_with('\n')) continue;  // a comment is behind it
      if (Compare(text)) ++read;
    }
  }
  EXPECT_GT(read, 1'500);
}

}  // namespace
}  // namespace mig
