// ${NAME} in SQL, on real databases: what runs, what stays unresolved, and who gets to see a value.
#include <gmock/gmock.h>

#include "tests/daemon/scene.h"

namespace mig {
namespace {

using Kind = Operation::Kind;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

constexpr char kSecret[] = "hunter2";

class PlaceholdersTest : public testing::TestWithParam<Dialect> {
 protected:
  void WriteA() {
    scene_.Write("a",
                 "-- mig:up\nCREATE TABLE t_${table} (id integer);\n"
                 "INSERT INTO ran (what) VALUES ('${word}');\n\n"
                 "-- mig:verify\nSELECT count(*) = 1 FROM ran WHERE what = '${word}';\n\n"
                 "-- mig:down\nDROP TABLE t_${table};\nINSERT INTO ran (what) VALUES "
                 "('-${word}');\n");
    scene_.placeholders() = {{"table", "a"}, {"word", kSecret}};
  }
  // All that a run told.
  std::string Told() {
    std::string text;
    for (const Notice& notice : scene_.Events<Notice>()) text += notice.message + "\n";
    for (const Waiting& waiting : scene_.Events<Waiting>()) text += waiting.reason + "\n";
    for (const auto& statement : scene_.Events<StatementStarted>()) text += statement.verb + "\n";
    const auto& error = scene_.finished().error;
    if (!error) return text;
    text += error->message + "\n" + error->hint + "\n" + scene_.finished().state + "\n";
    for (const auto& [key, detail] : error->details) text += key + ": " + detail + "\n";
    return text;
  }

  Scene scene_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, PlaceholdersTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgresql, Dialect::kMariadb),
                         [](const auto& engine) { return std::string(NameOf(engine.param)); });

TEST_P(PlaceholdersTest, StandForTheTargetsValuesInEverySection) {
  WriteA();
  EXPECT_EQ(scene_.Upgrade(), "done") << Told();
  EXPECT_EQ(scene_.Tables(), "a");
  EXPECT_EQ(scene_.Ran(), kSecret);
  EXPECT_EQ(scene_.Downgrade("base"), "done") << Told();
  EXPECT_EQ(scene_.Tables(), "");
  EXPECT_EQ(scene_.Ran(), "hunter2 -hunter2");
  scene_.ExpectSound();
}

TEST_P(PlaceholdersTest, WithoutAValueEndARunBeforeItsFirstStatement) {
  scene_.Draw("a");
  scene_.Write("b", "-- parents: a\n\n-- mig:up\nSELECT 1;\nSELECT\n '${wort}';\n");
  scene_.placeholders() = {{"word", "x"}};
  EXPECT_EQ(scene_.Upgrade(), "PLACEHOLDER_MISSING");
  EXPECT_EQ(scene_.error().message, "target shop has no value for ${wort}");
  EXPECT_EQ(scene_.error().hint, "did you mean `word`?");
  EXPECT_EQ(scene_.detail("placeholder"), "wort");
  EXPECT_EQ(scene_.detail("file"), "b.sql");
  EXPECT_EQ(scene_.detail("line"), "6");
  EXPECT_EQ(scene_.Tables(), "");
  const auto script = scene_.engine().RenderScript(scene_.Spec({Kind::kUpgrade, {"b"}}));
  ASSERT_FALSE(script);
  EXPECT_EQ(script.error().reason, Reason::kPlaceholderMissing);
}

TEST_P(PlaceholdersTest, AreNoPartOfARevisionsIdNorOfWhatIsKept) {
  WriteA();
  ASSERT_EQ(scene_.Upgrade(), "done");
  const std::string id = scene_.Column("SELECT id FROM mig_version");
  EXPECT_THAT(scene_.Column("SELECT content FROM mig_object"), HasSubstr("'${word}'"));
  EXPECT_THAT(scene_.Column("SELECT content FROM mig_object"), Not(HasSubstr(kSecret)));
  ASSERT_EQ(scene_.Downgrade("base"), "done");
  scene_.placeholders()["word"] = "other";
  ASSERT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Column("SELECT id FROM mig_version"), id);
}

