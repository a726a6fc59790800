// What the engine does with a history and a target, on every engine.
#include "daemon/engine.h"

#include <gmock/gmock.h>

#include <random>

#include "tests/daemon/forwarding_session.h"
#include "tests/daemon/scene.h"

namespace mig {
namespace {

using testing::HasSubstr;

class EngineTest : public testing::TestWithParam<Dialect> {
 protected:
  Scene scene_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, EngineTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgresql, Dialect::kMariadb),
                         [](const auto& engine) { return std::string(NameOf(engine.param)); });

TEST_P(EngineTest, UpgradesStepByStepAndAllTheWay) {
  scene_.Draw("a; b: a; c: b");
  EXPECT_EQ(scene_.Upgrade("a"), "done");
  EXPECT_EQ(scene_.Rows(), "a");
  EXPECT_EQ(scene_.Upgrade("+1"), "done");
  EXPECT_EQ(scene_.Rows(), "b");
  EXPECT_EQ(scene_.Upgrade("head"), "done");
  EXPECT_EQ(scene_.Rows(), "c");
  EXPECT_EQ(scene_.Ran(), "a b c");
  EXPECT_EQ(scene_.finished().current, std::vector<std::string>{"c"});
  scene_.ExpectSound();
}

TEST_P(EngineTest, DoesNothingWhereNothingIsLeftToDo) {
  scene_.Draw("a; b: a");
  ASSERT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Upgrade("a"), "done");
  EXPECT_EQ(scene_.Ran(), "a b");
  EXPECT_EQ(scene_.Log(), "upgrade:a:done upgrade:b:done");
}

TEST_P(EngineTest, DowngradesStepByStepAndAllTheWay) {
  scene_.Draw("a; b: a; c: b");
  ASSERT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Downgrade("-1"), "done");
  EXPECT_EQ(scene_.Rows(), "b");
  EXPECT_EQ(scene_.Downgrade("base"), "done");
  EXPECT_EQ(scene_.Rows(), "");
  EXPECT_EQ(scene_.Tables(), "");
  EXPECT_EQ(scene_.Ran(), "a b c -c -b -a");
  scene_.ExpectSound();
}

TEST_P(EngineTest, KeepsARowForEachBranchAndOneForTheirMerge) {
  scene_.Draw("a; b: a; c: a; m: b c");
  ASSERT_EQ(scene_.Upgrade("b"), "done");
  ASSERT_EQ(scene_.Upgrade("c"), "done");
  EXPECT_EQ(scene_.Rows(), "b c");
  ASSERT_EQ(scene_.Upgrade("m"), "done");
  EXPECT_EQ(scene_.Rows(), "m");
  ASSERT_EQ(scene_.Downgrade("b"), "done");
  EXPECT_EQ(scene_.Rows(), "b c");
  scene_.ExpectSound();
}

TEST_P(EngineTest, AppliesDependenciesFirstAndLetsThemImplyTheirRow) {
  scene_.Draw("a; b: a; x; y: x +b");
  ASSERT_EQ(scene_.Upgrade("y"), "done");
  EXPECT_EQ(scene_.Rows(), "y");
  EXPECT_EQ(scene_.Tables(), "a b x y");
  ASSERT_EQ(scene_.Downgrade("x"), "done");
  EXPECT_EQ(scene_.Rows(), "b x");
  scene_.ExpectSound();
}

TEST_P(EngineTest, LogsWhoDidWhatAndNumbersItWithoutGaps) {
  scene_.Draw("a; b: a");
  ASSERT_EQ(scene_.Upgrade(), "done");
  ASSERT_EQ(scene_.Downgrade("a"), "done");
  ASSERT_EQ(scene_.Stamp("b"), "done");
  EXPECT_EQ(scene_.Log(), "upgrade:a:done upgrade:b:done downgrade:b:done stamp:b:done");
  EXPECT_EQ(scene_.Column("SELECT DISTINCT actor FROM " + scene_.Mig("mig_log")),
            "Ann <ann@example.com>");
  scene_.ExpectSound();
}

TEST_P(EngineTest, StampsWithoutRunningAnything) {
  scene_.Draw("a; b: a; x");
  EXPECT_EQ(scene_.Stamp("b"), "done");
  EXPECT_EQ(scene_.Rows(), "b");
  EXPECT_EQ(scene_.Stamp("heads"), "done");
  EXPECT_EQ(scene_.Rows(), "b x");
  EXPECT_EQ(scene_.Stamp("a"), "done");
  EXPECT_EQ(scene_.Rows(), "a x");
  EXPECT_EQ(scene_.Stamp("base"), "done");
  EXPECT_EQ(scene_.Rows(), "");
  EXPECT_EQ(scene_.Ran(), "");
  scene_.ExpectSound();
}

