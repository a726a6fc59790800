// What is kept, for whom, and what never is: against real databases.
#include "daemon/session_pool.h"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/daemon/forwarding_session.h"
#include "tests/daemon/scene.h"

namespace mig {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLong{600'000};

std::string DialectOf(const testing::TestParamInfo<Dialect>& tested) {
  return std::string(NameOf(tested.param));
}

// Counts the sessions that are opened and closed, and loses a connection on demand.
struct Counts {
  std::atomic<int> opened = 0;
  std::atomic<int> closed = 0;
  std::atomic<bool> lose_next = false;
};

class CountedSession final : public ForwardingSession {
 public:
  CountedSession(std::unique_ptr<Session> real, Counts& counts)
      : ForwardingSession(std::move(real)), counts_(counts) {
    ++counts_.opened;
  }
  ~CountedSession() override { ++counts_.closed; }
  Result<SqlResult> Execute(const SqlCommand& command) override {
    if (counts_.lose_next.exchange(false)) return Error{Reason::kDatabaseUnreachable, "lost"};
    return ForwardingSession::Execute(command);
  }
  bool MayBeKept() override { return real_->MayBeKept(); }
  bool MayServeAgain() override { return real_->MayServeAgain(); }

 private:
  Counts& counts_;
};

class SessionPoolTest : public testing::TestWithParam<Dialect> {
 protected:
  std::unique_ptr<SessionPool> Pool(milliseconds keep = kLong, std::size_t most = 8) {
    return std::make_unique<SessionPool>(OpenerOf<CountedSession>(counts_), keep, most);
  }

  static void Use(SessionPool& pool, const TargetUrl& url) {
    auto session = pool.Open(url);
    ASSERT_TRUE(session) << session.error().message;
    MustExecute(**session, {"SELECT 1"});
  }

  bool sqlite() const { return GetParam() == Dialect::kSqlite; }
  std::string path() const { return database_.url().path; }