TEST_P(PlaceholdersTest, StandInTheLogByNameAndDigest) {
  WriteA();
  scene_.placeholders()["unused"] = "x";
  ASSERT_EQ(scene_.Upgrade(), "done");
  EXPECT_THAT(scene_.Log(), MatchesRegex("placeholders:table=[0-9a-f]{32} word=[0-9a-f]{32}:done "
                                         "upgrade:a:done"));
  const std::string digests = scene_.Column("SELECT name FROM mig_log WHERE sequence = 1");
  ASSERT_EQ(scene_.Downgrade("base"), "done");
  EXPECT_EQ(scene_.Column("SELECT name FROM mig_log WHERE sequence = 3"), digests);
  scene_.placeholders()["word"] = "other";
  ASSERT_EQ(scene_.Upgrade(), "done");
  EXPECT_NE(scene_.Column("SELECT name FROM mig_log WHERE sequence = 5"), digests);
  const auto audit = scene_.engine().Audit(scene_.target());
  ASSERT_TRUE(audit);
  EXPECT_THAT(audit->findings, IsEmpty());
  EXPECT_EQ(audit->unchecked, "");
}

TEST_P(PlaceholdersTest, ChangeThePlanWithTheirValues) {
  WriteA();
  const std::string plan = scene_.Plan({Kind::kUpgrade, {"a"}});
  scene_.placeholders()["word"] = "other";
  const std::string other = scene_.Plan({Kind::kUpgrade, {"a"}});
  EXPECT_NE(other, plan);
  EXPECT_EQ(other.substr(0, 16), plan.substr(0, 16));
  scene_.Insist(plan);
  EXPECT_EQ(scene_.Upgrade("a"), "PLAN_CHANGED");
  EXPECT_THAT(scene_.error().message, HasSubstr("or the value of a placeholder"));
  scene_.placeholders()["word"] = kSecret;
  EXPECT_EQ(scene_.Upgrade("a"), "done");
}

TEST_P(PlaceholdersTest, GiveOnePlanOnTwoDaemonsThatHaveOneKey) {
  WriteA();
  const Operation upgrade{Kind::kUpgrade, {"a"}};
  const std::string plan = scene_.Plan(upgrade);
  scene_.Restart();
  EXPECT_EQ(scene_.Plan(upgrade), plan);
  scene_.LoseStore();
  EXPECT_NE(scene_.Plan(upgrade), plan);
  scene_.KeyPlaceholders("theirs");
  const std::string shared = scene_.Plan(upgrade);
  scene_.LoseStore();
  EXPECT_EQ(scene_.Plan(upgrade), shared);
}

TEST_P(PlaceholdersTest, AreNotToldByAFailure) {
  scene_.Write("a", "-- mig:up\nINSERT INTO nowhere_${word} (x) VALUES ('${word}');\n");
  scene_.placeholders() = {{"word", kSecret}};
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(Told(), Not(HasSubstr(kSecret)));
  EXPECT_THAT(scene_.error().message, HasSubstr("nowhere_${word}"));
  EXPECT_THAT(Told(), HasSubstr("INSERT INTO nowhere_${word}\n"));
  scene_.Write("a", "-- mig:up\nSELECT '${word}' nonsense ${word} '${word}';\n");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(Told(), Not(HasSubstr(kSecret)));
}

TEST_P(PlaceholdersTest, LeaveWhatIsWrittenReadable) {
  scene_.Write("a",
               "-- mig:up\nCREATE TABLE t_a (id integer);\n"
               "CREATE TABLE t_shop (shop_table varchar(40) DEFAULT '${owner}');\n");
  scene_.Write("shop", "-- parents: a\n\n-- mig:up\nCREATE TABLE t_shop (id integer);\n");
  scene_.placeholders() = {{"owner", "t_shop_table_owner"}};
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(Told(), HasSubstr("CREATE TABLE t_a\nCREATE TABLE t_shop\n"));
  EXPECT_THAT(scene_.error().message, StartsWith("CREATE TABLE t_shop in revision shop failed: "));
  EXPECT_THAT(scene_.error().message, HasSubstr("t_shop"));
  EXPECT_THAT(scene_.error().message, HasSubstr("already exists"));
  EXPECT_THAT(scene_.error().message, Not(HasSubstr("${")));
}

