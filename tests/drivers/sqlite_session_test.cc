#include "drivers/sqlite_session.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/drivers/databases.h"

namespace mig {
namespace {

using testing::HasSubstr;

class SqliteSessionTest : public testing::Test {
 protected:
  TargetUrl Url(const std::string& name) { return Parse("sqlite:" + (folder_ / name)); }
  Error OpenError(const std::string& path, IfMissing if_missing) {
    return ErrorOf(OpenSession(Parse("sqlite:" + path), if_missing));
  }
  SqlValue Pragma(Session& session, const std::string& name) {
    return Cell(session, {"PRAGMA " + name});
  }

  ScratchDirectory folder_;
};

TEST_F(SqliteSessionTest, CreatesAFileOnlyWhenAskedTo) {
  Error error = OpenError(folder_ / "typo.db", IfMissing::kFail);
  EXPECT_EQ(error.reason, Reason::kDatabaseMissing);
  EXPECT_THAT(error.message, HasSubstr("typo.db"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "typo.db"));
  EXPECT_TRUE(OpenSession(Url("new.db"), IfMissing::kCreate));
  EXPECT_TRUE(OpenSession(Url("new.db"), IfMissing::kFail));
}

TEST_F(SqliteSessionTest, NamesAParameterThatNobodyGivesAValueFor) {
  auto session = MustOpen(Url("x.db"));
  for (const std::string name : {"$1", ":id", "?"}) {
    Error error = ErrorOf(session->Execute({"SELECT " + name}));
    EXPECT_EQ(error.reason, Reason::kStatementFailed);
    EXPECT_THAT(error.message, HasSubstr("the parameter `" + name + "`"));
    EXPECT_THAT(error.hint, HasSubstr("write the value itself"));
  }
}

TEST_F(SqliteSessionTest, NamesAMissingFolder) {
  Error error = OpenError(folder_ / "no/such/x.db", IfMissing::kCreate);
  EXPECT_EQ(error.reason, Reason::kDatabaseMissing);
  EXPECT_THAT(error.message, HasSubstr("no folder " + folder_ / "no/such"));
}

TEST_F(SqliteSessionTest, RefusesAFileThatIsNoDatabaseAndLeavesItAlone) {
  std::string text = "CREATE TABLE this_is_a_script_and_no_database (a integer);\n";
  std::ofstream(folder_ / "schema.sql") << text;
  Error error = OpenError(folder_ / "schema.sql", IfMissing::kCreate);
  EXPECT_EQ(error.reason, Reason::kDatabaseRefused);
  EXPECT_THAT(error.message, HasSubstr("not a SQLite database"));
  std::ifstream file(folder_ / "schema.sql");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
}

TEST_F(SqliteSessionTest, RefusesAFolder) {
  EXPECT_EQ(OpenError(folder_.path(), IfMissing::kCreate).reason, Reason::kDatabaseRefused);
}

TEST_F(SqliteSessionTest, RefusesAFolderThatMayNotBeWritten) {
  Error error = OpenError("/proc/new.db", IfMissing::kCreate);  // not even root may write there
  EXPECT_EQ(error.reason, Reason::kDatabaseRefused);
  EXPECT_THAT(error.message, HasSubstr("/proc/new.db"));
}

TEST_F(SqliteSessionTest, SaysThatTheDatabaseIsReadOnlyAtTheFirstWrite) {
  auto session = MustOpen(Url("x.db"));
  MustExecute(*session, {"PRAGMA query_only = on"});
  Error error = ErrorOf(session->Execute({"CREATE TABLE t (a integer)"}));
  EXPECT_EQ(error.reason, Reason::kDatabasePermission);
  EXPECT_THAT(error.message, HasSubstr("may not be written"));
}

TEST_F(SqliteSessionTest, SaysThatTheDiskIsFull) {
  auto session = MustOpen(Url("x.db"));
  MustExecute(*session, {"CREATE TABLE t (a blob)"});
  MustExecute(*session, {"PRAGMA max_page_count = 3"});
  Error error = ErrorOf(session->Execute({"INSERT INTO t VALUES (zeroblob(100000))"}));
  EXPECT_EQ(error.reason, Reason::kDatabaseFull);
  EXPECT_THAT(error.message, HasSubstr("full"));
}

TEST_F(SqliteSessionTest, SaysBusyWhileAnotherSessionWrites) {
  auto first = MustOpen(Url("x.db"));
  auto second = MustOpen(Url("x.db"));
  ASSERT_TRUE(first->Begin());
  EXPECT_EQ(ErrorOf(second->Begin()).reason, Reason::kDatabaseBusy);
  EXPECT_FALSE(second->InTransaction());
  ASSERT_TRUE(first->Rollback());
  EXPECT_TRUE(second->Begin());
}

TEST_F(SqliteSessionTest, OpensAFileThatIsLockedAndSaysBusyOnlyThen) {
  auto first = MustOpen(Url("x.db"));
  MustExecute(*first, {"PRAGMA locking_mode = exclusive"});
  MustExecute(*first, {"CREATE TABLE t (a integer)"});
  auto second = OpenSession(Url("x.db"), IfMissing::kFail);
  ASSERT_TRUE(second);
  EXPECT_EQ(ErrorOf((*second)->Execute({"SELECT * FROM t"})).reason, Reason::kDatabaseBusy);
}

TEST_F(SqliteSessionTest, CommitIsRefusedByAReaderAndCanBeRepeated) {
  auto writer = MustOpen(Url("x.db"));
  MustExecute(*writer, {"CREATE TABLE t (a integer)"});
  auto reader = MustOpen(Url("x.db"));
  MustExecute(*reader, {"BEGIN"});
  MustExecute(*reader, {"SELECT * FROM t"});
  ASSERT_TRUE(writer->Begin());
  MustExecute(*writer, {"INSERT INTO t VALUES (1)"});
  EXPECT_EQ(ErrorOf(writer->Commit()).reason, Reason::kDatabaseBusy);
  EXPECT_TRUE(writer->InTransaction());
  ASSERT_TRUE(reader->Rollback());
  EXPECT_TRUE(writer->Commit());
}

TEST_F(SqliteSessionTest, ResetUndoesPragmasAttachmentsAndTemporaryObjects) {
  auto session = MustOpen(Url("x.db"));
  for (const char* name :
       {"recursive_triggers", "case_sensitive_like", "ignore_check_constraints"}) {
    MustExecute(*session, {std::string("PRAGMA ") + name + " = on"});
  }
  MustExecute(*session, {"PRAGMA foreign_keys = off"});
  MustExecute(*session, {"PRAGMA synchronous = off"});
  MustExecute(*session, {"ATTACH '" + (folder_ / "other.db") + "' AS other"});
  MustExecute(*session, {"CREATE TEMP VIEW v AS SELECT 1"});
  ASSERT_TRUE(session->Reset());
  EXPECT_EQ(Pragma(*session, "foreign_keys"), SqlValue(std::int64_t{1}));
  EXPECT_EQ(Pragma(*session, "recursive_triggers"), SqlValue(std::int64_t{0}));
  EXPECT_EQ(Pragma(*session, "ignore_check_constraints"), SqlValue(std::int64_t{0}));
  EXPECT_EQ(Pragma(*session, "synchronous"), SqlValue(std::int64_t{2}));
  EXPECT_EQ(Cell(*session, {"SELECT 'a' LIKE 'A'"}), SqlValue(std::int64_t{1}));
  EXPECT_EQ(Cell(*session, {"SELECT count(*) FROM pragma_database_list"}),
            SqlValue(std::int64_t{1}));
  EXPECT_FALSE(session->Execute({"SELECT * FROM v"}));
}

TEST_F(SqliteSessionTest, ResetHasNothingToUndoOfPragmasThatAreOfTheFile) {
  auto session = MustOpen(Url("x.db"));
  ASSERT_TRUE(session->Begin());
  MustExecute(*session, {"PRAGMA user_version = 3"});
  MustExecute(*session, {"PRAGMA Application_Id = 4"});
  EXPECT_TRUE(session->Reset()) << "within the transaction";
  ASSERT_TRUE(session->Rollback());
  EXPECT_EQ(Pragma(*session, "user_version"), SqlValue(std::int64_t{0}));
  EXPECT_EQ(Pragma(*session, "application_id"), SqlValue(std::int64_t{0}));
}

TEST_F(SqliteSessionTest, ResetForgetsTheLastInsertedRow) {
  auto session = MustOpen(Url("x.db"));
  MustExecute(*session, {"CREATE TABLE t (a integer)"});
  MustExecute(*session, {"INSERT INTO t VALUES (1)"});
  ASSERT_TRUE(session->Reset());
  EXPECT_EQ(Cell(*session, {"SELECT last_insert_rowid()"}), SqlValue(std::int64_t{0}));
}

TEST_F(SqliteSessionTest, SyncsAtEveryCommit) {
  EXPECT_EQ(Pragma(*MustOpen(Url("x.db")), "synchronous"), SqlValue(std::int64_t{2}));
}

TEST_F(SqliteSessionTest, LeavesNoFileOfItsRunLock) {
  auto session = MustOpen(Url("x.db"));
  ASSERT_TRUE(*session->TryLock(""));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "x.db-mig-lock"));
  ASSERT_TRUE(session->Unlock(""));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.db-mig-lock"));
}

