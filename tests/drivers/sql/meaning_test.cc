#include "drivers/sql/meaning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/drivers/sql/split_cases.h"

namespace mig {
namespace {

constexpr Dialect kPostgresql = Dialect::kPostgresql;
constexpr Dialect kSqlite = Dialect::kSqlite;
constexpr Dialect kMariadb = Dialect::kMariadb;

std::string Meaning(Dialect dialect, std::string_view sql) {
  return MeaningText(dialect, sql).value();
}

TEST(Meaning, IsTheTokensOfEachStatement) {
  EXPECT_EQ(Meaning(kPostgresql, "CREATE TABLE  a(b\tint); -- why\nSELECT 'x  y'"),
            "create table a ( b int ) ;\nselect 'x  y' ;\n");
}

TEST(Meaning, IsTheSameAfterACosmeticEdit) {
  const std::string original = Meaning(kPostgresql, "CREATE TABLE a (b int, c text);SELECT 1");
  EXPECT_EQ(original,
            Meaning(kPostgresql,
                    "\n-- a comment\ncreate Table A (\n  B int,\n  c TEXT /* c */\n)\n;;\n"
                    "SELECT 1;\n"));
}

TEST(Meaning, ChangesWithEveryToken) {
  const std::string original = Meaning(kPostgresql, "SELECT a, 'b' FROM \"C\"");
  for (const char* edited :
       {"SELECT a, 'B' FROM \"C\"", "SELECT a, 'b' FROM \"c\"", "SELECT a, 'b ' FROM \"C\"",
        "SELECT a 'b' FROM \"C\"", "SELECT a, E'b' FROM \"C\"", "SELECT a; 'b' FROM \"C\"",
        "SELECT a, 'b' FROM C"}) {
    EXPECT_NE(original, Meaning(kPostgresql, edited)) << edited;
  }
}

TEST(Meaning, TellsTokensApartThatOnlyWhiteSpaceSeparates) {
  EXPECT_NE(Meaning(kPostgresql, "SELECT 1 - -1"), Meaning(kPostgresql, "SELECT 1 @- 1"));
  EXPECT_NE(Meaning(kPostgresql, "SELECT N'a'"), Meaning(kPostgresql, "SELECT N 'a'"));
  EXPECT_NE(Meaning(kPostgresql, "SELECT 'a' 'b'"), Meaning(kPostgresql, "SELECT 'a'\n'b'"));
  EXPECT_NE(Meaning(kPostgresql, "SELECT a : : b"), Meaning(kPostgresql, "SELECT a::b"));
  EXPECT_EQ(Meaning(kPostgresql, "SELECT a*-1"), Meaning(kPostgresql, "SELECT a * - 1"));
  EXPECT_NE(Meaning(kMariadb, "SELECT COUNT (*)"), Meaning(kMariadb, "SELECT COUNT(*)"));
}

TEST(Meaning, ReadsAContinuedStringAsItsPieces) {
  EXPECT_EQ(Meaning(kPostgresql, "SELECT 'a'\n\n  -- it's a comment\n  'b''c'"),
            "select 'a'\n'b''c' ;\n");
  EXPECT_EQ(Meaning(kPostgresql, "SELECT E'a\\'' \r\n 'b\\'c'"), "select E'a\\''\n'b\\'c' ;\n");
}

TEST(Meaning, KeepsCommentsThatAreObeyed) {
  EXPECT_EQ(Meaning(kPostgresql, "/*+ SeqScan(a) */ SELECT /* no */ 1 /*+ x */; /*! y */"),
            "/*+ SeqScan(a) */ select 1 /*+ x */ ;\n/*! y */");
  EXPECT_EQ(Meaning(kSqlite, "SELECT /*M! a */ 1"), "SELECT /*M! a */ 1 ;\n");
}

TEST(Meaning, FoldsCaseOnlyWhereTheServerDoes) {
  EXPECT_EQ(Meaning(kPostgresql, "SELECT Größe, \"A\", X'AB', $T$x$T$, 1E5"),
            "select größe , \"A\" , X'AB' , $T$x$T$ , 1E5 ;\n");
  EXPECT_NE(Meaning(kPostgresql, "SELECT É"), Meaning(kPostgresql, "SELECT é"));
  EXPECT_NE(Meaning(kSqlite, "SELECT a"), Meaning(kSqlite, "SELECT A"));
}

TEST(Meaning, OfNothingIsNothing) { EXPECT_EQ(Meaning(kPostgresql, "-- only a comment\n;;"), ""); }

TEST(Meaning, FailsWithTheSplitter) {
  EXPECT_EQ(MeaningText(kPostgresql, "SELECT '").error().reason, Reason::kSqlUnterminated);
}

// The text is a script with the same tokens, which is why no two meanings share one.
TEST(Meaning, IsItsOwnMeaning) {
  for (Dialect dialect : {kPostgresql, kSqlite}) {
    for (const SplitCase& golden : SplitCases(dialect)) {
      auto once = MeaningText(dialect, ReadFile(golden.sql));
      if (!once) continue;
      EXPECT_EQ(Meaning(dialect, *once), *once) << golden.sql;
    }
  }
}

}  // namespace
}  // namespace mig