TEST_P(EngineTest, PurgesRowsThatNobodyKnows) {
  scene_.Draw("a; b: a");
  ASSERT_EQ(scene_.Upgrade(), "done");
  scene_.Sql("INSERT INTO " + scene_.Mig("mig_version") + " VALUES ('" + std::string(64, 'e') +
             "', 'ghost')");
  EXPECT_EQ(scene_.Upgrade(), "UNKNOWN_APPLIED");
  EXPECT_EQ(scene_.Stamp("b"), "UNKNOWN_APPLIED");
  EXPECT_EQ(scene_.Stamp("b", true), "done");
  EXPECT_EQ(scene_.Rows(), "b");
  EXPECT_EQ(scene_.Downgrade("a"), "done");
  scene_.ExpectSound();
}

TEST_P(EngineTest, NoticesRowsThatSomebodyElseChangedInTheMiddle) {
  scene_.Draw("a");
  ASSERT_EQ(scene_.Upgrade(), "done");
  scene_.Write("b", "-- parents: a\n\n-- mig:up\nDELETE FROM " + scene_.Mig("mig_version") + ";\n");
  EXPECT_EQ(scene_.Upgrade(), "DATABASE_FORMAT");
  EXPECT_THAT(scene_.error().hint, HasSubstr("mig current"));
  EXPECT_EQ(scene_.Rows(), "a");
}

TEST_P(EngineTest, RefusesATargetOfAnotherFormat) {
  scene_.Draw("a; b: a");
  ASSERT_EQ(scene_.Upgrade("a"), "done");
  scene_.Sql("UPDATE " + scene_.Mig("mig_meta") + " SET value = '2' WHERE " +
             (scene_.mariadb() ? "`key`" : "key") + " = 'format'");
  EXPECT_EQ(scene_.Upgrade(), "DATABASE_FORMAT");
  EXPECT_THAT(scene_.error().hint, HasSubstr("a version of mig"));
  EXPECT_EQ(scene_.Stamp("b", true), "DATABASE_FORMAT");
  EXPECT_EQ(ErrorOf(scene_.engine().Current(scene_.View(), scene_.target(), false)).reason,
            Reason::kDatabaseFormat);
  EXPECT_EQ(scene_.Ran(), "a");
}

TEST_P(EngineTest, MakesTablesOfItsOwnAgainThatAScriptDropped) {
  scene_.Draw("a; b: a");
  ASSERT_EQ(scene_.Upgrade("a"), "done");
  for (const char* table : {"mig_lease", "mig_journal"}) {
    scene_.Sql("DROP TABLE " + scene_.Mig(table));
    EXPECT_EQ(scene_.Upgrade(), "DATABASE_FORMAT") << table;
    EXPECT_THAT(scene_.error().hint, HasSubstr("mig ensure-version")) << table;
    EXPECT_TRUE(*scene_.engine().EnsureVersion(scene_.target())) << table;
    EXPECT_FALSE(*scene_.engine().EnsureVersion(scene_.target())) << table;
  }
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Rows(), "b");
  scene_.ExpectSound();
  scene_.Sql("DROP TABLE " + scene_.Mig("mig_version"));
  EXPECT_EQ(ErrorOf(scene_.engine().Current(scene_.View(), scene_.target(), false)).reason,
            Reason::kDatabaseFormat);
}

TEST_P(EngineTest, SaysToWhoeverReadsWhatMendsATableOfItsOwnThatIsMissing) {
  scene_.Draw("a");
  ASSERT_EQ(scene_.Upgrade("a"), "done");
  for (const char* table : {"mig_version", "mig_object", "mig_log", "mig_lease", "mig_journal"}) {
    scene_.Sql("DROP TABLE " + scene_.Mig(table));
    for (const Error& error :
         {ErrorOf(scene_.engine().Status(scene_.View(), scene_.target())),
          ErrorOf(scene_.engine().Current(scene_.View(), scene_.target(), false)),
          ErrorOf(scene_.engine().ReportUnfinished(scene_.target())),
          ErrorOf(scene_.engine().Audit(scene_.target()))}) {
      EXPECT_EQ(error.reason, Reason::kDatabaseFormat) << table << ": " << error.message;
      EXPECT_THAT(error.hint, HasSubstr("mig ensure-version")) << table;
    }
    EXPECT_TRUE(*scene_.engine().EnsureVersion(scene_.target())) << table;
    EXPECT_TRUE(scene_.engine().Status(scene_.View(), scene_.target())) << table;
  }
}