TEST_F(SqliteSessionTest, KeepsTheRollbackJournalWhileItHoldsTheRunLock) {
  const std::string journal = folder_ / "x.db-journal";
  auto session = MustOpen(Url("x.db"));
  MustExecute(*session, {"CREATE TABLE t (a integer)"});
  EXPECT_FALSE(std::filesystem::exists(journal));
  ASSERT_TRUE(*session->TryLock(""));
  MustExecute(*session, {"INSERT INTO t VALUES (1)"});
  EXPECT_TRUE(std::filesystem::exists(journal));
  MustExecute(*session, {"PRAGMA case_sensitive_like = on"});
  ASSERT_TRUE(session->Reset());
  MustExecute(*session, {"INSERT INTO t VALUES (2)"});
  EXPECT_TRUE(std::filesystem::exists(journal));
  ASSERT_TRUE(session->Unlock(""));
  EXPECT_FALSE(std::filesystem::exists(journal));
  MustExecute(*session, {"INSERT INTO t VALUES (3)"});
  EXPECT_FALSE(std::filesystem::exists(journal));
}

TEST_F(SqliteSessionTest, DropsTheRollbackJournalWithItself) {
  auto session = MustOpen(Url("x.db"));
  ASSERT_TRUE(*session->TryLock(""));
  MustExecute(*session, {"CREATE TABLE t (a integer)"});
  ASSERT_TRUE(session->Begin());
  MustExecute(*session, {"INSERT INTO t VALUES (1)"});
  session.reset();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.db-journal"));
}

