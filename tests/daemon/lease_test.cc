// Who may run, who waits for whom, and what the waiting are told: on a real server, also behind a
// pooler.
#include "daemon/lease.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "daemon/blockers.h"
#include "tests/daemon/scene.h"
#include "tests/servers/server_process.h"

namespace mig {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

// Debian's pgbouncer before the test server, on a socket of its own; ends with this object, or with
// the process.
class Pgbouncer {
 public:
  explicit Pgbouncer(const std::string& pool_mode) {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
    std::ofstream(folder_ / "pgbouncer.ini")
        << "[databases]\n* = host=" << Server().folder() << " port=" << Server().port()
        << " user=postgres\n[pgbouncer]\nlisten_port = 6432\nunix_socket_dir = "
        << folder_.path().string()
        << "\nauth_type = any\ndefault_pool_size = 2\npool_mode = " << pool_mode << "\n";
    const std::string script = AsServerUser("postgres") + "pgbouncer -q " +
                               (folder_ / "pgbouncer.ini") + " >" + (folder_ / "log") +
                               " 2>&1 & read -r _; kill $!; wait";
    shell_ = popen(script.c_str(), "w");
    while (!OpenSession(Parse(Url("postgres")), IfMissing::kFail))
      std::this_thread::sleep_for(10ms);
  }
  ~Pgbouncer() { pclose(shell_); }
  Pgbouncer(const Pgbouncer&) = delete;

  std::string Url(const std::string& database) const {
    std::string host;
    for (const char c : folder_.path().string())
      host += c == '/' ? std::string("%2F") : std::string(1, c);
    return "postgresql://postgres@/" + database + "?host=" + host + "&port=6432";
  }

 private:
  ScratchDirectory folder_;
  FILE* shell_ = nullptr;
};

class LeaseTest : public testing::Test {
 protected:
  explicit LeaseTest(Dialect dialect = Dialect::kPostgresql) : scene_(dialect) {}
  void SetUp() override {
    scene_.Draw("a");
    ASSERT_EQ(scene_.Upgrade(), "done");
  }
  void WriteB(const std::string& up) { scene_.Write("b", "-- parents: a\n\n" + up); }
  // Builds an index that cannot be ready before `blocker` ends its transaction.
  RunPtr StartBlockedIndex(Session& blocker, const std::string& index = "i") {
    EXPECT_TRUE(blocker.Begin());
    MustExecute(blocker, {"SELECT count(*) FROM t_a"});
    MustExecute(blocker, {"LOCK TABLE t_a IN ROW EXCLUSIVE MODE"});
    WriteB("-- mig:up transaction=off\nCREATE INDEX CONCURRENTLY " + index + " ON t_a (id);\n");
    const RunPtr run = scene_.Start(kUpgradeAll);
    while (BackendOfIndex().empty()) std::this_thread::sleep_for(5ms);
    return run;
  }
  // The pid of the session that waits in CREATE INDEX.
  std::string BackendOfIndex() {
    return scene_.Column(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND "
        "wait_event_type = 'Lock' AND query LIKE 'CREATE INDEX CONCURRENTLY%'");
  }
  static std::vector<std::string> Reasons(RunInProgress& run) {
    std::vector<std::string> reasons;
    for (const Event& event : run.log().ReadAfter(0, 1000).events) {
      if (const auto* waiting = std::get_if<Waiting>(&event.body))
        reasons.push_back(waiting->reason);
    }
    return reasons;
  }
  static void AwaitReason(RunInProgress& run, const std::string& part) {
    const auto named = [&] {
      for (const std::string& reason : Reasons(run)) {
        if (reason.find(part) != std::string::npos) return true;
      }
      return false;
    };
    while (!named()) std::this_thread::sleep_for(5ms);
  }

