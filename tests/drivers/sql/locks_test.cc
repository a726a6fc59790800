#include "drivers/sql/locks.h"

#include "tests/drivers/sql/locks_cases.h"

namespace mig {
namespace {

class Locks : public testing::TestWithParam<Dialect> {};
INSTANTIATE_TEST_SUITE_P(Engines, Locks,
                         testing::Values(Dialect::kPostgresql, Dialect::kSqlite, Dialect::kMariadb),
                         [](const auto& engine) { return std::string(NameOf(engine.param)); });

TEST_P(Locks, AreThoseOfTheManual) {
  const std::string name(NameOf(GetParam()));
  for (const LocksCase& one :
       LocksCases(std::string(MIG_TEST_DATA "/drivers/sql/locks/") + name + ".txt")) {
    EXPECT_EQ(SentenceOf(LocksOf(GetParam(), one.statement)), one.sentence) << one.statement;
  }
}

TEST(Locks, QuoteNamesThatNeedIt) {
  const StatementLocks locks = LocksOf(Dialect::kPostgresql, "DROP TABLE \"My\"\"Shop\".\"T\", u");
  ASSERT_EQ(locks.locks.size(), 2U);
  EXPECT_EQ(locks.locks[0], (LockTaken{"ACCESS EXCLUSIVE", "\"My\"\"Shop\".\"T\""}));
}

TEST(Locks, OfAPartitionedIndexLetItsReadersInWhileAnotherIsAttached) {
  EXPECT_EQ(SentenceOf(LocksOf(Dialect::kPostgresql, "ALTER INDEX i ATTACH PARTITION part_i")),
            "SHARE UPDATE EXCLUSIVE on i, ACCESS EXCLUSIVE on part_i");
}

TEST(Locks, OfAnIndexDependOnTheOptionThatIsSet) {
  const auto sentence = [](const std::string& change) {
    return SentenceOf(LocksOf(Dialect::kPostgresql, "ALTER INDEX i " + change));
  };
  EXPECT_EQ(sentence("SET (fillfactor = 70, deduplicate_items = off)"),
            "SHARE UPDATE EXCLUSIVE on i");
  EXPECT_EQ(sentence("ALTER COLUMN 1 SET STATISTICS 500"), "SHARE UPDATE EXCLUSIVE on i");
  EXPECT_EQ(sentence("SET (fastupdate = off)"), "ACCESS EXCLUSIVE on i");
  EXPECT_EQ(sentence("SET TABLESPACE fast"), "ACCESS EXCLUSIVE on i; rewrites the table");
}

TEST(Locks, OfWhatNobodyCanReadAreNotAnalysed) {
  for (const char* text : {"", "SELECT (", "CREATE TABLE", "\xff\xfe", "SELECT 1; SELECT 2"}) {
    for (const Dialect dialect : {Dialect::kPostgresql, Dialect::kMariadb})
      EXPECT_FALSE(LocksOf(dialect, text).analysed) << text;
  }
}

// What is analysed is analysed on the stack of any thread, however deep it is.
TEST(Locks, OfDeepStatementsAreAnalysedUpToALength) {
  const auto repeated = [](std::string_view text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  };
  const std::string sum = "SELECT 1" + repeated("+1", 8000);
  const std::string nested =
      "SELECT ARRAY" + repeated("[", 4900) + repeated("]", 4900) + " FROM users";
  EXPECT_EQ(SentenceOf(LocksOf(Dialect::kPostgresql, sum)), "none");
  EXPECT_EQ(SentenceOf(LocksOf(Dialect::kPostgresql, nested)), "ACCESS SHARE on users");
  EXPECT_EQ(SentenceOf(LocksOf(Dialect::kPostgresql,
                               "ALTER TABLE t ADD COLUMN c int DEFAULT 1" + repeated("+1", 8000))),
            "ACCESS EXCLUSIVE on t");
  const std::string longer = "SELECT 1" + repeated("+1", 120000);
  EXPECT_FALSE(LocksOf(Dialect::kPostgresql, longer).analysed);
}

}  // namespace
}  // namespace mig
