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

TEST(Locks, OfWhatNobodyCanReadAreNotAnalysed) {
  for (const char* text : {"", "SELECT (", "CREATE TABLE", "\xff\xfe", "SELECT 1; SELECT 2"}) {
    for (const Dialect dialect : {Dialect::kPostgresql, Dialect::kMariadb})
      EXPECT_FALSE(LocksOf(dialect, text).analysed) << text;
  }
}

}  // namespace
}  // namespace mig