  Scene scene_;
};

TEST_F(LeaseTest, EightWhoWaitForItDoNotHoldAnIndexUp) {
  const auto blocker = scene_.OpenOwn();
  const RunPtr run = StartBlockedIndex(*blocker);
  std::vector<std::unique_ptr<Scene>> daemons;
  std::vector<RunPtr> waiting;
  for (int i = 0; i < 8; ++i) {
    daemons.push_back(scene_.Beside());
    waiting.push_back(daemons.back()->Start(kUpgradeAll));
    AwaitReason(*waiting.back(), "holds the lease");
  }
  const std::string blockers = "SELECT unnest(pg_blocking_pids(" + BackendOfIndex() + "))";
  const std::string only = TextOf(Cell(*blocker, {"SELECT pg_backend_pid()"}));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(scene_.Column(blockers), only);
  ASSERT_TRUE(blocker->Rollback());
  EXPECT_EQ(scene_.Await(*run), "done");
  for (int i = 0; i < 8; ++i) EXPECT_EQ(daemons[i]->Await(*waiting[i]), "done");
  EXPECT_EQ(scene_.Log(), "upgrade:a:done upgrade:b:done");
  scene_.ExpectSound();
}

TEST_F(LeaseTest, WhoWaitsIsToldWhoHasItSinceWhenAndWhatRuns) {
  const auto blocker = scene_.OpenOwn();
  const RunPtr run = StartBlockedIndex(*blocker);
  const auto other = scene_.Beside();
  const RunPtr waiting = other->Start(kUpgradeAll);
  AwaitReason(*waiting, "holds the lease");
  EXPECT_THAT(
      Reasons(*waiting).at(0),
      MatchesRegex("Ann <ann@example.com> on .* holds the lease of this target since .*Z "
                   "\\([0-9]+ s ago\\), run " +
                   run->summary().id + ": pid [0-9]+ runs CREATE INDEX CONCURRENTLY for [0-9]+ s"));
  const RunPtr hasty = other->Start(kUpgradeAll, 0ms);
  EXPECT_EQ(other->Await(*hasty), "LEASE_HELD");
  EXPECT_THAT(other->error().message, HasSubstr("runs CREATE INDEX CONCURRENTLY for "));
  ASSERT_TRUE(blocker->Rollback());
  EXPECT_EQ(scene_.Await(*run), "done");
  EXPECT_EQ(other->Await(*waiting), "done");
}

TEST_F(LeaseTest, WhoWaitsIsNotToldTheValuesOfTheRunThatHasIt) {
  const auto other = scene_.Beside();  // does not know them
  scene_.placeholders() = {{"index", "hunter2"}};
  const auto blocker = scene_.OpenOwn();
  const RunPtr run = StartBlockedIndex(*blocker, "i_${index}");
  EXPECT_EQ(other->Await(*other->Start({Operation::Kind::kDowngrade, {"base"}}, 0ms)),
            "LEASE_HELD");
  EXPECT_THAT(other->error().message, HasSubstr("runs CREATE INDEX CONCURRENTLY for "));
  EXPECT_THAT(other->error().message, Not(HasSubstr("hunter2")));
  ASSERT_TRUE(blocker->Rollback());
  EXPECT_EQ(scene_.Await(*run), "done");
}

TEST_F(LeaseTest, AStatementThatWaitsTellsNoValue) {
  scene_.placeholders() = {{"owner", "postgres"}};
  WriteB("-- mig:up lock_timeout=0\nALTER TABLE t_a OWNER TO ${owner};\n");
  const auto other = scene_.OpenOwn();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {"LOCK TABLE t_a IN SHARE MODE"});
  const RunPtr run = scene_.Start(kUpgradeAll);
  AwaitReason(*run, "ALTER TABLE t_a waits for ");
  EXPECT_THAT(Reasons(*run).at(0), HasSubstr("waits for ${owner} (pid "));
  ASSERT_TRUE(other->Rollback());
  EXPECT_EQ(scene_.Await(*run), "done");
}

