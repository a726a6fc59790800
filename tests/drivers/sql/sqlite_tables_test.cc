#include "drivers/sql/sqlite_tables.h"

#include <gtest/gtest.h>

namespace mig {
namespace {

TEST(SqliteTables, DroppedAreNamedAsTheSchemaFindsThem) {
  for (const char* sql : {"DROP TABLE a", "drop table IF EXISTS main.A", "DROP TABLE \"a\"",
                          "DROP TABLE main.[A]", "DROP TABLE `a`", "DROP TABLE 'a'"})
    EXPECT_EQ(SqliteTableDropped(sql), "a") << sql;
  EXPECT_EQ(SqliteTableDropped("DROP TABLE \"a\"\"b\""), "a\"b");
  for (const char* sql : {"DROP INDEX a", "DELETE FROM a", "ALTER TABLE a DROP COLUMN b", ""})
    EXPECT_EQ(SqliteTableDropped(sql), "") << sql;
}

TEST(SqliteTables, MadeAreThoseOfCreateAndOfRename) {
  for (const char* sql : {"CREATE TABLE a (id)", "CREATE TABLE IF NOT EXISTS main.a AS SELECT 1",
                          "ALTER TABLE b RENAME TO a", "ALTER TABLE main.\"b\" RENAME TO \"A\""})
    EXPECT_EQ(SqliteTableMade(sql), "a") << sql;
  for (const char* sql : {"CREATE TEMP TABLE a (id)", "CREATE INDEX a ON b (c)",
                          "ALTER TABLE a RENAME COLUMN b TO c", "ALTER TABLE a RENAME b TO c"})
    EXPECT_EQ(SqliteTableMade(sql), "") << sql;
}

}  // namespace
}  // namespace mig