TEST_P(EngineTest, RefusesADowngradeThatCannotEndBeforeItBegins) {
  scene_.Draw("a; b: a; c: b");
  scene_.Replace("b", "-- mig:down\nDROP TABLE t_b;\nINSERT INTO ran (what) VALUES ('-b');\n",
                 "-- mig:irreversible the prices are gone\n");
  ASSERT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Downgrade("base"), "IRREVERSIBLE");
  EXPECT_THAT(scene_.error().message, HasSubstr("the prices are gone"));
  EXPECT_EQ(scene_.Ran(), "a b c");
  EXPECT_EQ(scene_.Downgrade("b"), "done");
}

TEST_P(EngineTest, WarnsWhereTheWayBackRunsNothing) {
  scene_.Draw("a");
  scene_.Write("b",
               "-- parents: a\n\n-- mig:up\nCREATE TABLE t_b (id integer);\n\n-- mig:down\n-- x\n");
  scene_.Write("c", "-- parents: b\n\n-- mig:up\n\n-- mig:down\n");
  ASSERT_EQ(scene_.Upgrade(), "done");
  const std::string warning =
      "what b did stays in the database: its down section has no statements";
  const auto plan = scene_.engine().PlanRun(scene_.Spec({Operation::Kind::kDowngrade, {"base"}}));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->warnings, testing::ElementsAre(warning));
  ASSERT_EQ(scene_.Downgrade("base"), "done");
  ASSERT_EQ(scene_.Events<Notice>().size(), 1U);
  EXPECT_EQ(scene_.Events<Notice>()[0].message, warning);
  EXPECT_EQ(scene_.Tables(), "b");
}

TEST_P(EngineTest, RefusesTransactionControlBeforeAnythingRuns) {
  scene_.Draw("a; b: a");
  scene_.Replace("b", "CREATE TABLE", "COMMIT;\nCREATE TABLE");
  EXPECT_EQ(scene_.Upgrade(), "SQL_TRANSACTION_CONTROL");
  EXPECT_EQ(scene_.detail("file"), "b.sql");
  EXPECT_EQ(scene_.detail("line"), "5");
  EXPECT_EQ(scene_.Ran(), "");
}

TEST_P(EngineTest, DowngradesARevisionWhoseFileIsGone) {
  scene_.Draw("a; b: a");
  ASSERT_EQ(scene_.Upgrade(), "done");
  scene_.Remove("b");
  EXPECT_EQ(scene_.Downgrade("a"), "done");
  EXPECT_EQ(scene_.Ran(), "a b -b");
}

TEST_P(EngineTest, TellsATargetThatIsFurtherOnThanTheHeadsFromOneThatLacksSome) {
  scene_.Draw("a; b: a; c: b");
  ASSERT_EQ(scene_.Upgrade("b"), "done");
  const auto hint = [this] {
    return HintOf(ErrorOf(scene_.engine().Current(scene_.View(), scene_.target(), true)));
  };
  EXPECT_THAT(hint(), HasSubstr("mig upgrade heads"));
  scene_.Remove("c");
  scene_.Remove("b");
  EXPECT_THAT(hint(), HasSubstr("it is further on"));
}

TEST_P(EngineTest, DraftsAMessageWithoutTheBlanksAroundIt) {
  DraftSpec spec;
  spec.message = " add prices ";
  const auto draft = scene_.engine().Draft(scene_.View(), spec);
  ASSERT_TRUE(draft) << draft.error().message;
  EXPECT_THAT(draft->text, HasSubstr("-- message: add prices\n"));
  spec.message = " ";
  EXPECT_TRUE(scene_.engine().Draft(scene_.View(), spec));
}

TEST_P(EngineTest, NeedsNeitherStoreNorFilesToGoBack) {
  scene_.Draw("a; b: a; c: a; m: b c");
  ASSERT_EQ(scene_.Upgrade(), "done");
  scene_.LoseStore();
  for (const char* name : {"a", "b", "c", "m"}) scene_.Remove(name);
  scene_.Draw("other");
  EXPECT_EQ(scene_.Downgrade("a"), "done");
  EXPECT_EQ(scene_.Rows(), "a");
  EXPECT_EQ(scene_.Upgrade("other"), "done");
  EXPECT_EQ(scene_.Rows(), "a other");
  EXPECT_EQ(scene_.Downgrade("base"), "done");
  EXPECT_EQ(scene_.Tables(), "");
  scene_.ExpectSound();
}

