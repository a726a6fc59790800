// A whole run in one transaction, and SQLite's foreign keys around the transaction of a revision.
#include <gmock/gmock.h>

#include "tests/daemon/scene.h"

namespace mig {
namespace {

using testing::HasSubstr;

class AtomicTest : public testing::TestWithParam<Dialect> {
 protected:
  std::string UpgradeAtomically() {
    RunSpec spec = scene_.Spec({Operation::Kind::kUpgrade, {"heads"}});
    spec.atomic = true;
    return scene_.Await(*scene_.Start(spec));
  }

  Scene scene_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, AtomicTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgresql),
                         [](const auto& engine) { return std::string(NameOf(engine.param)); });

TEST_P(AtomicTest, AFailureInTheLastRevisionTakesAllOfThemBack) {
  scene_.Draw("a; b: a; c: b");
  scene_.Replace("c", "INSERT INTO ran", "INSERT INTO nowhere");
  EXPECT_EQ(UpgradeAtomically(), "STATEMENT_FAILED");
  EXPECT_EQ(scene_.Tables(), "");
  EXPECT_EQ(scene_.Rows(), "");
  EXPECT_EQ(scene_.finished().steps_done, 0);
  EXPECT_THAT(scene_.finished().state, HasSubstr("the whole run was one transaction and was rolled "
                                                 "back; 0 of 3 steps took effect"));
  EXPECT_EQ(scene_.Log(), "upgrade:c:failed: STATEMENT_FAILED");
  scene_.Replace("c", "INSERT INTO nowhere", "INSERT INTO ran");
  EXPECT_EQ(UpgradeAtomically(), "done");
  EXPECT_EQ(scene_.Ran(), "a b c");
  EXPECT_EQ(scene_.finished().steps_done, 3);
  EXPECT_EQ(scene_.Log(),
            "upgrade:c:failed: STATEMENT_FAILED upgrade:a:done upgrade:b:done upgrade:c:done");
  scene_.ExpectSound();
}

TEST_P(AtomicTest, LeavesWhatAnOrdinaryRunLeaves) {
  Scene ordinary(GetParam());
  for (Scene* scene : {&scene_, &ordinary}) scene->Draw("a; b: a; c: a; m: b c");
  EXPECT_EQ(UpgradeAtomically(), "done");
  EXPECT_EQ(ordinary.Upgrade(), "done");
  EXPECT_EQ(scene_.Everything(), ordinary.Everything());
}

TEST_P(AtomicTest, IsRefusedWhereASectionCommitsByItself) {
  scene_.Draw("a");
  scene_.Write("b", "-- parents: a\n\n-- mig:up transaction=off\nVACUUM;\n");
  EXPECT_EQ(UpgradeAtomically(), "UNSUPPORTED");
  EXPECT_EQ(scene_.detail("line"), "4");
  EXPECT_EQ(scene_.Tables(), "");
}

TEST_P(AtomicTest, EveryRevisionStartsFromTheSameSession) {
  const bool postgres = GetParam() == Dialect::kPostgresql;
  scene_.Draw("a; b: a");
  scene_.Replace("a", "-- mig:up\n",
                 postgres ? "-- mig:up\nSET search_path = nowhere, public;\n"
                            "CREATE TEMP TABLE ran (what text);\nDROP TABLE pg_temp.ran;\n"
                            "CREATE TEMP TABLE t_b (id integer);\n"
                          : "-- mig:up\nPRAGMA case_sensitive_like = on;\n");
  if (postgres) {
    EXPECT_EQ(UpgradeAtomically(), "done") << scene_.error().message;
    EXPECT_EQ(scene_.Tables(), "a b");
  } else {
    EXPECT_EQ(UpgradeAtomically(), "UNSUPPORTED");
    EXPECT_EQ(scene_.Tables(), "");
    EXPECT_EQ(scene_.Upgrade(), "done");
  }
}

TEST(AtomicPostgresTest, WhatNeedsAnEarlierCommitIsToldToRunWithoutAtomic) {
  Scene scene(Dialect::kPostgresql);
  scene.Draw("a");
  scene.Write("b",
              "-- parents: a\n\n-- mig:up\nCREATE TABLE t_b (id int PRIMARY KEY, up int REFERENCES "
              "t_b DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO t_b VALUES (1, 1);\n");
  scene.Write("c", "-- parents: b\n\n-- mig:up\nALTER TABLE t_b ADD COLUMN name text;\n");
  RunSpec spec = scene.Spec({Operation::Kind::kUpgrade, {"heads"}});
  spec.atomic = true;
  EXPECT_EQ(scene.Await(*scene.Start(spec)), "STATEMENT_FAILED");
  EXPECT_EQ(scene.detail("sqlstate"), "55006");
  EXPECT_THAT(HintOf(scene.error()), HasSubstr("repeat the command without --atomic"));
  EXPECT_EQ(scene.Tables(), "");
  EXPECT_EQ(scene.Upgrade(), "done") << scene.error().message;
  scene.ExpectSound();
}

class ForeignKeysTest : public testing::Test {
 protected:
  ForeignKeysTest() {
    scene_.Write(
        "a",
        "-- mig:up\nCREATE TABLE t_user (id integer PRIMARY KEY);\n"
        "CREATE TABLE t_order (id integer PRIMARY KEY, user integer REFERENCES t_user (id) "
        "ON DELETE CASCADE);\nINSERT INTO t_user VALUES (1), (2);\n"
        "INSERT INTO t_order VALUES (10, 1), (20, 2);\n");
  }
  void Rebuild(const std::string& options, const std::string& rows) {
    scene_.Write("b", "-- parents: a\n\n-- mig:up" + options +
                          "\nCREATE TABLE new_user (id integer PRIMARY KEY, name text);\n"
                          "INSERT INTO new_user (id) SELECT id FROM t_user" +
                          rows + ";\nDROP TABLE t_user;\nALTER TABLE new_user RENAME TO t_user;\n");
  }

