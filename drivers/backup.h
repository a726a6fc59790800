// A backup of a whole database, taken and checked before something is done to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "drivers/target_url.h"
#include "store/core/result.h"

namespace mig {

struct BackupOrder {
  TargetUrl url;
  // "pg_dump": custom format, and `pg_restore --list` must read it. "sqlite": the backup API, and
  // the copy must pass PRAGMA quick_check. "mariadb-dump": must end with the line that a complete
  // dump ends with. Anything else is a command for `sh -c`, which writes the file that
  // MIG_BACKUP_FILE names, with the connection in the environment (docs/policies.md).
  std::string method;
  std::string target;              // its name, for the file and the command
  std::string directory;           // absolute; made where it is absent, and ignored by Git then
  std::string stem;                // of the file: "prod-20261122T081530Z-1f2e3d4c"
  std::chrono::milliseconds time;  // beyond it the backup is given up
  std::function<bool()> cancelled;
  std::string command_directory = {};  // where a command runs; empty: that of this process
  std::string schema = {};  // of mig's own tables; "mariadb-dump" takes that database, too
};

struct Backup {
  std::string file;  // absolute
  std::int64_t bytes = 0;
};

// Takes it: written under another name beside its own, checked, synced, and only then given its
// name, so that what has the name is a backup. Nothing is left of one that failed. No password
// appears in an argument list.
//
// Errors: kBackupFailed saying what failed; kCancelled; kConfigInvalid for a method that does not
// suit the engine.
Result<Backup> TakeBackup(const BackupOrder& order);

// The copy that TakeBackup makes of a SQLite database. Errors: kBackupFailed, kCancelled.
Result<void> CopySqliteDatabase(const std::string& from, const std::string& to,
                                std::chrono::milliseconds time,
                                const std::function<bool()>& cancelled);

}  // namespace mig