TEST_P(PlaceholdersTest, OfAValueThatIsNoPartOfAStatementAreRefused) {
  scene_.Write("a", "-- mig:up\nSELECT 1;\n\nSELECT ${word};\n");
  scene_.placeholders() = {{"word", "1; DROP TABLE ran"}};
  EXPECT_EQ(scene_.Upgrade(), "SQL_INVALID");
  EXPECT_EQ(scene_.detail("line"), "4");
  scene_.placeholders() = {{"word", "'hunter2"}};
  EXPECT_EQ(scene_.Upgrade(), "SQL_INVALID");
  EXPECT_EQ(scene_.error().message, "with what stands for ${word} this is no longer one statement");
  EXPECT_EQ(scene_.detail("line"), "4");
  EXPECT_EQ(scene_.detail("column"), "");
  EXPECT_THAT(Told(), Not(HasSubstr(kSecret)));
  scene_.Write("a", "-- mig:up\n${word};\n");
  scene_.placeholders() = {{"word", "COMMIT"}};
  EXPECT_EQ(scene_.Upgrade(), "SQL_TRANSACTION_CONTROL");
}

TEST_P(PlaceholdersTest, BehindABackslashAreText) {
  scene_.Write("a", "-- mig:up\nINSERT INTO ran (what) VALUES ('\\${word}');\n");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "${word}");
}

TEST_P(PlaceholdersTest, HaveTheirValuesInAScript) {
  WriteA();
  scene_.Remove("a");
  scene_.Write("a",
               "-- mig:up\nCREATE TABLE t_${table} (id integer);\n"
               "INSERT INTO ran (what) VALUES ('${word}');\n");
  ASSERT_EQ(scene_.RunClient(scene_.Script({Kind::kUpgrade, {"a"}})), 0) << scene_.client_log();
  EXPECT_EQ(scene_.Ran(), kSecret);
  EXPECT_THAT(scene_.Log(), HasSubstr("placeholders:table="));
  scene_.Draw("b: a");
  ASSERT_EQ(scene_.Upgrade(), "done");
  scene_.ExpectSound();
}

TEST_P(PlaceholdersTest, OfTheDaemonsOwnTargetsAreNotInAScript) {
  WriteA();
  scene_.Draw("c");
  scene_.BeServed();
  const auto script = scene_.engine().RenderScript(scene_.Spec({Kind::kUpgrade, {"a"}}));
  ASSERT_FALSE(script);
  EXPECT_EQ(script.error().reason, Reason::kPermissionDenied);
  EXPECT_TRUE(scene_.engine().RenderScript(scene_.Spec({Kind::kUpgrade, {"c"}})));
  EXPECT_EQ(scene_.Upgrade("a"), "done");
}

TEST_P(PlaceholdersTest, AreHiddenInWhatIsDestroyed) {
  WriteA();
  scene_.placeholders()["table"] = "prod_orders";
  ASSERT_EQ(scene_.Upgrade(), "done");
  scene_.policy().is_protected = true;
  EXPECT_EQ(scene_.Downgrade("base"), "CONSENT_MISSING");
  EXPECT_THAT(scene_.detail("losses"), HasSubstr("drop_table t_${table} (0 rows)"));
  scene_.Allow({"drop_table"});
  EXPECT_EQ(scene_.Downgrade("base"), "done");
}