  Counts counts_;
  Database database_{GetParam()};
  std::unique_ptr<Session> other_ = database_.Open();
  TargetUrl url_ = database_.url();
};

INSTANTIATE_TEST_SUITE_P(, SessionPoolTest,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgresql, Dialect::kMariadb),
                         DialectOf);

TEST_P(SessionPoolTest, ServesOneAddressAgainAndAgainWithOneSession) {
  MustExecute(*other_, {"CREATE TABLE t (a integer)"});
  const auto pool = Pool();
  for (int i = 0; i < 3; ++i) Use(*pool, url_);
  EXPECT_EQ(counts_.opened, 1);
}

TEST_P(SessionPoolTest, GivesTwoCallersAtOnceASessionEach) {
  const auto pool = Pool();
  {
    const auto one = pool->Open(url_);
    const auto two = pool->Open(url_);
    EXPECT_EQ(counts_.opened, 2);
  }
  Use(*pool, url_);
  EXPECT_EQ(counts_.opened, 2);
}

TEST_P(SessionPoolTest, NeverGivesASessionToAnotherAddress) {
  const auto pool = Pool();
  Use(*pool, url_);
  TargetUrl other = url_;
  if (sqlite()) {
    other.path = path() + "2";
    MustOpen(other);
  } else if (GetParam() == Dialect::kPostgresql) {
    other.parameters["password"] = "guessed";  // the socket asks for none
  } else {
    other.parameters["sql_mode"] = "ANSI_QUOTES";
  }
  Use(*pool, other);
  EXPECT_EQ(counts_.opened, 2);
}

TEST_P(SessionPoolTest, ClosesWhatWasIdleForItsTime) {
  const auto pool = Pool(milliseconds(20));
  Use(*pool, url_);
  Use(*pool, url_);
  while (counts_.closed < counts_.opened) std::this_thread::sleep_for(milliseconds(1));
  Use(*pool, url_);
  EXPECT_GE(counts_.opened, 2);
}

TEST_P(SessionPoolTest, ClosesTheOnesOfAnAddressWhenAsked) {
  const auto pool = Pool();
  Database second(GetParam());
  second.Open();
  EXPECT_FALSE(pool->Close(url_));
  Use(*pool, url_);
  Use(*pool, second.url());
  EXPECT_TRUE(pool->Close(url_));
  EXPECT_EQ(counts_.closed, 1);
  Use(*pool, second.url());
  EXPECT_EQ(counts_.opened, 2);
}

TEST_P(SessionPoolTest, ClosesTheLongestIdleBeyondItsLimit) {
  const auto pool = Pool(kLong, 1);
  Database second(GetParam());
  second.Open();
  Use(*pool, url_);
  Use(*pool, second.url());
  EXPECT_EQ(counts_.closed, 1);
  Use(*pool, second.url());
  EXPECT_EQ(counts_.opened, 2);
}

TEST_P(SessionPoolTest, ClosesEverythingWithItself) {
  Use(*Pool(), url_);
  EXPECT_EQ(counts_.closed, 1);
}

TEST_P(SessionPoolTest, KeepsNoSessionThatFailedOrIsInATransactionOrHoldsALock) {
  const auto pool = Pool();
  const auto spoil = [&](const std::function<void(Session&)>& use) {
    auto session = pool->Open(url_);
    ASSERT_TRUE(session);
    use(**session);
  };
  spoil([](Session& session) { EXPECT_FALSE(session.Execute({"SELECT * FROM nowhere"})); });
  EXPECT_EQ(counts_.closed, 1);
  spoil([](Session& session) { EXPECT_TRUE(session.Begin()); });
  EXPECT_EQ(counts_.closed, 2);
  spoil([](Session& session) { EXPECT_TRUE(session.TryLock("mig")); });
  EXPECT_EQ(counts_.closed, 3);
}

TEST_P(SessionPoolTest, ReplacesAKeptSessionThatTurnsOutToBeLost) {
  const auto pool = Pool();
  Use(*pool, url_);
  counts_.lose_next = true;
  Use(*pool, url_);
  EXPECT_EQ(counts_.opened, 2);
  EXPECT_EQ(counts_.closed, 1);
}

TEST_P(SessionPoolTest, LetsANewSessionThatIsLostFail) {
  const auto pool = Pool();
  counts_.lose_next = true;
  const auto session = pool->Open(url_);
  EXPECT_EQ(ErrorOf((*session)->Execute({"SELECT 1"})).reason, Reason::kDatabaseUnreachable);
  EXPECT_EQ(counts_.opened, 1);
}

class KeptPostgresSessions : public SessionPoolTest {};
INSTANTIATE_TEST_SUITE_P(, KeptPostgresSessions, testing::Values(Dialect::kPostgresql));

TEST_P(KeptPostgresSessions, AreDroppedWhenTheServerEndsThem) {
  const auto pool = Pool();
  Use(*pool, url_);
  MustExecute(*other_, {"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"});
  Use(*pool, url_);
  EXPECT_EQ(counts_.opened, 2);
}

TEST_P(KeptPostgresSessions, DoNotKeepADatabaseFromBeingDropped) {
  const auto pool = Pool(milliseconds(300));
  Use(*pool, url_);
  other_.reset();
  const auto server = MustOpen(Parse(Server().Url()));
  MustExecute(*server, {"DROP DATABASE " + url_.parameters.at("dbname")});
  EXPECT_FALSE(pool->Open(url_));
}

class KeptMariadbSessions : public SessionPoolTest {
 protected:
  std::string database() const { return url_.parameters.at("dbname"); }
};
INSTANTIATE_TEST_SUITE_P(, KeptMariadbSessions, testing::Values(Dialect::kMariadb));

TEST_P(KeptMariadbSessions, AreDroppedWhenTheServerEndsThem) {
  const auto pool = Pool();
  Use(*pool, url_);
  const SqlCommand others{
      "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> "
      "CONNECTION_ID()"};
  for (const auto& row : MustExecute(*other_, others).rows)
    MustExecute(*other_, {"KILL " + std::to_string(std::get<std::int64_t>(row[0]))});
  while (!MustExecute(*other_, others).rows.empty()) std::this_thread::yield();
  Use(*pool, url_);
  EXPECT_EQ(counts_.opened, 2);
}

TEST_P(KeptMariadbSessions, EndWhenTheDatabaseIsDropped) {
  const auto pool = Pool();
  Use(*pool, url_);
  MustExecute(*other_, {"DROP DATABASE " + database()});
  EXPECT_EQ(ErrorOf(pool->Open(url_)).reason, Reason::kDatabaseMissing);
}

TEST_P(KeptMariadbSessions, SeeADatabaseThatWasMadeAnew) {
  const auto pool = Pool();
  Use(*pool, url_);
  MustExecute(*other_, {"DROP DATABASE " + database()});
  MustExecute(*other_, {"CREATE DATABASE " + database() + " CHARACTER SET latin1"});
  auto session = pool->Open(url_);
  ASSERT_TRUE(session);
  EXPECT_EQ(std::get<std::string>(Cell(**session, {"SELECT @@character_set_database"})), "latin1");
}

TEST_P(KeptMariadbSessions, EndWhenTheOptionFileIsAnother) {
  const ScratchDirectory folder;
  url_.parameters["option_file"] = folder / ".my.cnf";
  const auto pool = Pool();
  Use(*pool, url_);
  Use(*pool, url_);
  EXPECT_EQ(counts_.opened, 1);
  std::ofstream(folder / ".my.cnf") << "[client]\n";
  Use(*pool, url_);
  EXPECT_EQ(counts_.opened, 2);
}

TEST_P(KeptMariadbSessions, AreInNoWriterSWay) {
  MustExecute(*other_, {"CREATE TABLE t (a integer)"});
  const auto pool = Pool();
  {
    const auto session = pool->Open(url_);
    ASSERT_TRUE(session);
    MustExecute(**session, {"SELECT * FROM t"});
  }
  MustExecute(*other_, {"SET lock_wait_timeout = 0"});
  MustExecute(*other_, {"ALTER TABLE t ADD COLUMN b integer"});
  EXPECT_EQ(counts_.closed, 0);
}

class KeptSqliteSessions : public SessionPoolTest {
 protected:
  void SetUp() override {
    MustExecute(*other_, {"CREATE TABLE t (a integer)"});
    MustExecute(*other_, {"INSERT INTO t VALUES (1)"});
    other_.reset();
  }
  // With a session that may have been kept.
  std::int64_t Value() {
    auto session = pool_->Open(url_);
    return session ? std::get<std::int64_t>(Cell(**session, {"SELECT a FROM t"})) : -1;
  }
  // Makes another database with the value beside ours; its path.
  std::string Another(int value) const {
    TargetUrl another = url_;
    another.path += ".another";
    const auto session = MustOpen(another);
    MustExecute(*session, {"CREATE TABLE t (a integer)"});
    MustExecute(*session, {"INSERT INTO t VALUES (" + std::to_string(value) + ")"});
    return another.path;
  }

