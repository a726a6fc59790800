// The copy of a SQLite database, by SQLite's online backup API: one state, whoever writes
// meanwhile.
#include <fmt/format.h>
#include <sqlite3.h>

#include <memory>

#include "drivers/backup.h"

namespace mig {
namespace {

using Database = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;

constexpr int kPagesPerStep = 1024;  // between two looks at the clock
constexpr int kPauseMilliseconds = 20;

Error CopyFailed(const std::string& what) {
  return {Reason::kBackupFailed, "the backup failed: " + what};
}

Result<Database> OpenFile(const std::string& path, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database db(raw, &sqlite3_close);
  if (code != SQLITE_OK)
    return CopyFailed(fmt::format("cannot open {}: {}", path, sqlite3_errmsg(db.get())));
  return db;
}

int KeepFirstRow(void* first, int columns, char** cells, char**) {
  auto& text = *static_cast<std::string*>(first);
  if (text.empty() && columns > 0 && cells[0] != nullptr) text = cells[0];
  return 0;
}

Result<void> Check(sqlite3* db, const std::string& path) {
  std::string verdict;
  const int code = sqlite3_exec(db, "PRAGMA quick_check(1)", &KeepFirstRow, &verdict, nullptr);
  if (code == SQLITE_OK && verdict == "ok") return {};
  return CopyFailed(fmt::format("the copy {} does not pass quick_check: {}", path,
                                code == SQLITE_OK ? verdict : sqlite3_errmsg(db)));
}

}  // namespace

Result<void> CopySqliteDatabase(const std::string& from, const std::string& to,
                                std::chrono::milliseconds time,
                                const std::function<bool()>& cancelled) {
  const auto started = std::chrono::steady_clock::now();
  const Database source = TRY(OpenFile(from, SQLITE_OPEN_READWRITE));
  const Database copy = TRY(OpenFile(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  sqlite3_backup* backup = sqlite3_backup_init(copy.get(), "main", source.get(), "main");
  if (backup == nullptr) return CopyFailed(sqlite3_errmsg(copy.get()));
  int code = SQLITE_OK;
  bool late = false, stopped = false;
  while (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED) {
    late = std::chrono::steady_clock::now() - started >= time;
    stopped = cancelled && cancelled();
    if (late || stopped) break;
    code = sqlite3_backup_step(backup, kPagesPerStep);
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) sqlite3_sleep(kPauseMilliseconds);
  }
  const int finished = sqlite3_backup_finish(backup);
  if (stopped) return Error{Reason::kCancelled, "the backup was cancelled"};
  if (late) return CopyFailed(fmt::format("copying {} did not end in time", from));
  if (code != SQLITE_DONE || finished != SQLITE_OK)
    return CopyFailed(fmt::format("cannot copy {}: {}", from, sqlite3_errstr(code)));
  return Check(copy.get(), to);
}

}  // namespace mig
