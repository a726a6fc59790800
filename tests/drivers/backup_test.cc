// Backups of real databases, and everything that goes wrong with them.
#include "drivers/backup.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/drivers/databases.h"

namespace mig {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class BackupTest : public testing::Test {
 protected:
  BackupOrder Order(const Database& database, const std::string& method) {
    return {database.url(),       method, "prod", folder_ / "backups", "prod-now",
            milliseconds(60'000), {}};
  }
  // What the folder holds for people: nothing is left of a backup that failed.
  std::vector<std::string> Files() {
    std::vector<std::string> names;
    if (!std::filesystem::exists(folder_ / "backups")) return names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "backups"))
      names.push_back(entry.path().filename().string());
    std::erase(names, ".gitignore");
    return names;
  }
  void ExpectFailure(const BackupOrder& order, const std::string& what) {
    const auto backup = TakeBackup(order);
    ASSERT_FALSE(backup);
    EXPECT_EQ(backup.error().reason, Reason::kBackupFailed) << backup.error().message;
    EXPECT_THAT(backup.error().message, HasSubstr(what));
    EXPECT_THAT(Files(), testing::IsEmpty());
  }
  static std::string TextIn(const std::string& file) {
    std::ifstream in(file);
    return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  }
  static void Fill(Session& session) {
    MustExecute(session, {"CREATE TABLE t (id integer, text text)"});
    MustExecute(session, {"INSERT INTO t VALUES (1, 'one'), (2, 'two')"});
  }

  ScratchDirectory folder_;
};

TEST_F(BackupTest, OfSqliteIsTheDatabaseItself) {
  Database database(Dialect::kSqlite);
  auto session = database.Open();
  Fill(*session);
  const auto backup = TakeBackup(Order(database, "sqlite"));
  ASSERT_TRUE(backup) << backup.error().message;
  EXPECT_EQ(backup->file, folder_ / "backups/prod-now.db");
  EXPECT_EQ(backup->bytes, static_cast<std::int64_t>(std::filesystem::file_size(backup->file)));
  auto copy = MustOpen(Parse("sqlite:" + backup->file));
  EXPECT_EQ(std::get<std::int64_t>(Cell(*copy, {"SELECT count(*) FROM t"})), 2);
  EXPECT_THAT(Files(), testing::ElementsAre("prod-now.db"));
}

TEST_F(BackupTest, IsKeptOutOfGitInAFolderThatItMakesAndInNoOther) {
  Database database(Dialect::kSqlite);
  Fill(*database.Open());
  BackupOrder order = Order(database, "sqlite");
  ASSERT_TRUE(TakeBackup(order));
  EXPECT_EQ(TextIn(folder_ / "backups/.gitignore"), "*\n");
  order.directory = folder_ / "theirs";
  std::filesystem::create_directory(order.directory);
  ASSERT_TRUE(TakeBackup(order));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "theirs/.gitignore"));
}

TEST_F(BackupTest, OfSqliteIsOneStateWhileOthersWrite) {
  Database database(Dialect::kSqlite);
  auto session = database.Open();
  MustExecute(*session, {"PRAGMA journal_mode = wal"});
  Fill(*session);
  ASSERT_TRUE(session->Begin());
  MustExecute(*session, {"DELETE FROM t"});
  const auto backup = TakeBackup(Order(database, "sqlite"));
  ASSERT_TRUE(backup) << backup.error().message;
  auto copy = MustOpen(Parse("sqlite:" + backup->file));
  EXPECT_EQ(std::get<std::int64_t>(Cell(*copy, {"SELECT count(*) FROM t"})), 2);
}

TEST_F(BackupTest, OfPostgresqlCanBeRestored) {
  Database database(Dialect::kPostgresql), other(Dialect::kPostgresql);
  auto session = database.Open();
  Fill(*session);
  const auto backup = TakeBackup(Order(database, "pg_dump"));
  ASSERT_TRUE(backup) << backup.error().message;
  const std::string restore =
      "pg_restore --dbname='postgresql://?host=" + other.url().parameters.at("host") +
      "&port=" + other.url().parameters.at("port") + "&user=" + other.url().parameters.at("user") +
      "&dbname=" + other.url().parameters.at("dbname") + "' '" + backup->file + "'";
  ASSERT_EQ(std::system(restore.c_str()), 0) << restore;
  EXPECT_EQ(std::get<std::int64_t>(Cell(*other.Open(), {"SELECT count(*) FROM t"})), 2);
}