  Scene scene_{Dialect::kSqlite};
};

TEST_F(ForeignKeysTest, ARebuiltTableKeepsWhatRefersToIt) {
  Rebuild(" foreign_keys=off", "");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Column("SELECT id FROM t_order ORDER BY 1"), "10 20");
  scene_.ExpectSound();
}

TEST_F(ForeignKeysTest, ARowThatWouldPointNowhereTakesTheRevisionBackAndIsNamed) {
  Rebuild(" foreign_keys=off", " WHERE id = 1");
  EXPECT_EQ(scene_.Upgrade(), "VERIFY_FAILED");
  EXPECT_EQ(scene_.error().message,
            "b would leave foreign keys that lead nowhere: t_order row 20 to t_user");
  EXPECT_EQ(scene_.Rows(), "a");
  EXPECT_EQ(scene_.Column("SELECT id FROM t_user ORDER BY 1"), "1 2");
}

TEST_F(ForeignKeysTest, ARebuildThatWouldDeleteWhatRefersToTheTableIsRefusedBeforeItRuns) {
  ASSERT_EQ(scene_.Upgrade(), "done");
  for (const char* options : {"", " transaction=off"}) {
    Rebuild(options, "");
    EXPECT_EQ(scene_.Upgrade(), "SQL_INVALID") << options;
    EXPECT_THAT(scene_.error().message, HasSubstr("the rows of t_user first"));
    EXPECT_THAT(scene_.error().message, HasSubstr("those of t_order that refer"));
    EXPECT_THAT(HintOf(scene_.error()), HasSubstr("-- mig:up foreign_keys=off"));
    EXPECT_EQ(scene_.detail("line"), "6");
    EXPECT_EQ(scene_.Rows(), "a");
    EXPECT_EQ(scene_.Column("SELECT id FROM t_user ORDER BY 1"), "1 2");
    EXPECT_EQ(scene_.Column("SELECT id FROM t_order ORDER BY 1"), "10 20");
  }
}

