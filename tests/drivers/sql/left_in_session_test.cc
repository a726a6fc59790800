#include "drivers/sql/left_in_session.h"

#include <gmock/gmock.h>

namespace mig {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

LeftInSession LeftBy(std::string_view statement) {
  LeftInSession left;
  CollectLeft(statement, left);
  return left;
}

TEST(LeftInSession, AreVariablesAsTheyAreWritten) {
  EXPECT_THAT(LeftBy("SET @a = 1, @`b c` := @'d' + @A, x = @@y").variables,
              ElementsAre("@'d'", "@A", "@`b c`", "@a"));
  EXPECT_THAT(LeftBy("SELECT count(*) INTO @n FROM t").variables, ElementsAre("@n"));
}

TEST(LeftInSession, AreNoAccountsStringsAndComments) {
  EXPECT_THAT(LeftBy("GRANT ALL ON t TO ann@localhost, 'bob'@'%' /* @c */ -- @d").variables,
              IsEmpty());
  EXPECT_THAT(LeftBy("SELECT '@a', `@b`").variables, IsEmpty());
}

TEST(LeftInSession, AreTemporaryTables) {
  EXPECT_THAT(LeftBy("CREATE TEMPORARY TABLE a (b int)").temporary_tables, ElementsAre("a"));
  EXPECT_THAT(
      LeftBy("create or replace temporary table if not exists d.`a;b` LIKE c").temporary_tables,
      ElementsAre("a;b"));
  EXPECT_THAT(LeftBy("CREATE TABLE temporary (b int)").temporary_tables, IsEmpty());
  EXPECT_THAT(LeftBy("DROP TEMPORARY TABLE a").temporary_tables, IsEmpty());
}

}  // namespace
}  // namespace mig
