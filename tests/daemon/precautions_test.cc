// Exact plans, consent and backups: what stops a run before its first statement.
#include "daemon/precautions.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/daemon/forwarding_session.h"
#include "tests/daemon/scene.h"

namespace mig {
namespace {

using Kind = Operation::Kind;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class PrecautionsTest : public testing::TestWithParam<Dialect> {
 protected:
  PrecautionsTest() { scene_.Draw("a; b: a; c: b"); }

  std::vector<std::string> NoticesOf(const std::string& severity) {
    std::vector<std::string> messages;
    for (const Notice& notice : scene_.Events<Notice>()) {
      if (notice.severity == severity) messages.push_back(notice.message);
    }
    return messages;
  }
  std::vector<std::string> Backups() {
    std::vector<std::string> files;
    if (!std::filesystem::exists(scene_.Path("backups"))) return files;
    for (const auto& entry : std::filesystem::directory_iterator(scene_.Path("backups")))
      if (entry.path().filename() != ".gitignore") files.push_back(entry.path().string());
    return files;
  }
  static std::string BytesOf(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  void TakeBackups(const std::string& method) {
    scene_.policy().backup = method;
    scene_.policy().backup_directory = scene_.Path("backups");
  }

  Scene scene_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, PrecautionsTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgresql, Dialect::kMariadb),
                         [](const auto& engine) { return std::string(NameOf(engine.param)); });

// ---- Exact plans

TEST_P(PrecautionsTest, DoThePlanThatWasLookedAt) {
  const std::string plan = scene_.Plan({Kind::kUpgrade, {"b"}});
  scene_.Insist(plan);
  EXPECT_EQ(scene_.Upgrade("b"), "done");
  EXPECT_EQ(scene_.Column("SELECT DISTINCT plan FROM mig_log"), plan);
}

TEST_P(PrecautionsTest, RefuseAPlanWhoseRowsHaveMoved) {
  ASSERT_EQ(scene_.Upgrade("a"), "done");
  const std::string plan = scene_.Plan({Kind::kUpgrade, {"c"}});
  ASSERT_EQ(scene_.Upgrade("b"), "done");
  scene_.Insist(plan);
  EXPECT_EQ(scene_.Upgrade("c"), "PLAN_CHANGED");
  EXPECT_EQ(scene_.detail("differs"), "rows");
  EXPECT_EQ(scene_.Rows(), "b");
  scene_.Insist(scene_.detail("plan"));
  EXPECT_EQ(scene_.Upgrade("c"), "done");
  EXPECT_EQ(scene_.Upgrade("c"), "PLAN_CHANGED") << "it was done already";
}

TEST_P(PrecautionsTest, RefuseAPlanWhoseStepsHaveChanged) {
  ASSERT_EQ(scene_.Upgrade("a"), "done");
  scene_.Insist(scene_.Plan({Kind::kUpgrade, {"heads"}}));
  scene_.Replace("c", "INSERT INTO ran", "INSERT  INTO ran");
  EXPECT_EQ(scene_.Upgrade("heads"), "PLAN_CHANGED");
  EXPECT_EQ(scene_.detail("differs"), "steps");
  EXPECT_EQ(scene_.Rows(), "a");
}

TEST_P(PrecautionsTest, SayThatAPlanMayBeOfAnotherCommand) {
  ASSERT_EQ(scene_.Upgrade("b"), "done");
  scene_.Insist(scene_.Plan({Kind::kDowngrade, {"a"}}));
  EXPECT_EQ(scene_.Upgrade("c"), "PLAN_CHANGED");
  EXPECT_THAT(scene_.error().message, HasSubstr("of another command or revision"));
}

TEST_P(PrecautionsTest, TellPlansOfDifferentOperationsApart) {
  ASSERT_EQ(scene_.Upgrade("b"), "done");
  const std::set<std::string> plans = {
      scene_.Plan({Kind::kUpgrade, {"c"}}), scene_.Plan({Kind::kDowngrade, {"a"}}),
      scene_.Plan({Kind::kStamp, {"c"}}), scene_.Plan({Kind::kStamp, {"a"}}),
      scene_.Plan({Kind::kUpgrade, {"b"}})};
  EXPECT_EQ(plans.size(), 5U);
  for (const std::string& plan : plans) EXPECT_EQ(plan.size(), 64U);
  EXPECT_EQ(scene_.Plan({Kind::kUpgrade, {"c"}}), scene_.Plan({Kind::kUpgrade, {"head"}}));
}

TEST_P(PrecautionsTest, RefuseWhatIsNoHash) {
  scene_.Insist("abc");
  EXPECT_EQ(scene_.Upgrade("b"), "INVALID_ARGUMENT");
}

// ---- Consent

TEST_P(PrecautionsTest, AskNothingWhereNothingIsProtected) {
  ASSERT_EQ(scene_.Upgrade("c"), "done");
  EXPECT_EQ(scene_.Downgrade("a"), "done");
}

TEST_P(PrecautionsTest, TellWhatGoesWithAReapplyWhereNothingIsProtected) {
  ASSERT_EQ(scene_.Upgrade("c"), "done");
  EXPECT_THAT(NoticesOf("DESTROYS"), IsEmpty());
  scene_.Sql("INSERT INTO t_c VALUES (1)");
  scene_.Replace("c", "(id integer)", "(id integer, more integer)");
  ASSERT_EQ(scene_.Reapply(), "done");
  EXPECT_THAT(NoticesOf("DESTROYS"), testing::ElementsAre("drop_table t_c (1 row), in c"));
}

TEST_P(PrecautionsTest, RefuseToDropWhatNobodyConsentedToAndCountItsRows) {
  ASSERT_EQ(scene_.Upgrade("c"), "done");
  scene_.policy().is_protected = true;
  scene_.Sql("INSERT INTO t_c VALUES (1)");
  scene_.Sql("INSERT INTO t_b VALUES (1), (2), (3)");
  const std::string before = scene_.Everything();
  EXPECT_EQ(scene_.Downgrade("a"), "CONSENT_MISSING");
  EXPECT_EQ(scene_.detail("losses"), "drop_table t_c (1 row), in c\ndrop_table t_b (3 rows), in b");
  EXPECT_EQ(scene_.detail("allow"), "drop_table");
  EXPECT_EQ(scene_.Everything(), before);
  EXPECT_EQ(scene_.finished().state, "nothing was changed");
  scene_.Allow({"truncate"});
  EXPECT_EQ(scene_.Downgrade("a"), "CONSENT_MISSING");
  scene_.Allow({"drop_table"});
  EXPECT_EQ(scene_.Downgrade("a"), "done");
  EXPECT_EQ(NoticesOf("DESTROYS").size(), 2U);
}

TEST_P(PrecautionsTest, AskForWhatAVerificationDestroysToo) {
  ASSERT_EQ(scene_.Upgrade("c"), "done");
  scene_.policy().is_protected = true;
  scene_.Draw("d: c");
  scene_.Replace("d", "-- mig:down\n", "-- mig:verify\nDELETE FROM ran;\n\n-- mig:down\n");
  EXPECT_EQ(scene_.Upgrade("d"), "CONSENT_MISSING");
  EXPECT_EQ(scene_.detail("losses"), "delete_all ran (3 rows), in d");
  EXPECT_EQ(scene_.Ran(), "a b c");
}

TEST_P(PrecautionsTest, CountWhatIsOnlyThereLaterAsNotThere) {
  scene_.policy().is_protected = true;
  scene_.Draw("d: c");
  scene_.Replace("d", "-- mig:up\n", "-- mig:up\nDROP TABLE t_c;\nDELETE FROM ran;\n");
  EXPECT_EQ(scene_.Upgrade("d"), "CONSENT_MISSING");
  EXPECT_EQ(scene_.detail("losses"),
            "drop_table t_c (not there now), in d\ndelete_all ran (0 rows), in d");
  EXPECT_EQ(scene_.Upgrade("c"), "done") << "what destroys nothing needs no consent";
}

TEST_P(PrecautionsTest, SayOfATableThatIsThereThatItsRowsAreNotCounted) {
  if (!scene_.postgres()) GTEST_SKIP() << "the statements are PostgreSQL's";
  ASSERT_EQ(scene_.Upgrade("c"), "done");
  scene_.policy().is_protected = true;
  scene_.Sql("CREATE VIEW broken AS SELECT 1 AS one WHERE 1 / 0 = 1");
  scene_.Draw("d: c");
  scene_.Replace("d", "-- mig:up\n",
                 "-- mig:up\nDELETE FROM broken;\nDROP TABLE public.t_a;\n"
                 "SET LOCAL search_path TO tenant;\nDROP TABLE public.t_b;\nDROP TABLE users;\n");
  EXPECT_EQ(scene_.Upgrade("d"), "CONSENT_MISSING");
  EXPECT_EQ(scene_.detail("losses"),
            "delete_all broken (rows not counted), in d\ndrop_table public.t_a (0 rows), in d\n"
            "drop_table public.t_b (0 rows), in d\ndrop_table users (rows not counted), in d");
}

TEST_P(PrecautionsTest, RefuseAKindThatIsNoneWhereverItIsSaid) {
  ASSERT_EQ(scene_.Upgrade("a"), "done");
  scene_.Allow({"everything"});
  EXPECT_EQ(scene_.Upgrade("a"), "INVALID_ARGUMENT") << "there is nothing to do";
  EXPECT_EQ(scene_.Upgrade("b"), "INVALID_ARGUMENT") << "nothing is protected";
  scene_.policy().is_protected = true;
  EXPECT_EQ(scene_.Upgrade("b"), "INVALID_ARGUMENT");
  EXPECT_EQ(scene_.Rows(), "a");
}

// ---- Applied elsewhere first

TEST_P(PrecautionsTest, RefuseWhatIsNotAppliedWhereItHasToBeFirst) {
  Scene staging(GetParam());
  staging.Draw("a; b: a; c: b");
  scene_.policy().applied_before = std::make_shared<const TargetSpec>(staging.target());
  EXPECT_EQ(scene_.Upgrade("b"), "NOT_APPLIED_BEFORE");
  EXPECT_EQ(scene_.detail("name"), "a");
  ASSERT_EQ(staging.Upgrade("b"), "done");
  EXPECT_EQ(scene_.Upgrade("c"), "NOT_APPLIED_BEFORE");
  EXPECT_EQ(scene_.Upgrade("b"), "done");
  EXPECT_EQ(scene_.Downgrade("a"), "done") << "back is never further than there";
}

TEST_P(PrecautionsTest, SayThatAnotherTextIsAppliedWhereTheRevisionHasToBeFirst) {
  Scene staging(GetParam());
  staging.Draw("a");
  ASSERT_EQ(staging.Upgrade("a"), "done");
  scene_.policy().applied_before = std::make_shared<const TargetSpec>(staging.target());
  scene_.Write("a", "-- mig:up\nCREATE TABLE t_a (id integer, name text);\n");
  EXPECT_EQ(scene_.Upgrade("a"), "NOT_APPLIED_BEFORE");
  EXPECT_THAT(scene_.error().message, HasSubstr("revision a is applied on "));
  EXPECT_THAT(scene_.error().hint, HasSubstr("`mig reapply -t "));
}

// ---- Before there is a database

class MissingDatabaseTest : public testing::Test {
 protected:
  MissingDatabaseTest() {
    WriteTo(scene_);
    scene_.DropDatabase();
  }
  static void WriteTo(Scene& scene) {
    scene.Write("a", "-- mig:up\nCREATE TABLE t_a (id integer);\n");
    scene.Write("b", "-- parents: a\n\n-- mig:up\nCREATE TABLE t_b (id integer);\n");
  }
  bool Exists() { return std::filesystem::exists(scene_.Path("shop.db")); }