TEST_F(ForeignKeysTest, ARebuildThatWouldDeleteWhatRefersToTheTableIsRefusedInOneTransactionToo) {
  Rebuild("", "");
  RunSpec spec = scene_.Spec({Operation::Kind::kUpgrade, {"heads"}});
  spec.atomic = true;
  EXPECT_EQ(scene_.Await(*scene_.Start(spec)), "SQL_INVALID");
  EXPECT_EQ(scene_.Tables(), "");
}

TEST_F(ForeignKeysTest, ARebuildOfATableThatNothingLosesByRunsWithThemOn) {
  scene_.Write("b",
               "-- parents: a\n\n-- mig:up\nCREATE TABLE keep AS SELECT * FROM t_order;\n"
               "DROP TABLE t_order;\nDROP TABLE t_user;\n"
               "CREATE TABLE t_user (id integer PRIMARY KEY);\nALTER TABLE keep RENAME TO "
               "t_order;\n");
  EXPECT_EQ(scene_.Upgrade(), "done") << scene_.error().message;
  EXPECT_EQ(scene_.Column("SELECT id FROM t_order ORDER BY 1"), "10 20");
}

TEST_F(ForeignKeysTest, AreOnAgainInTheNextRevision) {
  Rebuild(" foreign_keys=off", "");
  scene_.Write("c", "-- parents: b\n\n-- mig:up\nDELETE FROM t_user WHERE id = 1;\n");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Column("SELECT id FROM t_order"), "20");
}

TEST_F(ForeignKeysTest, APragmaThatWouldHaveNoEffectIsRefusedBeforeAnythingRuns) {
  Rebuild("\nPRAGMA foreign_keys = OFF;", "");
  EXPECT_EQ(scene_.Upgrade(), "SQL_INVALID");
  EXPECT_EQ(scene_.detail("line"), "4");
  EXPECT_THAT(HintOf(scene_.error()), HasSubstr("-- mig:up foreign_keys=off"));
  EXPECT_EQ(scene_.Tables(), "");
  Rebuild(" transaction=off\nPRAGMA foreign_keys = OFF;\n-- mig:up", "");
  EXPECT_EQ(scene_.Upgrade(), "SQL_INVALID");
  EXPECT_THAT(HintOf(scene_.error()), HasSubstr("-- mig:up foreign_keys=off"));
  Rebuild("\nPRAGMA journal_mode = WAL;", "");
  EXPECT_EQ(scene_.Upgrade(), "SQL_INVALID");
  EXPECT_THAT(HintOf(scene_.error()), HasSubstr("transaction=off"));
}

TEST_F(ForeignKeysTest, WhatWouldHaveNoEffectElsewhereIsRefusedBeforeAnythingRuns) {
  for (const char* sql : {"PRAGMA encoding = 'UTF-16'", "CREATE TEMP TABLE x (id)"}) {
    Rebuild(" transaction=off\n" + std::string(sql) + ";\n-- mig:up", "");
    EXPECT_EQ(scene_.Upgrade(), "SQL_INVALID") << sql;
    EXPECT_EQ(scene_.Tables(), "") << sql;
  }
  Rebuild("\nATTACH 'x' AS y;", "");
  EXPECT_EQ(scene_.Upgrade(), "SQL_INVALID");
}

TEST_F(ForeignKeysTest, SectionsOfOneTransactionMustAgree) {
  Rebuild(" foreign_keys=off", "");
  scene_.Write("b", scene_.Text("b") + "-- mig:up\nDELETE FROM t_user;\n");
  EXPECT_EQ(scene_.Upgrade(), "FILE_INVALID");
  EXPECT_EQ(scene_.detail("line"), "9");
}

TEST_F(ForeignKeysTest, OffAndAtomicExcludeEachOther) {
  Rebuild(" foreign_keys=off", "");
  RunSpec spec = scene_.Spec({Operation::Kind::kUpgrade, {"heads"}});
  spec.atomic = true;
  EXPECT_EQ(scene_.Await(*scene_.Start(spec)), "UNSUPPORTED");
}

}  // namespace
}  // namespace mig
