// Which of MariaDB's statements commit what is open, and what they name.
#include "drivers/sql/classify_mariadb.h"

#include <gmock/gmock.h>

namespace mig {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = SqlObject::Kind;

StatementTraits Traits(std::string_view sql) { return Classify(Dialect::kMariadb, sql); }
std::vector<SqlObject> Objects(std::string_view sql) { return Traits(sql).probe.objects; }

TEST(ClassifyMariadb, KnowsWhatCommits) {
  for (const char* sql : {"ALTER DATABASE x CHARACTER SET utf8mb4",
                          "ALTER TABLE t ADD x int",
                          "ANALYZE TABLE t",
                          "CACHE INDEX t IN hot",
                          "CHECK TABLE t",
                          "CREATE TABLE t (a int)",
                          "CREATE OR REPLACE VIEW v AS SELECT 1",
                          "CREATE UNIQUE INDEX i ON t (a)",
                          "CREATE DEFINER=root@localhost PROCEDURE p() SELECT 1",
                          "CREATE SEQUENCE s",
                          "DROP TABLE t",
                          "DROP VIEW IF EXISTS v",
                          "FLUSH TABLES",
                          "GRANT SELECT ON *.* TO a",
                          "INSTALL SONAME 'x'",
                          "LOAD INDEX INTO CACHE t",
                          "OPTIMIZE TABLE t",
                          "RENAME TABLE a TO b",
                          "RENAME USER a TO b",
                          "REPAIR TABLE t",
                          "REVOKE SELECT ON *.* FROM a",
                          "SET PASSWORD FOR a = PASSWORD('x')",
                          "TRUNCATE t",
                          "/*!50003 CREATE VIEW v AS SELECT 1 */",
                          "SET STATEMENT max_statement_time = 1 FOR ALTER TABLE t ADD x int",
                          "CALL p()",
                          "EXECUTE IMMEDIATE 'DROP TABLE t'",
                          "BEGIN NOT ATOMIC DROP TABLE t; END",
                          "IF 1 THEN DROP TABLE t; END IF",
                          "FOR i IN 1..2 DO TRUNCATE t; END FOR"}) {
    EXPECT_FALSE(Traits(sql).runs_in_transaction) << sql;
  }
  for (const char* sql :
       {"SELECT 1", "INSERT INTO t VALUES (1)", "UPDATE t SET create_table = 1", "DELETE FROM t",
        "REPLACE INTO t VALUES (1)", "LOAD DATA INFILE 'x' INTO TABLE t", "SET @x = 1", "USE db",
        "CREATE TEMPORARY TABLE t (a int)", "DROP TEMPORARY TABLE t", "DO 1",
        "ANALYZE FORMAT=JSON SELECT 1", "SAVEPOINT a", "PREPARE p FROM 'SELECT 1'",
        "SET STATEMENT max_statement_time = 1 FOR SELECT 1", "HANDLER t OPEN", "SHOW TABLES"}) {
    EXPECT_TRUE(Traits(sql).runs_in_transaction) << sql;
  }
}

TEST(ClassifyMariadb, NamesWhatAStatementIsAbout) {
  EXPECT_THAT(Objects("CREATE TABLE IF NOT EXISTS `a``b`.t (id int)"),
              ElementsAre(SqlObject{Kind::kTable, "a`b", "t"}));
  EXPECT_THAT(Objects("DROP TABLE IF EXISTS a, b.c"),
              ElementsAre(SqlObject{Kind::kTable, "", "a"}, SqlObject{Kind::kTable, "b", "c"}));
  EXPECT_THAT(Objects("ALTER ONLINE TABLE t ADD x int, RENAME COLUMN a TO b, RENAME TO u"),
              ElementsAre(SqlObject{Kind::kTable, "", "t"}, SqlObject{Kind::kTable, "", "u"}));
  EXPECT_THAT(Objects("RENAME TABLE a TO b, c TO d"),
              ElementsAre(SqlObject{Kind::kTable, "", "a"}, SqlObject{Kind::kTable, "", "b"},
                          SqlObject{Kind::kTable, "", "c"}, SqlObject{Kind::kTable, "", "d"}));
  EXPECT_THAT(Objects("CREATE FULLTEXT INDEX i ON s.t (a)"),
              ElementsAre(SqlObject{Kind::kTable, "s", "t"}));
  EXPECT_THAT(Objects("CREATE DEFINER=`x`@`%` TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a=1"),
              ElementsAre(SqlObject{Kind::kTrigger, "", "tr"}));
  EXPECT_THAT(Objects("CREATE PACKAGE BODY p AS END"),
              ElementsAre(SqlObject{Kind::kPackageBody, "", "p"}));
  EXPECT_THAT(Objects("CREATE USER 'ann'@'%' IDENTIFIED BY 'x'"),
              ElementsAre(SqlObject{Kind::kUser, "", "'ann'@'%'"}));
  EXPECT_THAT(Objects("REVOKE SELECT ON *.* FROM ann@localhost"),
              ElementsAre(SqlObject{Kind::kGrants, "", "ann@localhost"}));
}

TEST(ClassifyMariadb, DoesNotTrustDefinitionsWhereRowsAreWhatChanges) {
  for (const char* sql : {"CREATE OR REPLACE TABLE t AS SELECT 1", "ALTER SEQUENCE s RESTART 1",
                          "ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u",
                          "ALTER TABLE t DISCARD TABLESPACE", "CALL p()"}) {
    EXPECT_THAT(Objects(sql), IsEmpty()) << sql;
    EXPECT_FALSE(Traits(sql).repeatable) << sql;
    EXPECT_FALSE(Traits(sql).fails_wholly) << sql;
  }
  EXPECT_EQ(Traits("TRUNCATE TABLE t").probe.kind, Probe::Kind::kTableEmptied);
}

TEST(ClassifyMariadb, DoesNotTrustANameThatARenameGivesAwayAndTakesAgain) {
  EXPECT_THAT(Objects("RENAME TABLE t TO old, new TO t"),
              ElementsAre(SqlObject{Kind::kTable, "", "old"}, SqlObject{Kind::kTable, "", "new"}));
  const StatementTraits swap = Traits("RENAME TABLE a TO x, b TO a, x TO b");
  EXPECT_EQ(swap.probe, Probe());
  EXPECT_FALSE(swap.repeatable);
}

TEST(ClassifyMariadb, NamesEveryAccountWhateverItIsGiven) {
  const SqlObject ann{Kind::kUser, "", "ann@localhost"};
  const SqlObject bob{Kind::kUser, "", "'bob'@'%'"};
  EXPECT_THAT(Objects("CREATE USER ann@localhost IDENTIFIED BY 'x', 'bob'@'%' IDENTIFIED VIA "
                      "ed25519 USING PASSWORD('y', 'z') WITH MAX_USER_CONNECTIONS 1"),
              ElementsAre(ann, bob));
  EXPECT_THAT(Objects("ALTER USER ann@localhost IDENTIFIED BY 'x', 'bob'@'%' ACCOUNT LOCK"),
              ElementsAre(ann, bob));
  EXPECT_THAT(Objects("DROP USER ann@localhost, 'bob'@'%'"), ElementsAre(ann, bob));
}

TEST(ClassifyMariadb, KnowsWhatMayRunTwice) {
  for (const char* sql : {"CREATE TABLE IF NOT EXISTS t (a int)", "DROP TABLE IF EXISTS t",
                          "CREATE OR REPLACE VIEW v AS SELECT 1", "ANALYZE TABLE t", "FLUSH TABLES",
                          "GRANT SELECT ON *.* TO a"}) {
    EXPECT_TRUE(Traits(sql).repeatable) << sql;
  }
}

TEST(ClassifyMariadb, KnowsWhatAloneChangesTheSession) {
  for (const char* sql :
       {"SET @x = 1", "SET foreign_key_checks = 0", "USE db", "PREPARE p FROM 'SELECT 1'",
        "SET GLOBAL event_scheduler = ON, SESSION sql_mode = ''"}) {
    EXPECT_TRUE(Traits(sql).sets_session) << sql;
  }
  for (const char* sql : {"SET PASSWORD = PASSWORD('x')", "SET GLOBAL event_scheduler = ON",
                          "UPDATE t SET a = 1", "SELECT @x := 1"})
    EXPECT_FALSE(Traits(sql).sets_session) << sql;
}

}  // namespace
}  // namespace mig