  Scene scene_{Dialect::kSqlite};
};

TEST_F(MissingDatabaseTest, IsNotMadeForARunThatAPolicyRefuses) {
  Scene staging(Dialect::kSqlite);
  WriteTo(staging);
  scene_.policy().applied_before = std::make_shared<const TargetSpec>(staging.target());
  EXPECT_EQ(scene_.Upgrade(), "NOT_APPLIED_BEFORE");
  ASSERT_EQ(staging.Upgrade("a"), "done");
  EXPECT_EQ(scene_.Upgrade(), "NOT_APPLIED_BEFORE");
  EXPECT_FALSE(Exists());
  EXPECT_EQ(scene_.Upgrade("a"), "done");
}

TEST_F(MissingDatabaseTest, IsNotMadeWithoutConsent) {
  scene_.Write("a", "-- mig:up\nCREATE TABLE t_a (id integer);\nDROP TABLE t_a;\n");
  scene_.policy().is_protected = true;
  EXPECT_EQ(scene_.Upgrade(), "CONSENT_MISSING");
  EXPECT_FALSE(Exists());
  scene_.Allow({"drop_table"});
  EXPECT_EQ(scene_.Upgrade(), "done");
}

TEST_F(MissingDatabaseTest, IsNotMadeForAnotherPlanThanTheOneLookedAt) {
  scene_.Insist(scene_.Plan({Kind::kUpgrade, {"a"}}));
  EXPECT_EQ(scene_.Upgrade("b"), "PLAN_CHANGED");
  EXPECT_FALSE(Exists());
  EXPECT_EQ(scene_.Upgrade("a"), "done");
}

// ---- Backups

TEST_P(PrecautionsTest, TakeABackupBeforeTheFirstStatement) {
  TakeBackups(scene_.postgres() ? "pg_dump" : scene_.mariadb() ? "mariadb-dump" : "sqlite");
  ASSERT_EQ(scene_.Upgrade("a"), "done");
  ASSERT_EQ(Backups().size(), 1U);
  ASSERT_EQ(NoticesOf("BACKUP").size(), 1U);
  EXPECT_THAT(NoticesOf("BACKUP")[0], HasSubstr(Backups()[0]));
  EXPECT_EQ(scene_.Log(), "backup:" + Backups()[0] + ":done upgrade:a:done");
  if (scene_.mariadb()) {
    EXPECT_THAT(BytesOf(Backups()[0]), HasSubstr("CREATE TABLE `ran`"));
    EXPECT_THAT(BytesOf(Backups()[0]), testing::Not(HasSubstr("CREATE TABLE `t_a`")));
  }
  if (GetParam() == Dialect::kSqlite) {
    auto copy = MustOpen(Parse("sqlite:" + Backups()[0]));
    EXPECT_EQ(NumberOf(Cell(*copy, {"SELECT count(*) FROM sqlite_schema WHERE name = 't_a'"})), 0);
  }
  EXPECT_EQ(scene_.Upgrade("a"), "done");
  EXPECT_EQ(Backups().size(), 1U) << "nothing to do, nothing to keep";
  EXPECT_EQ(scene_.Stamp("b"), "done");
  EXPECT_EQ(Backups().size(), 1U) << "a stamp touches no data";
  scene_.ExpectSound();
}

TEST_P(PrecautionsTest, RunNothingWhereTheBackupFails) {
  TakeBackups("echo broken >&2; exit 1");
  EXPECT_EQ(scene_.Upgrade("a"), "BACKUP_FAILED");
  EXPECT_THAT(scene_.error().message, HasSubstr("broken"));
  EXPECT_EQ(scene_.finished().state, "nothing was changed");
  EXPECT_EQ(scene_.Tables(), "");
  EXPECT_EQ(scene_.Log(), "backup::failed: BACKUP_FAILED");
  EXPECT_THAT(Backups(), IsEmpty());
  scene_.policy().backup = "";
  EXPECT_EQ(scene_.Upgrade("a"), "done");
  scene_.ExpectSound();
}

TEST_P(PrecautionsTest, GiveABackupUpAfterItsTimeOrWhenTheRunIsCancelled) {
  TakeBackups("sleep 600");
  scene_.policy().backup_time = std::chrono::seconds(1);
  EXPECT_EQ(scene_.Upgrade("a"), "BACKUP_FAILED");
  scene_.policy().backup_time = std::chrono::seconds(600);
  const RunPtr run = scene_.Start({Kind::kUpgrade, {"a"}});
  ASSERT_NE(run, nullptr);
  run->Cancel();
  EXPECT_EQ(scene_.Await(*run), "cancelled");
  EXPECT_EQ(scene_.Tables(), "");
}

TEST_P(PrecautionsTest, TakeNoBackupForAPlanThatIsRefused) {
  ASSERT_EQ(scene_.Upgrade("c"), "done");
  TakeBackups("echo x > \"$MIG_BACKUP_FILE\"");
  scene_.policy().is_protected = true;
  EXPECT_EQ(scene_.Downgrade("a"), "CONSENT_MISSING");
  EXPECT_THAT(Backups(), IsEmpty());
}

// With a server that ends the session of a run after three seconds of silence.
class ImpatientServer : public ForwardingSession {
 public:
  using ForwardingSession::ForwardingSession;
  Result<bool> TryLock(std::string_view name) override {
    const bool taken = TRY(real_->TryLock(name));
    if (taken) MustExecute(*real_, {"SET wait_timeout = 3"});
    return taken;
  }
};

void ExpectRunAfterABackupOfFiveSeconds(Scene& scene) {
  scene.Draw("a");
  scene.policy().backup = "sleep 5; echo x > \"$MIG_BACKUP_FILE\"";
  scene.policy().backup_directory = scene.Path("backups");
  EXPECT_EQ(scene.Upgrade(), "done") << scene.error().message;
  scene.ExpectSound();
}

TEST(MariadbBackup, MayTakeLongerThanTheServerWaitsForTheRun) {
  Scene scene(Dialect::kMariadb, "",
              [](const TargetUrl& url, IfMissing if_missing) -> Result<std::unique_ptr<Session>> {
                std::unique_ptr<Session> session = TRY(OpenSession(url, if_missing));
                return std::unique_ptr<Session>(new ImpatientServer(std::move(session)));
              });
  ExpectRunAfterABackupOfFiveSeconds(scene);
}

TEST(PostgresBackup, MayTakeLongerThanTheServerWaitsForTheRun) {
  Scene scene(Dialect::kPostgresql);
  scene.Sql(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET idle_session_timeout = 3000', "
      "current_database()); END $$");
  ExpectRunAfterABackupOfFiveSeconds(scene);
}

TEST(PostgresBackup, IsGivenUpWhenTheRunLosesItsSession) {
  Scene scene(Dialect::kPostgresql);
  scene.Draw("a");
  scene.policy().backup = "touch " + scene.Path("begun") + "; sleep 60";
  scene.policy().backup_directory = scene.Path("backups");
  scene.policy().backup_time = std::chrono::seconds(20);
  const RunPtr run = scene.Start({Kind::kUpgrade, {"a"}});
  while (!std::filesystem::exists(scene.Path("begun")))
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  scene.Sql(
      "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database d ON d.oid = database "
      "WHERE locktype = 'advisory' AND datname = current_database()");
  EXPECT_EQ(scene.Await(*run), "DATABASE_UNREACHABLE");
  EXPECT_EQ(scene.Tables(), "");
}

TEST(ServedPolicies, AreTheDaemonsOwn) {
  ServedTargets served;
  served.accept_backups = false;
  served.by_name["prod"].url = "sqlite:/tmp/prod.db";
  served.by_name["prod"].policy.is_protected = true;
  TargetSpec asked;
  asked.name = "prod";
  asked.policy.backup = "rm -rf x";
  const auto address = AddressOf(asked, served);
  ASSERT_TRUE(address);
  EXPECT_TRUE(address->policy.is_protected);
  EXPECT_EQ(address->policy.backup, "");
  asked.url = "sqlite:/tmp/other.db";
  const auto refused = AddressOf(asked, served);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kPermissionDenied);
}

TEST(ServedPolicies, HoldForTheirDatabaseByWhateverUrl) {
  ServedTargets served;
  TargetSpec& prod = served.by_name["prod"];
  prod.url = "postgresql://mig@db.internal/shop";
  prod.policy.is_protected = true;
  prod.policy.applied_before = std::make_shared<const TargetSpec>();
  served.by_name["stock"].url = "mariadb://mig@db.internal/stock";
  served.by_name["stock"].policy.backup = "mariadb-dump";
  const auto policy_of = [&](const std::string& url, bool is_protected = false) {
    TargetSpec asked;
    asked.name = "mine";
    asked.url = url;
    asked.policy.is_protected = is_protected;
    const auto address = AddressOf(asked, served);
    EXPECT_TRUE(address) << address.error().message;
    return address ? address->policy : TargetPolicy();
  };
  for (const char* url :
       {"postgresql://mig@db.internal/shop", "postgres://root:x@DB.internal:5432/shop"}) {
    EXPECT_TRUE(policy_of(url).is_protected) << url;
    EXPECT_EQ(policy_of(url).applied_before, prod.policy.applied_before) << url;
  }
  EXPECT_FALSE(policy_of("postgresql://mig@db.internal/other").is_protected);
  EXPECT_FALSE(policy_of("postgresql://mig@db.internal:5433/shop").is_protected);
  const TargetPolicy both = policy_of("mysql://ann@db.internal:3306/stock", true);
  EXPECT_EQ(both.backup, "mariadb-dump");
  EXPECT_TRUE(both.is_protected) << "which the caller asks for";
}

TEST(ServedPolicies, HoldForTheirFileByWhateverPath) {
  const ScratchDirectory folder;
  const std::string path = folder.path().string();
  std::ofstream(path + "/prod.db").close();
  std::filesystem::create_symlink(path + "/prod.db", path + "/link.db");
  ServedTargets served;
  served.by_name["prod"].url = "sqlite:" + path + "/prod.db";
  served.by_name["prod"].policy.is_protected = true;
  for (const char* name : {"/prod.db", "/link.db", "/other.db"}) {
    TargetSpec asked;
    asked.url = "sqlite:" + path + name;
    const auto address = AddressOf(asked, served);
    ASSERT_TRUE(address) << address.error().message;
    EXPECT_EQ(address->policy.is_protected, name != std::string("/other.db")) << name;
  }
}

TEST(ServedTargets, AreCalledByNameAndNotToldToWhoeverAsks) {
  ServedTargets served;
  served.accept_urls = false;
  served.by_name["prod"].url = "sqlite:/tmp/prod.db";
  std::vector<TargetSpec> wrong(2);
  wrong[0].name = "dev";
  wrong[1].name = "prod";
  wrong[1].url = "sqlite:/tmp/prod.db";
  for (const TargetSpec& asked : wrong) {
    const auto refused = AddressOf(asked, served);
    ASSERT_FALSE(refused) << asked.url;
    EXPECT_THAT(refused.error().hint, HasSubstr("`-t NAME`")) << asked.url;
    EXPECT_THAT(refused.error().hint, Not(HasSubstr("prod"))) << asked.url;
    EXPECT_THAT(refused.error().hint, Not(HasSubstr("with a url"))) << asked.url;
  }
  wrong[1].url = "";
  EXPECT_TRUE(AddressOf(wrong[1], served));
}

}  // namespace
}  // namespace mig