TEST_F(LeaseTest, AStatementThatWaitsNamesWhoKeepsItWaiting) {
  WriteB("-- mig:up lock_timeout=0\nALTER TABLE t_a ADD COLUMN x integer;\n");
  const auto other = scene_.OpenOwn();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {"LOCK TABLE t_a IN SHARE MODE"});
  const RunPtr run = scene_.Start(kUpgradeAll);
  AwaitReason(*run, "ALTER TABLE t_a waits for ");
  EXPECT_THAT(Reasons(*run).at(0),
              MatchesRegex("ALTER TABLE t_a waits for postgres \\(pid " +
                           std::to_string(other->server_id()) +
                           ", mig, idle in transaction for [0-9]+ s, last LOCK TABLE\\)"));
  ASSERT_TRUE(other->Rollback());
  EXPECT_EQ(scene_.Await(*run), "done");
}

TEST_F(LeaseTest, AStatementThatGivesUpAfterASecondNamesThemToo) {
  WriteB("-- mig:up lock_timeout=1s\nALTER TABLE t_a ADD COLUMN x integer;\n");
  const auto other = scene_.OpenOwn();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {"LOCK TABLE t_a IN SHARE MODE"});
  const RunPtr run = scene_.Start(kUpgradeAll);
  AwaitReason(*run, "attempt 2 of 8 follows");
  EXPECT_THAT(Reasons(*run).at(0), HasSubstr("ALTER TABLE t_a waits for postgres"));
  ASSERT_TRUE(other->Rollback());
  EXPECT_EQ(scene_.Await(*run), "done");
}

TEST(BlockWatchOfPostgresql, NamesThemWhereAStatementGivesUpSoonAndWhereTheRunDoes) {
  World world = World::Real();
  world.sleep = [](Milliseconds) {};
  Scene scene(Dialect::kPostgresql, "", OpenSession, world);
  scene.Draw("a");
  ASSERT_EQ(scene.Upgrade(), "done");
  scene.Write("b",
              "-- parents: a\n\n-- mig:up lock_timeout=250ms\nALTER TABLE t_a ADD COLUMN x "
              "integer;\n");
  const auto other = scene.OpenOwn();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {"LOCK TABLE t_a IN SHARE MODE"});
  EXPECT_EQ(scene.Upgrade(), "DATABASE_BUSY");
  const std::string holder = "postgres (pid " + std::to_string(other->server_id()) + ", mig, idle";
  EXPECT_THAT(scene.error().message, HasSubstr("; it waited for " + holder));
  std::vector<std::string> reasons;
  for (const Waiting& waiting : scene.Events<Waiting>()) reasons.push_back(waiting.reason);
  EXPECT_THAT(reasons, Contains(HasSubstr("ALTER TABLE t_a waits for " + holder)));
  ASSERT_TRUE(other->Rollback());
}

TEST_F(LeaseTest, WhoReadsWaitsForSecondsAloneWhereTheTablesAreLocked) {
  const auto other = scene_.OpenOwn();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {"SET LOCAL idle_in_transaction_session_timeout = '20s'"});
  MustExecute(*other, {"LOCK TABLE mig_version"});
  EXPECT_EQ(ErrorOf(scene_.engine().Status(scene_.View(), scene_.target())).reason,
            Reason::kDatabaseBusy);
  ASSERT_TRUE(other->Rollback());
}

TEST_F(LeaseTest, TheNextStatementThatWaitsNamesThemAgain) {
  WriteB(
      "-- mig:up lock_timeout=0\nALTER TABLE t_a ADD COLUMN x integer;\n"
      "ALTER TABLE ran ADD COLUMN x integer;\n");
  const auto other = scene_.OpenOwn();
  ASSERT_TRUE(other->Begin());
  MustExecute(*other, {"LOCK TABLE ran IN SHARE MODE"});
  MustExecute(*other, {"SAVEPOINT s"});
  MustExecute(*other, {"LOCK TABLE t_a IN SHARE MODE"});
  MustExecute(*other, {"SELECT 1"});
  const RunPtr run = scene_.Start(kUpgradeAll);
  AwaitReason(*run, "ALTER TABLE t_a waits for ");
  MustExecute(*other, {"ROLLBACK TO SAVEPOINT s"});
  MustExecute(*other, {"SELECT 1"});  // it does the same as before
  AwaitReason(*run, "ALTER TABLE ran waits for ");
  ASSERT_TRUE(other->Rollback());
  EXPECT_EQ(scene_.Await(*run), "done");
}

