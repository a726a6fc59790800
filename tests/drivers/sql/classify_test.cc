#include "drivers/sql/classify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

namespace mig {

void PrintTo(const Probe& probe, std::ostream* out) {
  *out << "kind " << static_cast<int>(probe.kind) << " of " << probe.schema << "." << probe.name
       << " on " << probe.table;
}

namespace {

constexpr Dialect kPostgresql = Dialect::kPostgresql;
constexpr Dialect kSqlite = Dialect::kSqlite;
constexpr Dialect kMariadb = Dialect::kMariadb;

bool Allowed(Dialect dialect, std::string_view sql) {
  return CheckAllowed(dialect, sql).has_value();
}
bool Inside(Dialect dialect, std::string_view sql) {
  return Classify(dialect, sql).runs_in_transaction;
}
bool Repeatable(Dialect dialect, std::string_view sql) { return Classify(dialect, sql).repeatable; }
Probe ProbeOf(std::string_view sql) { return Classify(kPostgresql, sql).probe; }

TEST(CheckAllowed, RefusesTransactionControlOfPostgresql) {
  for (const char* sql :
       {"BEGIN", "begin /* c */ work", "START TRANSACTION READ ONLY", "COMMIT",
        "commit prepared 'x'", "END", "ABORT", "ROLLBACK", "ROLLBACK AND CHAIN",
        "ROLLBACK PREPARED 'x'", "PREPARE TRANSACTION 'x'",
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET LOCAL TRANSACTION READ ONLY",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "/* c */ DISCARD ALL"}) {
    EXPECT_FALSE(Allowed(kPostgresql, sql)) << sql;
  }
}

TEST(CheckAllowed, LetsSavepointsAndLookalikesPass) {
  for (const char* sql :
       {"SAVEPOINT a", "RELEASE a", "ROLLBACK TO a", "ROLLBACK WORK TO SAVEPOINT a",
        "ROLLBACK TRANSACTION TO a", "PREPARE transaction AS SELECT 1",
        "PREPARE transaction (int) AS SELECT $1", "DISCARD TEMP", "SET search_path TO a",
        "SET ROLE b", "CREATE TEMP TABLE mig_version (id int)", "SELECT 'COMMIT'",
        "CREATE TABLE begin (commit int)"}) {
    EXPECT_TRUE(Allowed(kPostgresql, sql)) << sql;
  }
}

TEST(CheckAllowed, RefusesAdvisoryUnlocksWhereverTheyRun) {
  for (const char* sql : {"SELECT pg_advisory_unlock(1)", "SELECT 1, PG_Advisory_Unlock_All ()",
                          "SELECT pg_catalog.\"pg_advisory_unlock_shared\"(1)",
                          "DO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$",
                          "DO LANGUAGE plpgsql 'BEGIN PERFORM pg_advisory_unlock(1); END'"}) {
    EXPECT_FALSE(Allowed(kPostgresql, sql)) << sql;
  }
  for (const char* sql :
       {"SELECT pg_advisory_lock(1)", "SELECT 'pg_advisory_unlock(1)'",
        "SELECT pg_advisory_unlock FROM t", "DO $$ BEGIN PERFORM pg_advisory_lock(1); END $$",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_unlock(1)'"}) {
    EXPECT_TRUE(Allowed(kPostgresql, sql)) << sql;
  }
}

TEST(CheckAllowed, FollowsEachDialect) {
  for (const char* sql : {"BEGIN IMMEDIATE", "END TRANSACTION", "COMMIT", "rollback"}) {
    EXPECT_FALSE(Allowed(kSqlite, sql)) << sql;
  }
  for (const char* sql : {"SAVEPOINT a", "ROLLBACK TRANSACTION TO SAVEPOINT a", "ROLLBACK TO a",
                          "SELECT pg_advisory_unlock(1)", "ABORT", "EXPLAIN BEGIN"}) {
    EXPECT_TRUE(Allowed(kSqlite, sql)) << sql;
  }
  for (const char* sql : {"BEGIN", "START TRANSACTION", "LOCK TABLES t WRITE", "UNLOCK TABLES",
                          "XA START 'x'", "SET autocommit = 0", "SET @@autocommit = 1",
                          "SELECT RELEASE_LOCK('x')", "/*!40000 UNLOCK TABLES */",
                          "SET TRANSACTION READ ONLY", "FLUSH LOCAL TABLES WITH READ LOCK"}) {
    EXPECT_FALSE(Allowed(kMariadb, sql)) << sql;
  }
  for (const char* sql : {"BEGIN NOT ATOMIC SELECT 1; END", "START SLAVE", "SET NAMES utf8",
                          "SET SESSION TRANSACTION READ ONLY", "FLUSH TABLES t WITH READ LOCK"}) {
    EXPECT_TRUE(Allowed(kMariadb, sql)) << sql;
  }
}

TEST(CheckAllowed, RefusesTemporaryTablesThatMariadbWouldFindInPlaceOfMigs) {
  for (const char* sql : {"CREATE TEMPORARY TABLE mig_version (id int)",
                          "create or replace temporary table if not exists x.`Mig_Log` LIKE y"}) {
    auto refused = CheckAllowed(kMariadb, sql);
    ASSERT_FALSE(refused) << sql;
    EXPECT_THAT(refused.error().message, testing::HasSubstr("would hide the table of that name"));
    EXPECT_EQ(refused.error().hint, "give the temporary table another name");
  }
  EXPECT_TRUE(Allowed(kMariadb, "CREATE TEMPORARY TABLE mig_versions (id int)"));
  EXPECT_TRUE(Allowed(kMariadb, "CREATE TABLE t (mig_version int)"));
}

TEST(CheckAllowed, SaysWhatElseToDoWhereTheTransactionIsNotThePoint) {
  const auto hint_of = [](Dialect dialect, std::string_view sql) {
    const auto allowed = CheckAllowed(dialect, sql);
    return allowed ? "allowed" : allowed.error().hint;
  };
  EXPECT_EQ(hint_of(kPostgresql, "BEGIN"), "");
  EXPECT_EQ(hint_of(kPostgresql, "DISCARD ALL"),
            "leave it out: each revision begins in a clean session");
  EXPECT_THAT(hint_of(kPostgresql, "SELECT pg_advisory_unlock(1)"),
              testing::HasSubstr("pg_advisory_xact_lock"));
  EXPECT_THAT(hint_of(kMariadb, "SELECT RELEASE_LOCK('x')"), testing::HasSubstr("GET_LOCK"));
  EXPECT_EQ(hint_of(kMariadb, "UNLOCK TABLES"),
            "leave it out: each statement takes the locks that it needs");
  EXPECT_THAT(hint_of(kMariadb, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"),
              testing::HasSubstr("SET SESSION TRANSACTION"));
}

TEST(CheckAllowed, NamesTheStatement) {
  auto refused = CheckAllowed(kPostgresql, "rollback and chain");
  EXPECT_EQ(refused.error().reason, Reason::kSqlTransactionControl);
  EXPECT_EQ(refused.error().details["statement"], "ROLLBACK and");
  EXPECT_THAT(refused.error().message, testing::StartsWith("`ROLLBACK and` would change"));
}

TEST(Classify, KnowsWhatPostgresqlRefusesInATransactionBlock) {
  for (const char* sql :
       {"CREATE INDEX CONCURRENTLY a ON b (c)",
        "create unique index /* c */ concurrently on b (c)",
        "DROP INDEX CONCURRENTLY a",
        "REINDEX INDEX CONCURRENTLY a",
        "REINDEX (CONCURRENTLY) TABLE a",
        "REINDEX (VERBOSE, CONCURRENTLY true) TABLE a",
        "REINDEX SCHEMA a",
        "REINDEX DATABASE a",
        "REINDEX (VERBOSE) SYSTEM a",
        "VACUUM",
        "VACUUM (ANALYZE) a",
        "CREATE DATABASE a",
        "DROP DATABASE IF EXISTS a",
        "CREATE TABLESPACE a LOCATION '/x'",
        "DROP TABLESPACE a",
        "ALTER SYSTEM SET work_mem = '1GB'",
        "ALTER DATABASE a SET TABLESPACE b",
        "CLUSTER",
        "CLUSTER VERBOSE",
        "CLUSTER (VERBOSE)",
        "CREATE SUBSCRIPTION a CONNECTION 'x' PUBLICATION b",
        "CREATE SUBSCRIPTION a CONNECTION 'x' PUBLICATION b WITH (create_slot = true)",
        "DROP SUBSCRIPTION a",
        "ALTER SUBSCRIPTION a REFRESH PUBLICATION",
        "ALTER SUBSCRIPTION a SET PUBLICATION b",
        "ALTER TABLE a DETACH PARTITION b CONCURRENTLY"}) {
    EXPECT_FALSE(Inside(kPostgresql, sql)) << sql;
  }
}

TEST(Classify, KnowsWhatPostgresqlRunsInATransactionBlock) {
  for (const char* sql :
       {"CREATE INDEX concurrently_not ON b (concurrently)",
        "CREATE INDEX a ON b (c)",
        "DROP INDEX a",
        "REINDEX TABLE a",
        "REINDEX (CONCURRENTLY false) INDEX a",
        "ANALYZE",
        "ALTER DATABASE a SET work_mem = '1GB'",
        "ALTER DATABASE a OWNER TO b",
        "CLUSTER a USING b",
        "CLUSTER VERBOSE a",
        "ALTER TYPE a ADD VALUE 'b'",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY a",
        "ALTER TABLE a DETACH PARTITION b",
        "ALTER TABLE a DETACH PARTITION b FINALIZE",
        "CREATE SUBSCRIPTION a CONNECTION 'x' PUBLICATION b WITH (create_slot = false)",
        "CREATE SUBSCRIPTION a CONNECTION 'x' PUBLICATION b WITH (connect = 'off')",
        "ALTER SUBSCRIPTION a SET PUBLICATION b WITH (refresh = false)",
        "ALTER SUBSCRIPTION a DISABLE",
        "CREATE TABLE database (a int)",
        "SELECT 1"}) {
    EXPECT_TRUE(Inside(kPostgresql, sql)) << sql;
  }
}

TEST(Classify, KnowsWhatSqliteRefusesOrIgnoresInATransaction) {
  for (const char* sql :
       {"VACUUM", "VACUUM INTO 'x'", "ATTACH 'x' AS y", "DETACH y", "PRAGMA foreign_keys = OFF",
        "pragma main.journal_mode(wal)", "PRAGMA synchronous=1", "PRAGMA wal_checkpoint"}) {
    EXPECT_FALSE(Inside(kSqlite, sql)) << sql;
  }
  for (const char* sql : {"PRAGMA foreign_keys", "PRAGMA table_info(a)", "PRAGMA foreign_key_check",
                          "PRAGMA user_version = 3", "CREATE TABLE vacuum_log (a)", "REINDEX"}) {
    EXPECT_TRUE(Inside(kSqlite, sql)) << sql;
  }
}

TEST(Classify, CallsRepeatableOnlyWhatEndsInTheSameState) {
  for (const char* sql : {"VACUUM", "ANALYZE a", "REINDEX TABLE CONCURRENTLY a",
                          "CREATE TABLE IF NOT EXISTS a (b int)", "DROP TABLE IF EXISTS a",
                          "DROP INDEX CONCURRENTLY IF EXISTS a", "ALTER SYSTEM RESET ALL",
                          "ALTER DATABASE a SET TABLESPACE b", "CLUSTER"}) {
    EXPECT_TRUE(Repeatable(kPostgresql, sql)) << sql;
  }
  for (const char* sql : {"CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON b (c)", "CREATE DATABASE a",
                          "DROP INDEX CONCURRENTLY a", "INSERT INTO a VALUES (1)",
                          "ALTER TABLE a DROP COLUMN IF EXISTS b, ADD c int",
                          "ALTER TABLE a DETACH PARTITION b CONCURRENTLY"}) {
    EXPECT_FALSE(Repeatable(kPostgresql, sql)) << sql;
  }
  EXPECT_TRUE(Repeatable(kSqlite, "PRAGMA foreign_keys = OFF"));
  EXPECT_FALSE(Repeatable(kSqlite, "DETACH a"));
}

TEST(Classify, ProbesForIndexesBuiltConcurrently) {
  EXPECT_EQ(ProbeOf("CREATE INDEX CONCURRENTLY Products_Name ON Shop.\"Pro\"\"ducts\" (name)"),
            (Probe{Probe::Kind::kIndexCreated, "shop", "products_name", "Pro\"ducts"}));
  EXPECT_EQ(ProbeOf("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a ON ONLY b USING btree (c)"),
            (Probe{Probe::Kind::kIndexCreated, "", "a", "b"}));
  EXPECT_EQ(ProbeOf("CREATE INDEX CONCURRENTLY ON ONLY shop.b (c)"),
            (Probe{Probe::Kind::kIndexAdded, "shop", "b", ""}));
  EXPECT_EQ(ProbeOf("DROP INDEX CONCURRENTLY IF EXISTS shop.a CASCADE"),
            (Probe{Probe::Kind::kIndexDropped, "shop", "a", ""}));
  EXPECT_EQ(ProbeOf("DROP INDEX CONCURRENTLY a"), (Probe{Probe::Kind::kIndexDropped, "", "a", ""}));
}

TEST(Classify, ProbesForDatabasesAndTablespaces) {
  EXPECT_EQ(ProbeOf("CREATE DATABASE Shop OWNER x"),
            (Probe{Probe::Kind::kDatabaseCreated, "", "shop", ""}));
  EXPECT_EQ(ProbeOf("DROP DATABASE IF EXISTS \"Shop\" WITH (FORCE)"),
            (Probe{Probe::Kind::kDatabaseDropped, "", "Shop", ""}));
  EXPECT_EQ(ProbeOf("CREATE TABLESPACE fast LOCATION '/x'"),
            (Probe{Probe::Kind::kTablespaceCreated, "", "fast", ""}));
  EXPECT_EQ(ProbeOf("DROP TABLESPACE fast"),
            (Probe{Probe::Kind::kTablespaceDropped, "", "fast", ""}));
}

TEST(Classify, ProbesForSubscriptionsPartitionsAndWhatAReindexLeaves) {
  EXPECT_EQ(ProbeOf("CREATE SUBSCRIPTION Sub CONNECTION 'x' PUBLICATION p"),
            (Probe{Probe::Kind::kSubscriptionCreated, "", "sub", ""}));
  EXPECT_EQ(ProbeOf("DROP SUBSCRIPTION IF EXISTS sub"),
            (Probe{Probe::Kind::kSubscriptionDropped, "", "sub", ""}));
  EXPECT_EQ(ProbeOf("ALTER TABLE shop.a DETACH PARTITION shop.a_1 CONCURRENTLY"),
            (Probe{Probe::Kind::kPartitionDetached, "shop", "a_1", ""}));
  EXPECT_EQ(ProbeOf("REINDEX INDEX CONCURRENTLY shop.i"),
            (Probe{Probe::Kind::kIndexReindexed, "shop", "i", ""}));
  EXPECT_EQ(ProbeOf("REINDEX (VERBOSE, CONCURRENTLY) TABLE a"),
            (Probe{Probe::Kind::kTableReindexed, "", "a", ""}));
  EXPECT_EQ(ProbeOf("REINDEX SCHEMA CONCURRENTLY shop"),
            (Probe{Probe::Kind::kSchemaReindexed, "", "shop", ""}));
  EXPECT_EQ(ProbeOf("REINDEX DATABASE CONCURRENTLY shop"),
            (Probe{Probe::Kind::kDatabaseReindexed, "", "", ""}));
  EXPECT_EQ(ProbeOf("REINDEX TABLE a"), Probe{});
}

TEST(Classify, KnowsWhatRunsConcurrentlyAndWhatFailsWholly) {
  for (const char* sql :
       {"CREATE INDEX CONCURRENTLY a ON b (c)", "DROP INDEX CONCURRENTLY a",
        "REINDEX INDEX CONCURRENTLY a", "ALTER TABLE a DETACH PARTITION b CONCURRENTLY"}) {
    EXPECT_TRUE(Classify(kPostgresql, sql).concurrently) << sql;
    EXPECT_FALSE(Classify(kPostgresql, sql).fails_wholly) << sql;
  }
  for (const char* sql : {"CREATE DATABASE a", "ALTER SYSTEM RESET ALL", "DROP SUBSCRIPTION a",
                          "CREATE TABLESPACE a LOCATION '/x'"}) {
    EXPECT_FALSE(Classify(kPostgresql, sql).concurrently) << sql;
    EXPECT_TRUE(Classify(kPostgresql, sql).fails_wholly) << sql;
  }
  EXPECT_FALSE(Classify(kPostgresql, "VACUUM a, b").fails_wholly);
  EXPECT_TRUE(Classify(kSqlite, "VACUUM").fails_wholly);
}

TEST(ShapeOfQuery, CountsTheColumnsThatTheTextTells) {
  const auto columns = [](std::string_view sql) {
    const QueryShape shape = ShapeOfQuery(kSqlite, sql);
    return shape.kind == QueryShape::Kind::kQuery ? shape.columns : -1;
  };
  EXPECT_EQ(columns("SELECT count(*) = 0 FROM a"), 1);
  EXPECT_EQ(columns("select distinct a, (b, c) from t"), 2);
  EXPECT_EQ(columns("SELECT * FROM a"), 0);
  EXPECT_EQ(columns("SELECT 1, a.* FROM a"), 0);
  EXPECT_EQ(columns("SELECT 2 * 3 * count(*)"), 1);
  EXPECT_EQ(columns("SELECT a IS DISTINCT FROM b, c FROM t"), 2);
  EXPECT_EQ(columns("(SELECT 1)"), 1);
  EXPECT_EQ(columns("WITH x(a, b) AS (SELECT 1, 2), y AS (SELECT 3) SELECT a FROM x, y"), 1);
  EXPECT_EQ(columns("VALUES (1, 2), (3, 4)"), 2);
  EXPECT_EQ(columns("SELECT CASE WHEN a THEN b ELSE c END FROM t"), 1);
}

TEST(ShapeOfQuery, KnowsWhatAnswersNothingAndWhatCannotBeWrapped) {
  const auto kind = [](std::string_view sql) { return ShapeOfQuery(kPostgresql, sql).kind; };
  EXPECT_EQ(kind("DO $$ BEGIN RAISE EXCEPTION 'no'; END $$"), QueryShape::Kind::kNoQuery);
  EXPECT_EQ(kind("INSERT INTO a SELECT 1"), QueryShape::Kind::kNoQuery);
  EXPECT_EQ(kind("INSERT INTO a VALUES (1) RETURNING 1"), QueryShape::Kind::kUnknown);
  EXPECT_EQ(kind("WITH x AS (SELECT 1) DELETE FROM a RETURNING 1"), QueryShape::Kind::kUnknown);
  EXPECT_EQ(kind("SHOW work_mem"), QueryShape::Kind::kUnknown);
  EXPECT_EQ(kind("TABLE a"), QueryShape::Kind::kQuery);
  EXPECT_EQ(ShapeOfQuery(kSqlite, "PRAGMA user_version").kind, QueryShape::Kind::kUnknown);
}

TEST(Classify, HasNoProbeWhereLookingCannotTell) {
  EXPECT_EQ(ProbeOf("CREATE INDEX CONCURRENTLY ON U&\"b\" (c)"), Probe{});
  EXPECT_EQ(ProbeOf("CREATE INDEX CONCURRENTLY U&\"d\\0061t\" ON b (c)"), Probe{});
  EXPECT_EQ(ProbeOf("CREATE INDEX a ON b (c)"), Probe{});
  EXPECT_EQ(ProbeOf("VACUUM"), Probe{});
}

TEST(Classify, CutsLongNamesAsTheCatalogDoes) {
  std::string letters(62, 'x');
  EXPECT_EQ(ProbeOf("DROP DATABASE " + letters + "yz").name, letters + "y");
  EXPECT_EQ(ProbeOf("DROP DATABASE " + letters + "é").name, letters);
}

TEST(DisplayVerb, IsKeywordsAndTheFirstName) {
  auto verb = [](std::string_view sql) { return DisplayVerb(kPostgresql, sql); };
  EXPECT_EQ(verb("create table products (id bigint)"), "CREATE TABLE products");
  EXPECT_EQ(verb("Create Unique Index Concurrently if not exists A_b on c (d)"),
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS A_b");
  EXPECT_EQ(verb("ALTER TABLE ONLY shop.\"My Table\" ADD COLUMN a int"),
            "ALTER TABLE ONLY shop.\"My Table\"");
  EXPECT_EQ(verb("INSERT INTO a SELECT 1"), "INSERT INTO a");
  EXPECT_EQ(verb("/* why */ VACUUM"), "VACUUM");
  EXPECT_EQ(verb("(SELECT secret FROM t)"), "SELECT");
  EXPECT_EQ(DisplayVerb(kMariadb, "/*!40101 SET NAMES utf8 */"), "SET NAMES");
  EXPECT_EQ(verb(""), "");
}

TEST(DisplayVerb, ShowsNoLiteralAndNothingBehindTheName) {
  for (const char* sql :
       {"ALTER ROLE bob PASSWORD 'hunter2'", "SET shop.key TO hunter2", "SET key = 'hunter2'",
        "CREATE USER bob PASSWORD $$hunter2$$", "SELECT 'hunter2'", "SELECT hunter2",
        "COMMENT ON TABLE a IS 'hunter2'", "DO $$ hunter2 $$", "'hunter2'", "VALUES (1, 'hunter2')",
        "COPY a FROM '/hunter2'", "CREATE SUBSCRIPTION a CONNECTION 'password=hunter2'"}) {
    EXPECT_THAT(DisplayVerb(kPostgresql, sql), testing::Not(testing::HasSubstr("hunter2"))) << sql;
  }
}

TEST(DisplayKeywords, LeaveTheNameOut) {
  EXPECT_EQ(DisplayKeywords(kPostgresql, "create index concurrently if not exists a on b (c)"),
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS");
  EXPECT_EQ(DisplayKeywords(kMariadb, "(SELECT a FROM b)"), "SELECT");
  EXPECT_EQ(DisplayKeywords(kPostgresql, "DROP TABLE \"hunter2\""), "DROP TABLE");
  EXPECT_EQ(DisplayKeywords(kPostgresql, "ALTER TABLE table.hunter2 ADD a integer"), "ALTER TABLE");
  EXPECT_EQ(DisplayKeywords(kPostgresql, "hunter2"), "");
  EXPECT_EQ(DisplayKeywords(kPostgresql, ""), "");
}

TEST(DisplayVerb, FitsALineOfAnyTerminal) {
  std::string name(100, 'x');
  EXPECT_EQ(DisplayVerb(kPostgresql, "DROP TABLE " + name),
            "DROP TABLE " + name.substr(0, 46) + "...");
  EXPECT_EQ(DisplayVerb(kPostgresql, "DROP TABLE \"a\n\x1b[31mb\xff\""),
            "DROP TABLE \"a??[31mb?\"");
  std::string accents;
  for (int i = 0; i < 40; ++i) accents += "é";
  EXPECT_EQ(DisplayVerb(kPostgresql, "DROP TABLE " + accents),
            "DROP TABLE " + accents.substr(0, 46) + "...");
}

}  // namespace
}  // namespace mig
