#include "drivers/sql/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>

#include "drivers/sql/position.h"
#include "tests/drivers/sql/split_cases.h"

namespace mig {
namespace {

// Statements one below the other, each under a line that says where it stands; or the error.
std::string Rendered(Dialect dialect, const std::string& sql) {
  auto statements = SplitStatements(dialect, sql);
  if (!statements) {
    const Error& error = statements.error();
    return std::string(InfoOf(error.reason).text) + ": " + error.message + "\n";
  }
  std::string text;
  for (const StatementSpan& span : *statements) {
    Position at = PositionOf(sql, span.begin);
    text += "==== statement at line " + std::to_string(at.line) + ", column " +
            std::to_string(at.column) + "\n";
    text += std::string(span.TextIn(sql)) + "\n";
  }
  return text;
}

class SplitGolden : public testing::TestWithParam<SplitCase> {};

TEST_P(SplitGolden, GivesTheRecordedStatements) {
  std::string rendered = Rendered(GetParam().dialect, ReadFile(GetParam().sql));
  if (std::getenv("MIG_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(GetParam().golden(), std::ios::binary) << rendered;
  }
  ASSERT_TRUE(std::filesystem::exists(GetParam().golden()));
  EXPECT_EQ(rendered, ReadFile(GetParam().golden()));
}

// Splitting a statement again gives that statement, so what the executor sends is one statement to
// every reader.
TEST_P(SplitGolden, EachStatementIsOneStatement) {
  std::string sql = ReadFile(GetParam().sql);
  auto statements = SplitStatements(GetParam().dialect, sql);
  if (!statements) return;
  for (const StatementSpan& span : *statements) {
    std::string text(span.TextIn(sql));
    EXPECT_THAT(SplitStatements(GetParam().dialect, text).value(),
                testing::ElementsAre(StatementSpan{0, text.size()}));
  }
}

// What is left between statements has no token but semicolons.
TEST_P(SplitGolden, LeavesOnlyWhiteSpaceCommentsAndSemicolonsBetween) {
  std::string sql = ReadFile(GetParam().sql);
  auto statements = SplitStatements(GetParam().dialect, sql);
  if (!statements) return;
  std::string gaps;
  std::size_t end = 0;
  for (const StatementSpan& span : *statements) {
    ASSERT_LE(end, span.begin);
    ASSERT_LT(span.begin, span.end);
    gaps += sql.substr(end, span.begin - end) + "\n";
    end = span.end;
  }
  gaps += sql.substr(end);
  EXPECT_THAT(SplitStatements(GetParam().dialect, gaps).value(), testing::IsEmpty()) << gaps;
}

std::string NameOfCase(const testing::TestParamInfo<SplitCase>& info) {
  return std::string(NameOf(info.param.dialect)) + "_" + info.param.sql.stem().string();
}

INSTANTIATE_TEST_SUITE_P(Postgresql, SplitGolden,
                         testing::ValuesIn(SplitCases(Dialect::kPostgresql)), NameOfCase);
INSTANTIATE_TEST_SUITE_P(Sqlite, SplitGolden, testing::ValuesIn(SplitCases(Dialect::kSqlite)),
                         NameOfCase);

INSTANTIATE_TEST_SUITE_P(Mariadb, SplitGolden, testing::ValuesIn(SplitCases(Dialect::kMariadb)),
                         NameOfCase);

TEST(Split, SaysWhatMayStandInPlaceOfACopyFromTheClient) {
  const Error error = SplitStatements(Dialect::kPostgresql, "COPY t FROM stdin;\n1\n\\.\n").error();
  EXPECT_THAT(HintOf(error), testing::HasSubstr("pg_dump --inserts"));
}

TEST(Split, SaysLineAndColumnOfWhatIsNeverClosed) {
  auto statements = SplitStatements(Dialect::kPostgresql, "SELECT 1;\n  SELECT 'é', \"x");
  ASSERT_FALSE(statements);
  EXPECT_EQ(statements.error().reason, Reason::kSqlUnterminated);
  EXPECT_EQ(statements.error().details["line"], "2");
  EXPECT_EQ(statements.error().details["column"], "16");
}

}  // namespace
}  // namespace mig
