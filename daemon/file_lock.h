// A lock that dies with its process: flock on a file that stays.
#pragma once

#include <chrono>
#include <string>

#include "store/core/result.h"

namespace mig {

class FileLock {
 public:
  // Locks `path`, which is made where it is missing, and writes the process's id into it. Waits so
  // long for another holder to go. Errors: kStoreLocked naming file and holder, kFileUnwritable.
  static Result<FileLock> Take(const std::string& path, std::chrono::milliseconds wait);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();  // lets go

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace mig