TEST_F(SqliteSessionTest, ReadsADatabaseWhoseJournalAKilledHolderKept) {
  const pid_t child = fork();
  if (child == 0) {
    auto session = MustOpen(Url("x.db"));
    if (!*session->TryLock("")) _exit(1);
    MustExecute(*session, {"CREATE TABLE t (a integer)"});
    MustExecute(*session, {"INSERT INTO t VALUES (1)"});
    if (!session->Begin()) _exit(1);
    MustExecute(*session, {"INSERT INTO t VALUES (2)"});
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_TRUE(std::filesystem::exists(folder_ / "x.db-journal"));
  auto session = MustOpen(Url("x.db"));
  EXPECT_EQ(Cell(*session, {"SELECT count(*) FROM t"}), SqlValue(std::int64_t{1}));
  MustExecute(*session, {"INSERT INTO t VALUES (3)"});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.db-journal"));
}

TEST_F(SqliteSessionTest, LeavesWriteAheadLoggingAsItIsWithTheRunLock) {
  auto session = MustOpen(Url("x.db"));
  MustExecute(*session, {"PRAGMA journal_mode = wal"});
  ASSERT_TRUE(*session->TryLock(""));
  EXPECT_EQ(Pragma(*session, "journal_mode"), SqlValue("wal"));
  ASSERT_TRUE(session->Unlock(""));
  EXPECT_EQ(Pragma(*MustOpen(Url("x.db")), "journal_mode"), SqlValue("wal"));
}

TEST_F(SqliteSessionTest, TakesARunLockWhoseHolderWasKilled) {
  const pid_t child = fork();
  if (child == 0) {
    auto session = MustOpen(Url("x.db"));
    _exit(*session->TryLock("") && kill(getpid(), SIGKILL) == 0 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "x.db-mig-lock"));
  EXPECT_TRUE(*MustOpen(Url("x.db"))->TryLock(""));
}

TEST_F(SqliteSessionTest, HasOneRunLockForAFileAndItsLinks) {
  auto session = MustOpen(Url("x.db"));
  std::filesystem::create_symlink("x.db", folder_ / "link.db");
  auto linked = MustOpen(Url("link.db"));
  ASSERT_TRUE(*session->TryLock(""));
  EXPECT_FALSE(*linked->TryLock(""));
}

// Four threads take and give back a lock whose file comes and goes; a counter without any other
// protection loses counts when two ever hold it at once.
TEST_F(SqliteSessionTest, NeverGivesItsRunLockToTwo) {
  MustOpen(Url("x.db"));
  constexpr int kThreads = 4, kRounds = 200;
  int taken = 0;
  std::atomic<int> inside = 0, most = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      auto session = MustOpen(Url("x.db"));
      for (int round = 0; round < kRounds;) {
        if (!*session->TryLock("")) continue;
        most = std::max<int>(most, ++inside);
        ++taken;
        ++round;
        --inside;
        ASSERT_TRUE(session->Unlock(""));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(taken, kThreads * kRounds);
}

}  // namespace
}  // namespace mig