TEST(SqliteLease, OfARunThatHasNotBegunToWriteIsSaidToBeThat) {
  Scene scene(Dialect::kSqlite);
  scene.Draw("a");
  ASSERT_EQ(scene.Upgrade(), "done");
  const auto other = scene.OpenOwn();
  ASSERT_TRUE(other->TryLock("mig run").value());
  scene.Draw("b: a");
  const RunPtr hasty = scene.Start(kUpgradeAll, 0ms);
  EXPECT_EQ(scene.Await(*hasty), "LEASE_HELD");
  EXPECT_EQ(scene.error().message,
            "another run holds the lease of this target, and has not written down yet who it is");
}

TEST(SqliteLease, OfARunThatHasNotMadeTheTablesYetIsSaidToBeThat) {
  Scene scene(Dialect::kSqlite);
  scene.Draw("a");
  const auto other = scene.OpenOwn();
  ASSERT_TRUE(other->TryLock("mig run").value());
  EXPECT_EQ(scene.Await(*scene.Start(kUpgradeAll, 0ms)), "LEASE_HELD");
  EXPECT_EQ(scene.error().message,
            "another run holds the lease of this target, and has not written down yet who it is");
}

TEST(SqliteLease, OfARunThatIsAtWorkIsToldByTheStatus) {
  Scene scene(Dialect::kSqlite);
  scene.Draw("a");
  const auto other = scene.OpenOwn();
  ASSERT_TRUE(*other->TryLock(Bookkeeping(Dialect::kSqlite, "").lock_name()));
  const RunPtr run = scene.Start(kUpgradeAll);
  ASSERT_NE(run, nullptr);
  const auto status = scene.engine().Status(scene.View(), scene.target());
  ASSERT_TRUE(status);
  EXPECT_THAT(status->warnings,
              Contains(HasSubstr("run " + run->summary().id + " (upgrade heads) is at work")));
  ASSERT_TRUE(other->Unlock(Bookkeeping(Dialect::kSqlite, "").lock_name()));
  EXPECT_EQ(scene.Await(*run), "done");
  EXPECT_TRUE(scene.engine().Status(scene.View(), scene.target())->warnings.empty());
}

TEST(SqliteLease, OfARunThatIsAtWorkIsToldWhereTheStatusCannotBeRead) {
  Scene scene(Dialect::kSqlite);
  scene.Draw("a");
  const auto other = scene.OpenOwn();
  MustExecute(*other, {"BEGIN EXCLUSIVE"});
  const RunPtr run = scene.Start(kUpgradeAll, 60s);
  ASSERT_NE(run, nullptr);
  const Error error = ErrorOf(scene.engine().Status(scene.View(), scene.target()));
  EXPECT_EQ(error.reason, Reason::kDatabaseBusy);
  EXPECT_THAT(error.hint, HasSubstr("run " + run->summary().id + " (upgrade heads) is at work"));
  ASSERT_TRUE(other->Rollback());
  EXPECT_EQ(scene.Await(*run), "done");
}

// Longer than whoever wants to wait for nobody waits (kShortestWait).
TEST(SqliteLease, IsWaitedForAsLongAsAskedForWhileAnotherConnectionWritesOrLetsNobodyRead) {
  for (const std::string begin : {"BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"}) {
    SCOPED_TRACE(begin);
    World world = World::Real();
    auto other = std::make_shared<std::unique_ptr<Session>>();
    world.sleep = [other, pauses = std::make_shared<int>(0)](Milliseconds) {
      if (++*pauses != 25) return;
      EXPECT_TRUE((*other)->Rollback());
    };
    Scene scene(Dialect::kSqlite, "", OpenSession, world);
    scene.Draw("a");
    *other = scene.OpenOwn();
    MustExecute(**other, {begin});
    EXPECT_EQ(scene.Await(*scene.Start(kUpgradeAll, 60s)), "done") << scene.error().message;
    EXPECT_EQ(scene.Events<Waiting>().size(), 1u);
    EXPECT_EQ(scene.Rows(), "a");
  }
}

