// What keeps mig's own rows from being written by anybody but the holder of the lease, over the
// versions it saw: on real servers, beside others who change them.
#include "daemon/own_rows.h"

#include <gtest/gtest.h>

#include "tests/daemon/scene.h"

namespace mig {
namespace {

class OwnRowsTest : public testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override {
    scene_.Draw("a");
    ASSERT_EQ(scene_.Upgrade(), "done");
    token_ = std::stoll(scene_.Column("SELECT token FROM mig_lease"));
    a_ = *Id::FromHex(scene_.Column("SELECT id FROM mig_version"));
    ours_ = scene_.OpenOwn();
    const bool mariadb = GetParam() == Dialect::kMariadb;
    other_ = scene_.OpenOwn();
    MustExecute(*other_,
                {mariadb ? "SET innodb_lock_wait_timeout = 1" : "SET lock_timeout = '100ms'"});
    // The level at which reading takes no locks.
    MustExecute(*ours_, {mariadb ? "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
                                 : "SET default_transaction_isolation = 'read committed'"});
  }
  // What a transaction of rows over these versions, with this token, ends with.
  std::string Guarded(std::int64_t token, const std::vector<Id>& versions) {
    EXPECT_TRUE(ours_->Begin());
    const auto ran = ours_->Execute(book_.RequireRun(token, versions));
    EXPECT_TRUE(ours_->Rollback());
    return ran ? "passes" : std::string(InfoOf(ran.error().reason).text);
  }

  Scene scene_{GetParam()};
  const Bookkeeping book_{GetParam(), ""};
  std::int64_t token_ = 0;
  Id a_;
  std::unique_ptr<Session> ours_;
  std::unique_ptr<Session> other_;
};

TEST_P(OwnRowsTest, NeedTheLeaseAndTheVersionsTheyReplace) {
  Id other;
  EXPECT_EQ(Guarded(token_, {a_}), "passes");
  EXPECT_EQ(Guarded(token_, {}), "passes");
  EXPECT_EQ(Guarded(token_ + 1, {}), "STATEMENT_FAILED");
  EXPECT_EQ(Guarded(token_, {other}), "STATEMENT_FAILED");
  EXPECT_EQ(Guarded(token_, {a_, other}), "STATEMENT_FAILED");
  scene_.Sql("DELETE FROM mig_lease");
  EXPECT_EQ(Guarded(token_, {a_}), "STATEMENT_FAILED");
}

TEST_P(OwnRowsTest, HoldThemUntilTheyAreCommitted) {
  ASSERT_TRUE(ours_->Begin());
  MustExecute(*ours_, book_.RequireRun(token_, {a_}));
  for (const char* change : {"UPDATE mig_lease SET token = token + 1", "DELETE FROM mig_version"})
    EXPECT_EQ(ErrorOf(other_->Execute({change})).reason, Reason::kDatabaseBusy) << change;
  ASSERT_TRUE(ours_->Commit());
  MustExecute(*other_, {"UPDATE mig_lease SET token = token + 1"});
  EXPECT_EQ(Guarded(token_, {a_}), "STATEMENT_FAILED");
}

INSTANTIATE_TEST_SUITE_P(Servers, OwnRowsTest,
                         testing::Values(Dialect::kPostgresql, Dialect::kMariadb),
                         [](const auto& dialect) { return std::string(NameOf(dialect.param)); });

}  // namespace
}  // namespace mig