TEST_F(BackupTest, OfMariadbIsACompleteDump) {
  Database database(Dialect::kMariadb);
  Fill(*database.Open());
  const auto backup = TakeBackup(Order(database, "mariadb-dump"));
  ASSERT_TRUE(backup) << backup.error().message;
  const std::string text = TextIn(backup->file);
  EXPECT_THAT(text, HasSubstr("CREATE TABLE `t`"));
  EXPECT_THAT(text, HasSubstr("(1,'one')"));
}

TEST_F(BackupTest, OfMariadbHasMigsOwnTablesWhereTheyAreInAnotherDatabase) {
  Database database(Dialect::kMariadb), own(Dialect::kMariadb);
  Fill(*database.Open());
  auto session = own.Open();
  MustExecute(*session, {"CREATE TABLE mig_version (id text)"});
  MustExecute(*session, {"INSERT INTO mig_version VALUES ('was applied')"});
  BackupOrder order = Order(database, "mariadb-dump");
  order.schema = own.url().parameters.at("dbname");
  const auto backup = TakeBackup(order);
  ASSERT_TRUE(backup) << backup.error().message;
  MustExecute(*session, {"DELETE FROM mig_version"});
  MustExecute(*database.Open(), {"DROP TABLE t"});
  const std::string restore = "mariadb --no-defaults --user=root --socket='" +
                              own.url().parameters.at("unix_socket") + "' < '" + backup->file + "'";
  ASSERT_EQ(std::system(restore.c_str()), 0) << restore;
  EXPECT_EQ(Cell(*session, {"SELECT id FROM mig_version"}), SqlValue("was applied"));
  EXPECT_EQ(Cell(*database.Open(), {"SELECT count(*) FROM t"}), SqlValue(std::int64_t{2}));
  order.schema = database.url().parameters.at("dbname");
  const auto one = TakeBackup(order);
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_THAT(TextIn(one->file), testing::Not(HasSubstr("USE `")));
}

TEST_F(BackupTest, ByACommandGetsTheFileAndTheConnection) {
  Database database(Dialect::kPostgresql);
  Fill(*database.Open());
  const auto backup =
      TakeBackup(Order(database,
                       "psql -XAtc 'SELECT text FROM t ORDER BY id' > \"$MIG_BACKUP_FILE\" "
                       "&& echo \"$MIG_TARGET\" >> \"$MIG_BACKUP_FILE\""));
  ASSERT_TRUE(backup) << backup.error().message;
  EXPECT_EQ(TextIn(backup->file), "one\ntwo\nprod\n");
}

TEST_F(BackupTest, ByACommandRunsInItsFolderAndKnowsItsHome) {
  Database database(Dialect::kSqlite);
  database.Open();
  std::ofstream(folder_ / "dump.sh") << "#!/bin/sh\necho \"$HOME\" > \"$MIG_BACKUP_FILE\"\n";
  chmod((folder_ / "dump.sh").c_str(), 0755);
  BackupOrder order = Order(database, "./dump.sh");
  order.command_directory = folder_.path();
  const char* home = std::getenv("HOME");
  const std::string before = home == nullptr ? "" : home;
  setenv("HOME", "/home/ann", 1);
  const auto backup = TakeBackup(order);
  setenv("HOME", before.c_str(), 1);
  ASSERT_TRUE(backup) << backup.error().message;
  EXPECT_EQ(TextIn(backup->file), "/home/ann\n");
}

TEST_F(BackupTest, FailsWithWhatTheCommandSaid) {
  Database database(Dialect::kSqlite);
  database.Open();
  ExpectFailure(
      Order(database, "echo half > \"$MIG_BACKUP_FILE\"; echo 'no room left' >&2; exit 3"),
      "ended with status 3: no room left");
}