TEST(SqliteLease, IsNotWaitedForMuchLongerThanAskedForNorLessThanASecond) {
  World world = World::Real();
  const auto pauses = std::make_shared<std::atomic<int>>(0);
  world.sleep = [pauses](Milliseconds) { ++*pauses; };
  world.elapsed = [pauses] {
    return std::chrono::steady_clock::time_point(pauses->load() * 300ms);
  };
  Scene scene(Dialect::kSqlite, "", OpenSession, world);
  scene.Draw("a");
  const auto other = scene.OpenOwn();
  MustExecute(*other, {"BEGIN IMMEDIATE"});
  EXPECT_EQ(scene.Await(*scene.Start(kUpgradeAll, 500ms)), "DATABASE_BUSY");
  EXPECT_EQ(*pauses, 4);
  ASSERT_TRUE(other->Rollback());
}

TEST_F(LeaseTest, NobodyGetsItWhereTheTablesDoNotTellTheirFormat) {
  scene_.Sql("DELETE FROM mig_meta WHERE key = 'format'");
  WriteB("-- mig:up\nINSERT INTO ran (what) VALUES ('b');\n");
  EXPECT_EQ(scene_.Upgrade(), "DATABASE_FORMAT");
  EXPECT_EQ(scene_.Ran(), "a");
}

class MariadbLeaseTest : public LeaseTest {
 protected:
  MariadbLeaseTest() : LeaseTest(Dialect::kMariadb) {}
  // One that keeps a row and the definition of t_a to itself.
  std::unique_ptr<Session> Blocker() {
    auto blocker = scene_.OpenOwn();
    EXPECT_TRUE(blocker->Begin());
    MustExecute(*blocker, {"UPDATE ran SET what = 'z' WHERE what = 'a'"});
    MustExecute(*blocker, {"SELECT count(*) FROM t_a"});
    return blocker;
  }
};

TEST_F(MariadbLeaseTest, AStatementThatWaitsForARowNamesWhoHasIt) {
  const auto blocker = Blocker();
  WriteB("-- mig:up lock_timeout=0\nUPDATE ran SET what = 'b' WHERE what = 'a';\n");
  const RunPtr run = scene_.Start(kUpgradeAll);
  AwaitReason(*run, "waits for ");
  EXPECT_THAT(Reasons(*run).at(0), MatchesRegex("UPDATE ran waits for root \\(connection " +
                                                std::to_string(blocker->server_id()) +
                                                ", idle in transaction for [0-9]+ s\\)"));
  ASSERT_TRUE(blocker->Rollback());
  EXPECT_EQ(scene_.Await(*run), "done");
}

TEST_F(MariadbLeaseTest, AStatementThatWaitsForADefinitionNamesWhoMayUseIt) {
  const auto blocker = Blocker();
  WriteB("-- mig:up lock_timeout=0\nALTER TABLE t_a ADD COLUMN x integer;\n");
  const RunPtr run = scene_.Start(kUpgradeAll);
  AwaitReason(*run, "waits for ");
  EXPECT_THAT(Reasons(*run).at(0),
              HasSubstr("ALTER TABLE t_a waits for a metadata lock that may be held by root "
                        "(connection " +
                        std::to_string(blocker->server_id()) + ", idle in transaction for "));
  ASSERT_TRUE(blocker->Rollback());
  EXPECT_EQ(scene_.Await(*run), "done");
}

