// Offline scripts: run by the engine's own client they leave what a run leaves.
#include "daemon/script.h"

#include <gmock/gmock.h>

#include "tests/daemon/scene.h"

namespace mig {
namespace {

using Kind = Operation::Kind;

class ScriptTest : public testing::TestWithParam<Dialect> {
 protected:
  void RunScript(const Operation& operation) {
    EXPECT_EQ(offline_.RunClient(offline_.Script(operation)), 0) << offline_.client_log();
  }
  void Draw(const std::string& graph) {
    offline_.Draw(graph);
    connected_.Draw(graph);
  }

  Scene offline_{GetParam()};
  Scene connected_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, ScriptTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgresql, Dialect::kMariadb),
                         [](const auto& engine) { return std::string(NameOf(engine.param)); });

TEST_P(ScriptTest, UpgradesBranchesAndMergesAsARunDoes) {
  Draw("a; b: a; c: a; m: b c; x: +b");
  RunScript({Kind::kUpgrade, {"heads"}});
  ASSERT_EQ(connected_.Upgrade("heads"), "done");
  EXPECT_EQ(offline_.Everything(), connected_.Everything());
  EXPECT_EQ(offline_.Log(), connected_.Log());
}

TEST_P(ScriptTest, TakesAChainUpAndDown) {
  Draw("a; b: a; c: b");
  RunScript({Kind::kUpgrade, {"c"}});
  RunScript({Kind::kDowngrade, {"c:a"}});
  ASSERT_EQ(connected_.Upgrade("c"), "done");
  ASSERT_EQ(connected_.Downgrade("a"), "done");
  EXPECT_EQ(offline_.Everything(), connected_.Everything());
  EXPECT_EQ(offline_.Log(), connected_.Log());
  RunScript({Kind::kUpgrade, {"a:c"}});
  ASSERT_EQ(connected_.Upgrade("c"), "done");
  EXPECT_EQ(offline_.Everything(), connected_.Everything());
}

TEST_P(ScriptTest, StampsAsARunDoes) {
  Draw("a; b: a");
  RunScript({Kind::kStamp, {"b"}});
  ASSERT_EQ(connected_.Stamp("b"), "done");
  EXPECT_EQ(offline_.Everything(), connected_.Everything());
}

TEST_P(ScriptTest, LeavesRowsThatTheNextRunSeals) {
  Draw("a; b: a");
  ASSERT_EQ(offline_.Upgrade("a"), "done");
  RunScript({Kind::kUpgrade, {"a:b"}});
  EXPECT_EQ(offline_.Column("SELECT count(*) FROM mig_log WHERE hash IS NULL"), "1");
  offline_.Draw("c: b");
  ASSERT_EQ(offline_.Upgrade("c"), "done");
  EXPECT_EQ(offline_.Log(), "upgrade:a:done upgrade:b:done upgrade:c:done");
  offline_.ExpectSound();
}

TEST_P(ScriptTest, SealsALogThatBeganOffline) {
  Draw("a; b: a");
  RunScript({Kind::kUpgrade, {"b"}});
  offline_.Draw("c: b");
  ASSERT_EQ(offline_.Upgrade(), "done");
  offline_.ExpectSound();
  EXPECT_EQ(offline_.Downgrade("base"), "done");
}

TEST_P(ScriptTest, StopsAtAStatementThatFailsAndLeavesNothingOfItsRevision) {
  Draw("a; b: a");
  offline_.Replace("b", "INSERT INTO ran (what)", "INSERT INTO nowhere (what)");
  EXPECT_NE(offline_.RunClient(offline_.Script({Kind::kUpgrade, {"b"}})), 0);
  EXPECT_EQ(offline_.Rows(), "a");
  EXPECT_EQ(offline_.Tables(), offline_.mariadb() ? "a b" : "a");
}

TEST_P(ScriptTest, QuotesWhateverStandsInARevision) {
  offline_.Write("a",
                 "-- message: it's \\ \"quoted\" $1 :x\n\n-- mig:up\nINSERT INTO ran (what) "
                 "VALUES ('it''s \\ \"$1\" :x ; -- no comment');\n\n-- mig:down\n");
  RunScript({Kind::kUpgrade, {"a"}});
  // In MariaDB's strings a backslash escapes the blank behind it.
  EXPECT_EQ(offline_.Ran(), offline_.mariadb() ? "it's  \"$1\" :x ; -- no comment"
                                               : "it's \\ \"$1\" :x ; -- no comment");
  offline_.LoseStore();
  offline_.Draw("b: a");
  ASSERT_EQ(offline_.Upgrade(), "done");
  offline_.ExpectSound();
}

TEST_P(ScriptTest, StartsEveryRevisionFromTheSameSession) {
  if (GetParam() == Dialect::kSqlite) GTEST_SKIP() << "sqlite3 cannot be brought back to a state";
  Draw("a; b: a");
  for (Scene* scene : {&offline_, &connected_}) {
    scene->Replace("a", "-- mig:up\n",
                   scene->mariadb()
                       ? "-- mig:up\nSET sql_mode = '', foreign_key_checks = 0;\n"
                       : "-- mig:up\nCREATE SCHEMA s;\nSET search_path = s, public;\n");
    if (scene->mariadb())
      scene->Replace("b", "VALUES ('b')", "SELECT concat(@@sql_mode, @@foreign_key_checks)");
  }
  RunScript({Kind::kUpgrade, {"heads"}});
  ASSERT_EQ(connected_.Upgrade(), "done");
  EXPECT_EQ(offline_.Everything(), connected_.Everything());
  if (offline_.mariadb()) return;
  const std::string where =
      "SELECT table_schema FROM information_schema.tables WHERE table_name = 't_b'";
  EXPECT_EQ(offline_.Column(where), connected_.Column(where));
}

TEST_P(ScriptTest, RunsSectionsOutsideOfTransactionsThere) {
  Draw("a; b: a");
  for (Scene* scene : {&offline_, &connected_}) {
    scene->Replace("b", "\n-- mig:down",
                   scene->postgres()
                       ? "\n-- mig:up transaction=off\nCREATE INDEX CONCURRENTLY i ON "
                         "t_a (id);\nVACUUM t_a;\n\n-- mig:down"
                   : scene->mariadb()
                       ? "\n-- mig:up transaction=off\nCREATE INDEX i ON t_a (id);\nANALYZE TABLE "
                         "t_a;\n\n-- mig:down"
                       : "\n-- mig:up transaction=off\nVACUUM;\n\n-- mig:down");
  }
  RunScript({Kind::kUpgrade, {"heads"}});
  ASSERT_EQ(connected_.Upgrade(), "done");
  EXPECT_EQ(offline_.Everything(), connected_.Everything());
}

}  // namespace
}  // namespace mig