  std::unique_ptr<SessionPool> pool_ = Pool();
};
INSTANTIATE_TEST_SUITE_P(, KeptSqliteSessions, testing::Values(Dialect::kSqlite));

TEST_P(KeptSqliteSessions, SeeWhatOthersWrite) {
  EXPECT_EQ(Value(), 1);
  MustExecute(*database_.Open(), {"UPDATE t SET a = 2"});
  EXPECT_EQ(Value(), 2);
}

TEST_P(KeptSqliteSessions, EndWhenTheFileIsReplaced) {
  EXPECT_EQ(Value(), 1);
  std::filesystem::rename(Another(2), path());
  EXPECT_EQ(Value(), 2);
}

// The two files have equal change counters, so SQLite's own cache could not tell them apart.
TEST_P(KeptSqliteSessions, EndWhenTheFileIsOverwritten) {
  EXPECT_EQ(Value(), 1);
  std::filesystem::copy_file(Another(2), path(), std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(Value(), 2);
}

TEST_P(KeptSqliteSessions, EndWhenTheFileIsRemoved) {
  EXPECT_EQ(Value(), 1);
  std::filesystem::remove(path());
  EXPECT_EQ(ErrorOf(pool_->Open(url_)).reason, Reason::kDatabaseMissing);
}

TEST_P(KeptSqliteSessions, AreInNoWriterSWay) {
  EXPECT_EQ(Value(), 1);
  const auto writer = database_.Open();
  EXPECT_EQ(std::get<std::string>(Cell(*writer, {"PRAGMA locking_mode = EXCLUSIVE"})), "exclusive");
  MustExecute(*writer, {"UPDATE t SET a = 2"});
  MustExecute(*writer, {"VACUUM"});
}

TEST_P(KeptSqliteSessions, AreNoneInWalMode) {
  MustExecute(*database_.Open(), {"PRAGMA journal_mode = WAL"});
  EXPECT_EQ(Value(), 1);
  EXPECT_EQ(counts_.closed, 1);
  EXPECT_FALSE(std::filesystem::exists(path() + "-wal"));
}

class KeptSessionsOfAnEngine : public testing::TestWithParam<Dialect> {
 protected:
  Counts counts_;
  Scene scene_{GetParam(), "", OpenerOf<CountedSession>(counts_)};
};
INSTANTIATE_TEST_SUITE_P(, KeptSessionsOfAnEngine,
                         testing::Values(Dialect::kSqlite, Dialect::kPostgresql, Dialect::kMariadb),
                         DialectOf);

TEST_P(KeptSessionsOfAnEngine, ServeRunsWithoutStepsAndNoOthers) {
  scene_.Draw("a");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(counts_.opened, 1);
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.finished().current, std::vector<std::string>{"a"});
  EXPECT_EQ(counts_.opened, 1);
  scene_.Draw("b: a");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(counts_.opened, 2);
  EXPECT_EQ(counts_.closed, 2);
  EXPECT_EQ(scene_.Ran(), "a b");
}

TEST(KeptSessionsOfARole, MakeRoomForTheOnlyOneThatItMayHave) {
  Scene scene(Dialect::kPostgresql);
  scene.Draw("a");
  const std::string role = scene.WeakRole();
  scene.Sql("ALTER ROLE " + role + " LOGIN CONNECTION LIMIT 1");
  scene.Sql("GRANT ALL ON SCHEMA public TO " + role);
  scene.Sql("ALTER TABLE ran OWNER TO " + role);
  RunSpec spec = scene.Spec(kUpgradeAll);
  const std::string superuser = "//postgres@";  // no limit counts for it
  spec.target.url.replace(spec.target.url.find(superuser), superuser.size(), "//" + role + "@");
  EXPECT_EQ(scene.Await(*scene.Start(spec)), "done") << scene.error().message;
  EXPECT_EQ(scene.Ran(), "a");
}

TEST_P(KeptSessionsOfAnEngine, SeeADatabaseThatBeganAnew) {
  scene_.Draw("a");
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_TRUE(scene_.engine().Current(scene_.View(), scene_.target(), true));
  scene_.Wipe();
  EXPECT_EQ(ErrorOf(scene_.engine().Current(scene_.View(), scene_.target(), true)).reason,
            Reason::kNotOnHeads);
  EXPECT_EQ(scene_.Upgrade(), "done");
  EXPECT_EQ(scene_.Ran(), "a");
}

}  // namespace
}  // namespace mig
