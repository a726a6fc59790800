#include "drivers/sql/destruction.h"

#include <gtest/gtest.h>

namespace mig {
namespace {

constexpr Dialect kPostgresql = Dialect::kPostgresql;
constexpr Dialect kSqlite = Dialect::kSqlite;
constexpr Dialect kMariadb = Dialect::kMariadb;

// "drop_table a, drop_column a.b".
std::string Of(Dialect dialect, std::string_view statement) {
  std::string text;
  for (const Destruction& one : DestructionsOf(dialect, statement)) {
    text += (text.empty() ? "" : ", ") + one.kind + (one.object.empty() ? "" : " " + one.object);
  }
  return text;
}

TEST(Destruction, NamesEachObjectThatIsDropped) {
  EXPECT_EQ(Of(kPostgresql, "DROP TABLE IF EXISTS a, shop.\"B c\" CASCADE"),
            "drop_table a, drop_table shop.\"B c\"");
  EXPECT_EQ(Of(kPostgresql, "drop /* x */ foreign table f"), "drop_table f");
  EXPECT_EQ(Of(kPostgresql, "DROP SCHEMA shop CASCADE"), "drop_schema shop");
  EXPECT_EQ(Of(kPostgresql, "DROP DATABASE shop"), "drop_database shop");
  EXPECT_EQ(Of(kPostgresql, "DROP DOMAIN email"), "drop_type email");
  EXPECT_EQ(Of(kPostgresql, "DROP EXTENSION hstore"), "drop_extension hstore");
  EXPECT_EQ(Of(kPostgresql, "DROP OWNED BY ann"), "drop_owned ann");
  EXPECT_EQ(Of(kPostgresql, "DROP VIEW IF EXISTS v.w CASCADE"), "drop_cascade v.w");
  EXPECT_EQ(Of(kMariadb, "DROP SCHEMA shop"), "drop_database shop");
  EXPECT_EQ(Of(kMariadb, "CREATE OR REPLACE TABLE t (id int)"), "drop_table t");
  EXPECT_EQ(Of(kMariadb, "CREATE OR REPLACE DATABASE shop"), "drop_database shop");
  EXPECT_EQ(Of(kMariadb, "ALTER TABLE t DISCARD TABLESPACE"), "truncate t");
  EXPECT_EQ(Of(kSqlite, "DROP TABLE [my table]"), "drop_table [my table]");
}

TEST(Destruction, LeavesAloneWhatHoldsNoData) {
  for (const char* sql :
       {"DROP VIEW v", "DROP INDEX i", "DROP FUNCTION f(integer)", "DROP TRIGGER g ON t",
        "ALTER TABLE t DROP CONSTRAINT c", "ALTER TABLE t ALTER COLUMN a DROP NOT NULL",
        "ALTER TABLE t ALTER a DROP DEFAULT, ADD COLUMN dropped text",
        "CREATE TABLE t (dropped integer)", "INSERT INTO t VALUES ('DROP TABLE x')",
        "SELECT 1 -- DROP TABLE x", "COMMENT ON TABLE t IS 'TRUNCATE t'", ""}) {
    EXPECT_EQ(Of(kPostgresql, sql), "") << sql;
  }
  for (const char* sql : {"ALTER TABLE t DROP INDEX i", "ALTER TABLE t DROP PRIMARY KEY",
                          "ALTER TABLE t DROP FOREIGN KEY f", "DROP TEMPORARY TABLE x"}) {
    EXPECT_EQ(Of(kMariadb, sql), "") << sql;
  }
}

TEST(Destruction, OfColumnsIsFoundAmongOtherChanges) {
  EXPECT_EQ(Of(kPostgresql,
               "ALTER TABLE ONLY shop.t ADD COLUMN x numeric(3, 2), DROP COLUMN IF EXISTS a, "
               "DROP b CASCADE, DROP CONSTRAINT c"),
            "drop_column shop.t.a, drop_column shop.t.b");
  EXPECT_EQ(Of(kSqlite, "ALTER TABLE t DROP COLUMN a"), "drop_column t.a");
  EXPECT_EQ(Of(kMariadb, "ALTER TABLE t DROP a, DROP KEY k"), "drop_column t.a");
  EXPECT_EQ(Of(kPostgresql, "ALTER TYPE address DROP ATTRIBUTE street"),
            "drop_column address.street");
  EXPECT_EQ(Of(kMariadb, "ALTER TABLE t DROP PARTITION p0"), "drop_partition t");
  EXPECT_EQ(Of(kMariadb, "ALTER TABLE t DROP SYSTEM VERSIONING"), "drop_history t");
}

TEST(Destruction, OfColumnsIsFoundWhateverTheyAreCalled) {
  EXPECT_EQ(Of(kPostgresql, "ALTER TABLE t DROP key CASCADE, DROP index RESTRICT, DROP period"),
            "drop_column t.key, drop_column t.index, drop_column t.period");
  EXPECT_EQ(Of(kMariadb, "ALTER TABLE t DROP INDEX i, DROP period"), "drop_column t.period");
}

TEST(Destruction, OfRowsThatANewDefinitionOfTheTableDoesNotKeep) {
  for (const char* sql :
       {"ALTER IGNORE TABLE t ADD UNIQUE (e)", "ALTER ONLINE IGNORE TABLE t ADD PRIMARY KEY (e)",
        "ALTER IGNORE TABLE t ADD COLUMN x int NOT NULL UNIQUE",
        "ALTER IGNORE TABLE IF EXISTS t WAIT 5 ADD CONSTRAINT u UNIQUE KEY (e)",
        "ALTER TABLE t ENGINE=BLACKHOLE", "ALTER TABLE t ADD COLUMN engine int, ENGINE `blackhole`",
        "ALTER TABLE t COMMENT='x' ENGINE = 'Blackhole'"}) {
    EXPECT_EQ(Of(kMariadb, sql), "delete_all t") << sql;
  }
  for (const char* sql : {"ALTER TABLE t ADD UNIQUE (e)", "ALTER IGNORE TABLE t ADD COLUMN x int",
                          "ALTER TABLE t ENGINE=InnoDB", "ALTER TABLE t COMMENT='ENGINE=BLACKHOLE'",
                          "CREATE TABLE t (id int) ENGINE=BLACKHOLE"}) {
    EXPECT_EQ(Of(kMariadb, sql), "") << sql;
  }
}

TEST(Destruction, IsFoundBehindHowLongToWait) {
  EXPECT_EQ(Of(kMariadb, "ALTER TABLE t NOWAIT DROP COLUMN a, MODIFY b tinyint"),
            "drop_column t.a, change_type t.b");
  EXPECT_EQ(Of(kMariadb, "ALTER TABLE IF EXISTS s.t WAIT 10 DROP PARTITION p0"),
            "drop_partition s.t");
}

TEST(Destruction, OfValuesByANarrowerType) {
  EXPECT_EQ(Of(kPostgresql, "ALTER TABLE t ALTER COLUMN a TYPE varchar(10)"), "change_type t.a");
  EXPECT_EQ(Of(kPostgresql, "ALTER TABLE t ALTER a SET DATA TYPE integer USING a::integer"),
            "change_type t.a");
  EXPECT_EQ(Of(kPostgresql, "ALTER TABLE t ALTER a TYPE text, ALTER b TYPE character varying"), "");
  EXPECT_EQ(Of(kPostgresql, "ALTER TABLE t ALTER a TYPE text USING left(a, 3)"), "change_type t.a");
  EXPECT_EQ(Of(kMariadb, "ALTER TABLE t MODIFY COLUMN a tinyint"), "change_type t.a");
}

TEST(Destruction, OfRowsIsWhatHasNoWhere) {
  EXPECT_EQ(Of(kPostgresql, "DELETE FROM ONLY shop.t"), "delete_all shop.t");
  EXPECT_EQ(Of(kPostgresql, "DELETE FROM t WHERE id = 1"), "");
  EXPECT_EQ(Of(kPostgresql, "DELETE FROM t USING (SELECT 1 FROM s WHERE true) x"), "delete_all t");
  EXPECT_EQ(Of(kPostgresql, "UPDATE t SET a = (SELECT max(b) FROM s WHERE s.id = t.id)"),
            "update_all t");
  EXPECT_EQ(Of(kPostgresql, "UPDATE t SET a = 1 WHERE b"), "");
  EXPECT_EQ(Of(kPostgresql, "WITH gone AS (DELETE FROM t RETURNING *) UPDATE s SET a = 1"),
            "delete_all t, update_all s");
  EXPECT_EQ(Of(kPostgresql, "INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 2"), "");
  EXPECT_EQ(Of(kPostgresql, "SELECT * FROM t FOR UPDATE"), "");
  EXPECT_EQ(Of(kPostgresql, "EXPLAIN ANALYZE DELETE FROM t"), "delete_all t");
  EXPECT_EQ(Of(kPostgresql, "EXPLAIN DELETE FROM t"), "");
  EXPECT_EQ(Of(kPostgresql, "TRUNCATE TABLE a, ONLY b RESTART IDENTITY"), "truncate a, truncate b");
  EXPECT_EQ(Of(kSqlite, "UPDATE OR IGNORE t SET a = 1"), "update_all t");
  EXPECT_EQ(Of(kSqlite, "CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM s; END"), "");
}

TEST(Destruction, IsLookedForInBlocks) {
  EXPECT_EQ(Of(kPostgresql,
               "DO $body$ DECLARE x int; BEGIN IF true THEN DROP TABLE a; END IF; DELETE FROM b "
               "WHERE x = 1; INSERT INTO c VALUES (1) ON CONFLICT DO NOTHING; TRUNCATE d; END "
               "$body$"),
            "drop_table a, truncate d");
  EXPECT_EQ(Of(kPostgresql, "DO 'BEGIN EXECUTE x; END'"), "dynamic_sql");
  EXPECT_EQ(Of(kMariadb, "BEGIN NOT ATOMIC IF 1 THEN DROP TABLE a; END IF; DELETE FROM b; END"),
            "drop_table a, delete_all b");
  EXPECT_EQ(Of(kMariadb, "IF @x THEN DROP TABLE a; END IF"), "drop_table a");
  EXPECT_EQ(Of(kMariadb, "x: LOOP DROP TABLE a; LEAVE x; END LOOP"), "drop_table a");
  EXPECT_EQ(Of(kMariadb, "IF x THEN DROP TABLE a; END IF"), "drop_table a");
  EXPECT_EQ(Of(kMariadb, "REPEAT DROP TABLE a; UNTIL 1 END REPEAT"), "drop_table a");
  EXPECT_EQ(Of(kMariadb, "SET STATEMENT max_statement_time = 1 FOR DROP TABLE a"), "drop_table a");
  EXPECT_EQ(
      Of(kMariadb, "SET STATEMENT max_statement_time = 1 FOR FOR i IN 1..2 DO TRUNCATE a; END FOR"),
      "truncate a");
  EXPECT_EQ(Of(kPostgresql, "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DROP TABLE a'"), "");
}

TEST(Destruction, IsLookedForInStatementsWithinStatements) {
  EXPECT_EQ(Of(kPostgresql, "PREPARE q (int) AS DELETE FROM t"), "delete_all t");
  EXPECT_EQ(Of(kPostgresql, "PREPARE q AS DELETE FROM t WHERE id = $1"), "");
  EXPECT_EQ(Of(kPostgresql, "EXECUTE q (1)"), "") << "its PREPARE told";
  EXPECT_EQ(Of(kPostgresql,
               "CREATE TEMP TABLE gone AS WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d"),
            "delete_all t");
  EXPECT_EQ(Of(kPostgresql, "(WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d)"),
            "delete_all t");
  EXPECT_EQ(Of(kPostgresql, "COPY (DELETE FROM t RETURNING *) TO '/tmp/t'"), "delete_all t");
  EXPECT_EQ(Of(kPostgresql,
               "EXPLAIN (ANALYZE) CREATE TABLE x AS WITH d AS (DELETE FROM t RETURNING *) TABLE d"),
            "delete_all t");
  EXPECT_EQ(Of(kMariadb, "SET STATEMENT max_statement_time=1, sort_buffer_size=2 FOR DROP TABLE t"),
            "drop_table t");
  EXPECT_EQ(Of(kMariadb, "SET STATEMENT max_statement_time=1 FOR DELETE FROM t"), "delete_all t");
  EXPECT_EQ(Of(kMariadb, "ANALYZE FORMAT=JSON DELETE FROM t"), "delete_all t");
  EXPECT_EQ(Of(kMariadb, "ANALYZE TABLE t"), "");
}

TEST(Destruction, IsLookedForInStringsThatAreExecuted) {
  EXPECT_EQ(Of(kMariadb, "EXECUTE IMMEDIATE 'DROP TABLE t'"), "drop_table t");
  EXPECT_EQ(Of(kMariadb, "EXECUTE IMMEDIATE \"DELETE FROM t WHERE id = ?\" USING 1"), "");
  EXPECT_EQ(Of(kMariadb, "PREPARE q FROM 'UPDATE t SET a = ''x'' '"), "update_all t");
  for (const char* sql :
       {"EXECUTE IMMEDIATE @sql", "EXECUTE IMMEDIATE CONCAT('DROP ', 'TABLE t')",
        "EXECUTE IMMEDIATE 'DROP ' 'TABLE t'", "EXECUTE IMMEDIATE 'DR\\OP TABLE t'",
        "PREPARE q FROM @sql", "BEGIN NOT ATOMIC PREPARE q FROM x; END"}) {
    EXPECT_EQ(Of(kMariadb, sql), "dynamic_sql") << sql;
  }
  EXPECT_EQ(Of(kPostgresql, "DO $$ BEGIN EXECUTE 'DROP TABLE t'; END $$"), "drop_table t");
  for (const char* sql :
       {"DO $$ BEGIN EXECUTE 'DROP TABLE ' || x; END $$",
        "DO $$ BEGIN FOR r IN EXECUTE x LOOP END LOOP; END $$",
        "DO $$ BEGIN OPEN c FOR EXECUTE x; END $$", "DO 'BEGIN DROP '\n'TABLE t; END'",
        "DO E'BEGIN DR\\x4fP TABLE t; END'"}) {
    EXPECT_EQ(Of(kPostgresql, sql), "dynamic_sql") << sql;
  }
}

TEST(Destruction, OfRowsByAMergeIsWhatNoConditionNarrows) {
  EXPECT_EQ(Of(kPostgresql, "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE"),
            "delete_all t");
  EXPECT_EQ(Of(kPostgresql,
               "MERGE INTO t USING s ON t.id = s.id AND s.b WHEN MATCHED AND s.gone THEN DELETE "
               "WHEN NOT MATCHED BY SOURCE THEN DELETE"),
            "delete_all t");
  EXPECT_EQ(Of(kPostgresql,
               "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED AND s.gone THEN DELETE WHEN "
               "MATCHED THEN UPDATE SET a = s.a WHEN NOT MATCHED THEN INSERT VALUES (s.id)"),
            "");
}

TEST(Destruction, OfWhatIsNestedBeyondReasonCannotBeRead) {
  std::string blocks, deletes;
  for (int i = 0; i < 20; ++i) blocks += "DO $" + std::string(1, static_cast<char>('a' + i)) + "$ ";
  EXPECT_EQ(Of(kPostgresql, blocks + "$"), "");  // never closed
  std::string closed = "DROP TABLE t";
  for (int i = 0; i < 20; ++i) {
    const std::string tag = "$" + std::string(1, static_cast<char>('a' + i)) + "$";
    closed = "DO " + tag + " " + closed + " " + tag;
  }
  EXPECT_EQ(Of(kPostgresql, closed), "dynamic_sql");
  for (int i = 0; i < 5000; ++i) deletes += "(DELETE FROM t WHERE ";
  EXPECT_EQ(Of(kPostgresql, "WITH x AS " + deletes), "");
  for (int i = 0; i < 5000; ++i) deletes += "(UPDATE t ";
  EXPECT_EQ(Of(kPostgresql, "WITH x AS " + deletes), "dynamic_sql");
}

TEST(Destruction, IsFoundBehindManyTokens) {
  std::string sql = "ALTER TABLE t ";
  for (int i = 0; i < 300; ++i) sql += "ADD COLUMN c" + std::to_string(i) + " integer, ";
  EXPECT_EQ(Of(kPostgresql, sql + "DROP COLUMN a"), "drop_column t.a");
}

}  // namespace
}  // namespace mig