TEST_P(EngineTest, TrustsNoObjectThatWasChangedInTheTarget) {
  scene_.Draw("a");
  ASSERT_EQ(scene_.Upgrade(), "done");
  const std::string drops_another =
      "replace(convert_from(content, 'UTF8'), 'TABLE t_a', 'TABLE ran')";
  scene_.Sql(
      scene_.postgres()
          ? "UPDATE mig_object SET content = convert_to(" + drops_another + ", 'UTF8')"
      : scene_.mariadb()
          ? "UPDATE mig_object SET content = replace(content, 'TABLE t_a', 'TABLE ran')"
          : "UPDATE mig_object SET content = CAST(replace(CAST(content AS text), 'TABLE t_a', "
            "'TABLE ran') AS blob)");
  scene_.LoseStore();
  scene_.Remove("a");
  scene_.Draw("other");
  EXPECT_EQ(scene_.Downgrade("base"), "CORRUPTION");
  EXPECT_EQ(scene_.Ran(), "a");
}

TEST_P(EngineTest, PutsItsTablesIntoASchemaOfChoice) {
  if (GetParam() != Dialect::kPostgresql) GTEST_SKIP() << "only PostgreSQL has schemas";
  Scene scene(GetParam(), "migrations \"of\" shop");
  scene.Draw("a; b: a");
  EXPECT_EQ(scene.Upgrade(), "done");
  EXPECT_EQ(scene.Downgrade("a"), "done");
  EXPECT_EQ(scene.Rows(), "a");
  EXPECT_EQ(scene.Column("SELECT DISTINCT table_schema FROM information_schema.tables WHERE "
                         "table_name LIKE 'mig\\_%'"),
            "migrations \"of\" shop");
  EXPECT_EQ(scene.RunClient(scene.Script({Operation::Kind::kUpgrade, {"a:b"}})), 0)
      << scene.client_log();
  EXPECT_EQ(scene.Rows(), "b");
}

TEST_P(EngineTest, UsesASchemaThatIsThereWithoutTheRightToMakeOne) {
  if (GetParam() != Dialect::kPostgresql) GTEST_SKIP() << "only PostgreSQL has schemas";
  const std::string schema = "it's own";
  Scene scene(GetParam(), schema);
  const std::string weak = scene.WeakRole();
  scene.Sql("ALTER ROLE " + weak + " LOGIN");
  scene.Sql("CREATE SCHEMA \"" + schema + "\" AUTHORIZATION " + weak);
  scene.Write("a", "-- mig:up\nSELECT 1;\n");
  scene.Write("b", "-- parents: a\n\n-- mig:up\nSELECT 1;\n");
  std::string url = scene.target().url;
  const std::string owner = "postgres@";
  scene.MoveTo(url.replace(url.find(owner), owner.size(), weak + "@"));
  EXPECT_EQ(scene.Upgrade("a"), "done") << scene.finished().state;
  EXPECT_EQ(scene.RunClient(scene.Script({Operation::Kind::kUpgrade, {"a:b"}})), 0)
      << scene.client_log();
  EXPECT_EQ(scene.Rows(), "b");
}

TEST_P(EngineTest, NamesTheSchemaAsTheRemedyWhereItsTablesCannotBeMade) {
  if (GetParam() != Dialect::kPostgresql) GTEST_SKIP() << "only PostgreSQL has schemas";
  scene_.Write("a", "-- mig:up\nCREATE TABLE t_a (id int);\n");
  const std::string weak = scene_.WeakRole(), owner = "postgres@";
  scene_.Sql("ALTER ROLE " + weak + " LOGIN");
  scene_.Sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
  const std::string url = scene_.target().url;
  scene_.MoveTo(std::string(url).replace(url.find(owner), owner.size(), weak + "@"));
  EXPECT_EQ(scene_.Upgrade(), "DATABASE_PERMISSION");
  EXPECT_THAT(HintOf(scene_.error()), testing::HasSubstr("`schema = \"...\"`"));
  scene_.MoveTo(url);
  scene_.Sql("DROP SCHEMA public CASCADE");
  EXPECT_EQ(scene_.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(HintOf(scene_.error()), testing::HasSubstr("`schema = \"...\"`"));
}

TEST_P(EngineTest, KeepsTwoHistoriesApartInTwoSchemas) {
  if (GetParam() == Dialect::kSqlite) GTEST_SKIP() << "SQLite has no schemas";
  scene_.Draw("a");
  ASSERT_EQ(scene_.Upgrade(), "done");
  if (scene_.mariadb()) scene_.Sql("CREATE OR REPLACE DATABASE ops");
  const auto other = scene_.Beside("ops");
  other->Draw("x");
  EXPECT_EQ(other->Upgrade("x"), "done");
  EXPECT_EQ(other->Rows(), "x");
  EXPECT_EQ(scene_.Rows(), "a");
}

TEST_P(EngineTest, CreatesASqliteFileForAnUpgradeAlone) {
  if (GetParam() != Dialect::kSqlite) GTEST_SKIP() << "only SQLite makes databases";
  scene_.DropDatabase();
  scene_.Write("a", "-- mig:up\nCREATE TABLE t_a (id integer);\n");
  EXPECT_EQ(scene_.Stamp("a"), "DATABASE_MISSING");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Rows(), "a");
}

