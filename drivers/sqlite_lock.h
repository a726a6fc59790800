// The run lock of a SQLite database: a lock of the operating system on a file beside it, named
// `<database>-mig-lock`, which dies with its holder however that ends.
//
// The database file itself is never opened for it: closing any descriptor of that file would drop
// the POSIX locks that SQLite holds on it in this process. Why so:
// docs/adr/0004-sqlite-run-lock.md.
#pragma once

#include <memory>
#include <string>

#include "store/core/result.h"

namespace mig {

class SqliteLock {
 public:
  // Takes the lock of the database at `path`, without waiting; null when somebody else has it, in
  // this process or another. All paths that lead to one file by symbolic links share a lock.
  // Errors: kDatabasePermission when the lock's file cannot be made or locked.
  static Result<std::unique_ptr<SqliteLock>> TryTake(const std::string& path);

  // Removes the file and gives the lock back.
  ~SqliteLock();
  SqliteLock(const SqliteLock&) = delete;

 private:
  SqliteLock(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  bool IsAtItsPath() const;

  const int descriptor_;
  const std::string path_;
  bool held_ = false;
};

}  // namespace mig