TEST_P(PlaceholdersTest, LeaveTheKindsOfConsentAndTheNamesOfBackupsReadable) {
  scene_.Write("a",
               "-- mig:up\nCREATE TABLE t_a (id integer);\n\n-- mig:down\nDROP TABLE t_a;\n"
               "INSERT INTO ran (what) VALUES ('${kind}${folder}');\n");
  scene_.placeholders() = {{"kind", "table"}, {"folder", "backups"}};
  ASSERT_EQ(scene_.Upgrade(), "done");
  scene_.policy().is_protected = true;
  scene_.policy().backup = "echo x > \"$MIG_BACKUP_FILE\"";
  scene_.policy().backup_directory = scene_.Path("backups");
  EXPECT_EQ(scene_.Downgrade("base"), "CONSENT_MISSING");
  EXPECT_EQ(scene_.detail("allow"), "drop_table");
  EXPECT_EQ(scene_.error().hint, "if that is meant: --allow drop_table");
  EXPECT_EQ(scene_.detail("losses"), "drop_table t_a (0 rows), in a");
  scene_.Allow({"drop_table"});
  EXPECT_EQ(scene_.Downgrade("base"), "done");
  EXPECT_THAT(Told(), HasSubstr("drop_table t_a (0 rows), in a\n"));
  EXPECT_THAT(Told(), HasSubstr(scene_.Path("backups") + "/"));
}

// ---- Of single engines

TEST(PlaceholdersOfSqlite, AreHiddenInWhatWouldBeDestroyedBeforeThereIsADatabase) {
  Scene scene(Dialect::kSqlite);
  scene.Write("a", "-- mig:up\nCREATE TABLE t_${table} (id integer);\nDELETE FROM t_${table};\n");
  scene.placeholders() = {{"table", kSecret}};
  scene.DropDatabase();
  scene.policy().is_protected = true;
  EXPECT_EQ(scene.Upgrade(), "CONSENT_MISSING");
  EXPECT_EQ(scene.detail("losses"), "delete_all t_${table}, in a");
}

TEST(PlaceholdersOfPostgresql, StandInDollarQuotesAndAreNotMadeOfTheirTags) {
  Scene scene(Dialect::kPostgresql);
  scene.Write("a",
              "-- mig:up\nDO $$ BEGIN INSERT INTO ran (what) VALUES ('${word}'); "
              "RAISE NOTICE 'it is ${word}'; END $$;\n"
              "INSERT INTO ran (what) VALUES ($${word}$$);\n"
              "INSERT INTO ran (what) VALUES ($t${word}$t$);\n");
  scene.placeholders() = {{"word", kSecret}};
  ASSERT_EQ(scene.Upgrade(), "done");
  EXPECT_EQ(scene.Ran(), "hunter2 {word} {word}");
  EXPECT_EQ(scene.Events<Notice>().at(0).message, "it is ${word}");
}

TEST(PlaceholdersOfPostgresql, AreHiddenInWhatIsFoundOfAStatementInDoubt) {
  Scene scene(Dialect::kPostgresql);
  scene.Write("a",
              "-- mig:up\nCREATE TABLE t_a (id integer);\nINSERT INTO t_a VALUES (1), (1);\n"
              "-- mig:up transaction=off\nCREATE UNIQUE INDEX CONCURRENTLY i_${word} ON t_a "
              "(id);\n");
  scene.placeholders() = {{"word", kSecret}};
  ASSERT_EQ(scene.Upgrade(), "STATEMENT_FAILED");
  const auto report = scene.engine().ReportUnfinished(scene.target());
  ASSERT_TRUE(report && *report);
  EXPECT_EQ((*report)->parts.at(1).found, "index i_${word} is there and invalid");
}

TEST(PlaceholdersOfMariadb, MayChangeForTheStatementThatFailed) {
  Scene scene(Dialect::kMariadb);
  scene.Write("a",
              "-- mig:up\nCREATE TABLE t_a (id integer);\nALTER TABLE t_${table} ADD COLUMN x "
              "integer;\nINSERT INTO ran (what) VALUES ('a');\n");
  scene.placeholders() = {{"table", "nowhere"}};
  EXPECT_EQ(scene.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(scene.finished().state, HasSubstr("1 of the 3 parts of a took effect"));
  const auto report = scene.engine().ReportUnfinished(scene.target());
  ASSERT_TRUE(report && *report);
  EXPECT_THAT((*report)->parts.at(1).sql, HasSubstr("ALTER TABLE t_${table}"));
  scene.placeholders()["table"] = "a";
  EXPECT_EQ(scene.Upgrade(), "done");
  EXPECT_EQ(scene.Ran(), "a");
  scene.ExpectSound();
}

}  // namespace
}  // namespace mig
