// A session on a SQLite file, and what it means by the seam's words.
//
// A busy database is reported as kDatabaseBusy after a quarter of a second: whoever knows the
// transaction retries it. Foreign keys are enforced; the journal mode is the database's own and
// syncing is SQLite's default (FULL). The run lock is drivers/sqlite_lock.h: one for the whole
// database, whatever its name. Its holder keeps a rollback journal from one transaction to the next
// (journal_mode PERSIST for DELETE, which only the connection sees): overwriting a file costs a disk
// less than making and deleting one. The journal goes with the lock.
//
// Reset() costs nothing until a statement touched what outlives it in a connection (a PRAGMA,
// ATTACH, a temporary object, as reported by SQLite's authorizer); then the file is opened anew,
// which cannot be done within a transaction.
//
// A session may serve again only while its file is the very one, unchanged, that was opened: a
// copy put in its place can look to SQLite's cache like the database it knows. In WAL mode it never
// may: an open connection there keeps others from changing the mode, and files beside the database.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "drivers/session.h"
#include "drivers/sqlite_lock.h"

namespace mig {

class SqliteSession final : public Session {
 public:
  static Result<std::unique_ptr<Session>> Open(const std::string& path, IfMissing if_missing);
  ~SqliteSession() override;

  Dialect dialect() const override { return Dialect::kSqlite; }
  const std::string& server_version() const override { return version_; }
  Result<SqlResult> Execute(const SqlCommand& command) override;
  Result<void> ExecuteAll(std::span<const SqlCommand> commands, const CommandDone& done) override;
  Result<void> Begin() override;
  Result<void> Commit() override;
  Result<void> Rollback() override;
  bool InTransaction() const override { return sqlite3_get_autocommit(db_.get()) == 0; }
  Result<void> Reset() override;
  Result<bool> TryLock(std::string_view name) override;
  Result<void> Unlock(std::string_view name) override;
  void Interrupt() override;
  bool MayBeKept() override;
  void OnNotice(std::function<void(const SqlNotice&)>) override {}  // SQLite has none

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  using Database = std::unique_ptr<sqlite3, Close>;

  // Between construction and destruction Interrupt() has something to interrupt.
  class Running {
   public:
    explicit Running(SqliteSession& session);
    ~Running();
    Running(const Running&) = delete;

   private:
    SqliteSession& session_;
  };

  explicit SqliteSession(std::string path);

  Result<Database> OpenFile(int extra_flags);
  Result<SqlResult> Run(const SqlCommand& command);
  void ChangeJournalMode(std::string_view from, const char* to);
  static int Authorize(void* session, int action, const char*, const char*, const char*,
                       const char*);
  static int Progress(void* session);

  const std::string path_;
  const std::string version_;
  std::string opened_;                // StateOfFile before it was opened
  std::unique_ptr<SqliteLock> lock_;  // null while it is not held
  std::mutex mutex_;                  // guards db_ (as a pointer) and running_ against Interrupt()
  Database db_;
  bool running_ = false;
  std::atomic<bool> interrupted_ = false;
  bool touched_ =
      false;  // something that outlives its statement was prepared since the last Reset()
};

}  // namespace mig
