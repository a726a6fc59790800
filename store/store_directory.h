// A store's directory: who has it, and which version of the format it is.
//
// FORMAT is one line, `mig-store <version> <first 8 hex digits of SHA-256 of "mig-store
// <version>">`: the digits tell a store of another version from one whose FORMAT is damaged.
// LOCK.migd holds the id of the process that has the store; it is locked (flock), not created and
// deleted, so nothing is left to clean up after a kill.
#pragma once

#include <filesystem>

#include "store/core/result.h"
#include "store/durable_file.h"

namespace mig {

inline constexpr int kStoreFormat = 1;

// Held for as long as the store is open.
class StoreDirectory {
 public:
  // Makes the directory where there is none, locks it, and reads FORMAT; changes nothing else.
  // Errors: kStoreLocked naming directory and process; kStoreFormat; kCorruption;
  // kStoreUnavailable.
  static Result<StoreDirectory> Open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path seal() const { return path_ / "SEAL"; }
  std::filesystem::path database() const { return path_ / "db"; }

  // Whether there is no store in it yet: WriteFormat() is the last act of making one.
  bool fresh() const { return fresh_; }
  Result<void> WriteFormat();

  // Bytes that this process may still write to its disk. Errors: kStoreUnavailable.
  Result<std::uint64_t> FreeBytes() const;

 private:
  StoreDirectory(std::filesystem::path path, DurableFile lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  Result<void> ReadFormat();

  std::filesystem::path path_;
  DurableFile lock_;
  bool fresh_ = false;
};

}  // namespace mig
