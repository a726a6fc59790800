#include "drivers/sqlite_session.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <utility>

#include "drivers/file_state.h"
#include "drivers/sqlite_errors.h"
#include "drivers/sqlite_statement.h"

namespace mig {
namespace {

constexpr int kBusyMilliseconds = 250;
constexpr int kProgressOperations = 1000;  // well under a millisecond of SQLite's work

Result<void> CheckFile(const std::string& path, IfMissing if_missing) {
  struct stat status;
  if (stat(path.c_str(), &status) == 0) {
    if (!S_ISDIR(status.st_mode)) return {};
    return Error{Reason::kDatabaseRefused,
                 fmt::format("the SQLite database {} cannot be opened: it is a folder", path),
                 {},
                 "check the path and its permissions"};
  }
  if (errno == ENOENT && if_missing == IfMissing::kFail) {
    return Error{Reason::kDatabaseMissing, fmt::format("there is no SQLite database {}", path)};
  }
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (errno == ENOENT && stat(folder.c_str(), &status) != 0) {
    return Error{Reason::kDatabaseMissing,
                 fmt::format("there is no folder {} for the SQLite database {}", folder, path),
                 {},
                 fmt::format("mkdir -p {}", folder)};
  }
  return {};
}

// Pragmas whose numbers are in the header of the file: they are rolled back with it, and nothing of
// them is the session's.
bool IsOfTheFile(const char* pragma) {
  return sqlite3_stricmp(pragma, "user_version") == 0 ||
         sqlite3_stricmp(pragma, "application_id") == 0;
}

}  // namespace

SqliteSession::Running::Running(SqliteSession& session) : session_(session) {
  std::lock_guard lock(session_.mutex_);
  session_.interrupted_ = false;
  session_.running_ = true;
}

SqliteSession::Running::~Running() {
  std::lock_guard lock(session_.mutex_);
  session_.running_ = false;
}

SqliteSession::SqliteSession(std::string path)
    : path_(std::move(path)), version_(std::string("SQLite ") + sqlite3_libversion()) {}

SqliteSession::~SqliteSession() {
  if (lock_ == nullptr) return;
  (void)Rollback();  // within a transaction the mode cannot change
  ChangeJournalMode("persist", "delete");
}

Result<std::unique_ptr<Session>> SqliteSession::Open(const std::string& path,
                                                     IfMissing if_missing) {
  TRY(CheckFile(path, if_missing));
  std::unique_ptr<SqliteSession> session(new SqliteSession(path));
  session->opened_ = StateOfFile(path);
  session->db_ = TRY(session->OpenFile(if_missing == IfMissing::kCreate ? SQLITE_OPEN_CREATE : 0));
  return std::unique_ptr<Session>(std::move(session));
}

// Reads the header too, so that a file that is no database is told from a good one at once; a busy
// one passes.
Result<SqliteSession::Database> SqliteSession::OpenFile(int extra_flags) {
  // Counting the memory in use takes a lock at every allocation. Refused once SQLite has begun.
  static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)uncounted;
  sqlite3* raw = nullptr;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | extra_flags;
  int code = sqlite3_open_v2(path_.c_str(), &raw, flags, nullptr);
  Database db(raw);
  if (code != SQLITE_OK) return SqliteOpenError(db.get(), code, path_);
  sqlite3_busy_timeout(db.get(), kBusyMilliseconds);
  sqlite3_db_config(db.get(), SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  code = sqlite3_exec(db.get(), "SELECT 1 FROM sqlite_schema", nullptr, nullptr, nullptr);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
    return SqliteOpenError(db.get(), code, path_);
  sqlite3_set_authorizer(db.get(), &Authorize, this);
  sqlite3_progress_handler(db.get(), kProgressOperations, &Progress, this);
  return db;
}

Result<SqlResult> SqliteSession::Execute(const SqlCommand& command) {
  Running running(*this);
  return Run(command);
}

Result<SqlResult> SqliteSession::Run(const SqlCommand& command) {
  if (interrupted_) return Error{Reason::kCancelled, "the statement was cancelled"};
  return RunSqliteStatement(db_.get(), command);
}

Result<void> SqliteSession::ExecuteAll(std::span<const SqlCommand> commands,
                                       const CommandDone& done) {
  Running running(*this);
  for (std::size_t index = 0; index < commands.size(); ++index) {
    Result<SqlResult> result = Run(commands[index]);
    if (!result) {
      result.error().details["command_index"] = std::to_string(index);
      return std::move(result).error();
    }
    if (done) done(index, *result);
  }
  return {};
}

Result<void> SqliteSession::Begin() {
  TRY(Execute({"BEGIN IMMEDIATE"}));
  return {};
}

Result<void> SqliteSession::Commit() {
  if (!InTransaction()) {
    return Error{Reason::kTransactionEscaped,
                 "no transaction is open any more that could be committed"};
  }
  TRY(Execute({"COMMIT"}));
  return {};
}

Result<void> SqliteSession::Rollback() {
  if (!InTransaction()) return {};
  TRY(Execute({"ROLLBACK"}));
  return {};
}

Result<void> SqliteSession::Reset() {
  sqlite3_set_last_insert_rowid(db_.get(), 0);
  if (!touched_) return {};
  if (InTransaction()) {
    return Error{Reason::kUnsupported,
                 "a PRAGMA, an ATTACH or a temporary object of an earlier revision is still in "
                 "force, and SQLite cannot take that back within a transaction",
                 {},
                 "leave out --atomic"};
  }
  Database fresh = TRY(OpenFile(0));
  {
    std::lock_guard lock(mutex_);
    db_.swap(fresh);
  }
  if (lock_ != nullptr) ChangeJournalMode("delete", "persist");
  touched_ = false;
  return {};
}

Result<bool> SqliteSession::TryLock(std::string_view) {
  if (lock_ != nullptr) return true;
  lock_ = TRY(SqliteLock::TryTake(path_));
  if (lock_ == nullptr) return false;
  ChangeJournalMode("delete", "persist");
  return true;
}

Result<void> SqliteSession::Unlock(std::string_view) {
  ChangeJournalMode("persist", "delete");
  lock_.reset();
  return {};
}

// Nothing but time depends on whether it succeeds: so a busy database is left as it is.
void SqliteSession::ChangeJournalMode(std::string_view from, const char* to) {
  const bool touched = touched_;
  auto mode = RunSqliteStatement(db_.get(), {"PRAGMA main.journal_mode"});
  if (mode && mode->rows.at(0).at(0) == SqlValue(std::string(from)))
    (void)RunSqliteStatement(db_.get(), {fmt::format("PRAGMA main.journal_mode = {}", to)});
  touched_ = touched;
}

void SqliteSession::Interrupt() {
  std::lock_guard lock(mutex_);
  if (!running_) return;
  interrupted_ = true;
  sqlite3_interrupt(db_.get());
}

bool SqliteSession::MayBeKept() {
  if (InTransaction() || touched_ || lock_ != nullptr || opened_.empty()) return false;
  const char* wal = sqlite3_filename_wal(sqlite3_db_filename(db_.get(), "main"));
  struct stat status;
  return stat(wal, &status) != 0 && StateOfFile(path_) == opened_;
}

int SqliteSession::Authorize(void* session, int action, const char* name, const char*, const char*,
                             const char*) {
  switch (action) {
    case SQLITE_PRAGMA:
      if (IsOfTheFile(name)) return SQLITE_OK;
      [[fallthrough]];
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
    case SQLITE_CREATE_VTABLE:
      static_cast<SqliteSession*>(session)->touched_ = true;
      return SQLITE_OK;
    default:
      return SQLITE_OK;
  }
}

int SqliteSession::Progress(void* session) {
  return static_cast<SqliteSession*>(session)->interrupted_ ? 1 : 0;
}

}  // namespace mig