TEST_F(BackupTest, FailsWhereNothingIsWritten) {
  Database database(Dialect::kSqlite);
  database.Open();
  ExpectFailure(Order(database, "true"), "it wrote no file");
  ExpectFailure(Order(database, ": > \"$MIG_BACKUP_FILE\""), "is empty");
}

TEST_F(BackupTest, OfAFullDiskFails) {
  Database database(Dialect::kSqlite);
  database.Open();
  ExpectFailure(Order(database,
                      "ln -s /dev/full \"$MIG_BACKUP_FILE\"; head -c 9 /dev/zero > "
                      "\"$MIG_BACKUP_FILE\""),
                "No space left on device");
}

// Files may not grow beyond 64 KiB while it lives: how a disk that is full looks to SQLite.
class SmallFiles {
 public:
  SmallFiles() {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{64 << 10, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_ = {};
};

TEST_F(BackupTest, OfSqliteFailsWhereTheCopyHasNoRoom) {
  Database database(Dialect::kSqlite);
  auto session = database.Open();
  Fill(*session);
  MustExecute(*session, {"INSERT INTO t SELECT 1, hex(zeroblob(200000))"});
  const SmallFiles small;
  ExpectFailure(Order(database, "sqlite"), "cannot copy");
}

TEST_F(BackupTest, OfSqliteThatIsDamagedFails) {
  Database database(Dialect::kSqlite);
  {
    auto session = database.Open();
    Fill(*session);
    MustExecute(*session, {"CREATE INDEX i ON t (text)"});
    MustExecute(*session, {"PRAGMA writable_schema = ON"});
    MustExecute(*session, {"UPDATE sqlite_schema SET rootpage = 900 WHERE name = 'i'"});
  }
  ExpectFailure(Order(database, "sqlite"), "quick_check");
}

// Its pipes are closed; it may take a moment more to be gone.
bool IsRunning(const std::string& pid) {
  for (int i = 0; i < 500; ++i) {
    std::ifstream in("/proc/" + pid + "/stat");
    const std::string stat((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const auto state = stat.rfind(')');
    if (state == std::string::npos || stat[state + 2] == 'Z') return false;
    usleep(10'000);
  }
  return true;
}

TEST_F(BackupTest, IsGivenUpAfterItsTime) {
  Database database(Dialect::kSqlite);
  database.Open();
  BackupOrder order = Order(database, "sleep 600 & echo $! > " + (folder_ / "pid") + "; wait");
  order.time = milliseconds(300);
  ExpectFailure(order, "did not end within");
  const std::string pid = TextIn(folder_ / "pid");
  ASSERT_NE(pid, "");
  EXPECT_FALSE(IsRunning(pid.substr(0, pid.find('\n')))) << "what the shell started is left";
}

TEST_F(BackupTest, IsCancelled) {
  Database database(Dialect::kSqlite);
  database.Open();
  BackupOrder order = Order(database, "sleep 600");
  int asked = 0;
  order.cancelled = [&] { return ++asked > 2; };
  const auto backup = TakeBackup(order);
  ASSERT_FALSE(backup);
  EXPECT_EQ(backup.error().reason, Reason::kCancelled);
  EXPECT_EQ(backup.error().message, "the backup was cancelled");
  EXPECT_THAT(Files(), testing::IsEmpty());
}

TEST_F(BackupTest, OfAnotherEngineIsRefused) {
  Database database(Dialect::kSqlite);
  database.Open();
  const auto backup = TakeBackup(Order(database, "pg_dump"));
  ASSERT_FALSE(backup);
  EXPECT_EQ(backup.error().reason, Reason::kConfigInvalid);
}

TEST_F(BackupTest, NeedsAFolder) {
  Database database(Dialect::kSqlite);
  database.Open();
  std::ofstream(folder_ / "file") << "x";
  BackupOrder order = Order(database, "sqlite");
  order.directory = folder_ / "file/backups";
  const auto backup = TakeBackup(order);
  ASSERT_FALSE(backup);
  EXPECT_THAT(backup.error().message, HasSubstr("cannot make the folder"));
}

}  // namespace
}  // namespace mig