TEST_P(EngineTest, ReadsNoDatabaseOfAServerThatIsMissingAsAnEmptyOne) {
  if (GetParam() != Dialect::kMariadb) GTEST_SKIP() << "PostgreSQL has no code for it";
  scene_.Draw("a");
  scene_.MoveTo(MariadbServerOfTests().Url("typo"));
  const auto status = scene_.engine().Status(scene_.View(), scene_.target());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().reason, Reason::kDatabaseMissing);
  EXPECT_EQ(scene_.Plan(kUpgradeAll), "DATABASE_MISSING");
  const auto heads = scene_.engine().ListHeads(scene_.View(), false, scene_.target());
  ASSERT_FALSE(heads);
  EXPECT_EQ(heads.error().reason, Reason::kDatabaseMissing);
  EXPECT_EQ(scene_.Upgrade(), "DATABASE_MISSING");
}

// Whatever is asked of whatever graph: after every commit the version table holds exactly the
// maximal elements of what the schema shows to be applied.
class Invariant : public testing::TestWithParam<Dialect> {};
INSTANTIATE_TEST_SUITE_P(Engines, Invariant,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgresql),
                         [](const auto& engine) { return std::string(NameOf(engine.param)); });

class CommitListener : public ForwardingSession {
 public:
  CommitListener(std::unique_ptr<Session> real, std::function<void()> committed)
      : ForwardingSession(std::move(real)), committed_(std::move(committed)) {}
  Result<void> Commit() override {
    TRY(ForwardingSession::Commit());
    committed_();
    return {};
  }

 private:
  const std::function<void()> committed_;
};

std::string RandomDrawing(std::mt19937& random, int count) {
  std::string drawing;
  for (int i = 0; i < count; ++i) {
    drawing += "r" + std::to_string(i) + ":";
    std::set<int> below;
    while (i > 0 && random() % 100 < 65)
      below.insert(static_cast<int>(random() % static_cast<unsigned>(i)));
    for (const int other : below) {
      drawing += std::string(random() % 4 == 0 ? " +" : " ") + "r" + std::to_string(other);
    }
    drawing += ";";
  }
  return drawing;
}

TEST_P(Invariant, HoldsAfterEveryCommitOfRandomRuns) {
  std::mt19937 random(20261123);
  const int rounds = GetParam() == Dialect::kSqlite ? 40 : 10;
  int commits = 0;
  std::size_t steps = 0;
  for (int round = 0; round < rounds; ++round) {
    std::function<void()> check;
    const SessionOpener open = [&](const TargetUrl& url,
                                   IfMissing missing) -> Result<std::unique_ptr<Session>> {
      auto real = TRY(OpenSession(url, missing));
      return std::unique_ptr<Session>(
          std::make_unique<CommitListener>(std::move(real), [&] { check(); }));
    };
    Scene scene(GetParam(), "", open);
    const std::string drawing = RandomDrawing(random, 8);
    SCOPED_TRACE(drawing);
    scene.Draw(drawing);
    check = [&] {
      ++commits;
      EXPECT_EQ(scene.Rows(), scene.MaximalOfTables()) << drawing;
    };
    for (int run = 0; run < 6; ++run) {
      const std::string name = "r" + std::to_string(random() % 8);
      const std::string said = run == 0 || random() % 2 == 0
                                   ? scene.Upgrade(random() % 3 == 0 ? "heads" : name)
                                   : scene.Downgrade(random() % 4 == 0 ? "base" : name);
      if (said == "done") steps += static_cast<std::size_t>(scene.finished().steps_done);
    }
    scene.ExpectSound();
  }
  EXPECT_GT(commits, 4 * rounds);
  EXPECT_GT(steps, 4 * static_cast<std::size_t>(rounds));
}

}  // namespace
}  // namespace mig
