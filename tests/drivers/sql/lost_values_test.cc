#include "drivers/sql/lost_values.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace mig {
namespace {

std::string FirstLost(std::initializer_list<const char*> ran,
                      std::initializer_list<const char*> to_come) {
  LostValues lost;
  for (const char* statement : ran) lost.Ran(statement);
  for (const char* statement : to_come) {
    if (std::string value = lost.ReadBy(statement); !value.empty()) return value;
  }
  return "";
}

TEST(LostValues, AreThoseThatNoSetBringsBack) {
  for (const char* assigns :
       {"SELECT id INTO @Id FROM t", "SELECT a, b INTO @x, @id FROM t", "SELECT @id := 1",
        "SET @id = UUID()", "SET @a = 1, @id = NEXT VALUE FOR s", "CALL p(@id)",
        "BEGIN NOT ATOMIC SET @id = 1; END",
        "SET STATEMENT max_statement_time = 1 FOR SELECT 1 "
        "INTO @`id`"}) {
    EXPECT_EQ(FirstLost({assigns}, {"SELECT 1", "INSERT INTO t VALUES (@id)"}), "@id") << assigns;
  }
  for (const char* assigns :
       {"SET @id = 1", "SET @id := concat('a', @b), sql_mode = ''", "SET @id = @@sql_mode",
        "SET @id = (SELECT id FROM t WHERE name = '@id')", "SELECT @id"}) {
    EXPECT_EQ(FirstLost({assigns}, {"INSERT INTO t VALUES (@id)"}), "") << assigns;
  }
}

TEST(LostValues, AreThoseOfAnInsertAndWhatIsMadeOfThem) {
  const char* const insert = "INSERT INTO t (a) VALUES (1)";
  EXPECT_EQ(FirstLost({insert}, {"INSERT INTO u VALUES (LAST_INSERT_ID())"}), "LAST_INSERT_ID()");
  EXPECT_EQ(FirstLost({insert}, {"SELECT @@last_insert_id"}), "LAST_INSERT_ID()");
  EXPECT_EQ(FirstLost({insert, "SET @t = LAST_INSERT_ID()", "SET @u = @t + 1"}, {"SELECT @u"}),
            "@u");
  EXPECT_EQ(FirstLost({insert}, {insert, "INSERT INTO u VALUES (LAST_INSERT_ID())"}), "");
  EXPECT_EQ(
      FirstLost({insert}, {"UPDATE t SET a = LAST_INSERT_ID(a + 1)", "SELECT LAST_INSERT_ID()"}),
      "");
  EXPECT_EQ(FirstLost({"SET @t = LAST_INSERT_ID()"}, {"SELECT @t"}), "");
}

TEST(LostValues, AreNotLostForWhoAssignsThemAnew) {
  const char* const lose = "SELECT 1 INTO @a";
  EXPECT_EQ(FirstLost({lose}, {"SET @a = 2, @b = @a", "SELECT @a"}), "");
  EXPECT_EQ(FirstLost({lose, "SET @a = 2"}, {"SELECT @a"}), "");
  EXPECT_EQ(FirstLost({lose}, {"SET @a = @a + 1"}), "@a");
  EXPECT_EQ(FirstLost({lose}, {"SELECT b INTO @a FROM t WHERE c = @a"}), "@a");
  EXPECT_EQ(FirstLost({lose}, {"CREATE PROCEDURE p() SELECT @a", "GRANT r TO x@a"}), "");
  EXPECT_EQ(FirstLost({lose}, {"CREATE TABLE t AS SELECT @a"}), "@a");
}

}  // namespace
}  // namespace mig