TEST_F(MariadbLeaseTest, WhoWaitsForTheLeaseIsToldWhatItsHolderRuns) {
  const auto blocker = Blocker();
  WriteB("-- mig:up lock_timeout=0\nALTER TABLE t_a ADD COLUMN x integer;\n");
  const RunPtr run = scene_.Start(kUpgradeAll);
  AwaitReason(*run, "waits for ");
  const auto other = scene_.Beside();
  EXPECT_EQ(other->Await(*other->Start(kUpgradeAll, 0ms)), "LEASE_HELD");
  EXPECT_THAT(other->error().message,
              MatchesRegex("Ann <ann@example.com> on .* holds the lease of this target since .*: "
                           "connection [0-9]+ runs ALTER TABLE for [0-9]+ s"));
  ASSERT_TRUE(blocker->Rollback());
  EXPECT_EQ(scene_.Await(*run), "done");
}

TEST(LeaseOfADatabaseThatIsNotUtf8, NamesTheHolderThatCannotBeWritten) {
  Scene scene(Dialect::kPostgresql);
  scene.Sql("CREATE DATABASE latin ENCODING LATIN1 LOCALE 'C' TEMPLATE template0");
  scene.MoveTo(Server().Url("latin"));
  scene.Write("a", "-- mig:up\nCREATE TABLE t_a (id integer);\n");
  scene.ActAs("Łukasz <lukasz@example.com>");
  EXPECT_EQ(scene.Upgrade(), "STATEMENT_FAILED");
  EXPECT_THAT(scene.error().message, HasSubstr("Łukasz <lukasz@example.com>, cannot be written"));
  EXPECT_THAT(scene.error().message, HasSubstr("LATIN1"));
  EXPECT_THAT(scene.error().hint, HasSubstr("GIT_AUTHOR_NAME"));
  scene.ActAs("Lukasz <lukasz@example.com>");
  EXPECT_EQ(scene.Upgrade(), "done");
}

TEST_F(LeaseTest, AHolderThatWasTakenForDeadWritesNothingMore) {
  const auto blocker = scene_.OpenOwn();
  const RunPtr run = StartBlockedIndex(*blocker);
  scene_.Sql("UPDATE mig_lease SET token = token + 1");
  ASSERT_TRUE(blocker->Rollback());
  EXPECT_EQ(scene_.Await(*run), "LEASE_LOST");
  EXPECT_EQ(scene_.Rows(), "a");
  EXPECT_EQ(scene_.Column("SELECT state FROM mig_journal"), "started");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Column("SELECT count(*) FROM pg_indexes WHERE indexname = 'i'"), "1");
  EXPECT_EQ(scene_.Log(), "upgrade:a:done upgrade:b:done");
  scene_.ExpectSound();
}

TEST_F(LeaseTest, NoRunBeginsBehindAPooler) {
  WriteB("-- mig:up\nCREATE TABLE t_b (id integer);\n");
  for (const char* mode : {"transaction", "session"}) {
    SCOPED_TRACE(mode);
    const Pgbouncer pooler(mode);
    RunSpec spec = scene_.Spec(kUpgradeAll);
    spec.target.url = pooler.Url(scene_.Column("SELECT current_database()"));
    const auto listing = scene_.engine().Current(spec.view, spec.target, false);
    ASSERT_TRUE(listing) << listing.error().message;
    EXPECT_EQ(listing->revisions.size(), 1u);
    EXPECT_EQ(scene_.Await(*scene_.Start(spec)), "UNSUPPORTED");
    EXPECT_THAT(scene_.error().message, HasSubstr("pgbouncer"));
    EXPECT_THAT(HintOf(scene_.error()), HasSubstr("url of the server itself"));
    EXPECT_EQ(scene_.Column("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
    EXPECT_EQ(scene_.Tables(), "a");
    // What a session of ours would set stays away from the pooler's other clients.
    const auto session = MustOpen(Parse(spec.target.url));
    EXPECT_EQ(Cell(*session, {"SHOW idle_in_transaction_session_timeout"}), SqlValue("0"));
  }
}

}  // namespace
}  // namespace mig
