// Files that must survive a loss of power, and the errors of the system calls on them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "store/core/result.h"

namespace mig {

// An open file. Movable; closes on destruction.
class DurableFile {
 public:
  enum class Mode { kExisting, kCreate };

  // Errors: kStoreUnavailable or kStoreFull naming the path.
  static Result<DurableFile> Open(const std::filesystem::path& path, Mode mode);

  DurableFile(DurableFile&& other) noexcept;
  DurableFile& operator=(DurableFile&& other) noexcept;
  ~DurableFile();

  int descriptor() const { return descriptor_; }

  // The first `bytes` bytes of the file, fewer where it ends earlier.
  Result<std::string> Read(std::uint64_t bytes) const;
  // Overwrites what is at `offset`. In the page cache when it returns: Sync() makes it durable.
  Result<void> WriteAt(std::uint64_t offset, std::string_view bytes);
  Result<void> Sync();

 private:
  DurableFile(std::filesystem::path path, int descriptor)
      : path_(std::move(path)), descriptor_(descriptor) {}

  std::filesystem::path path_;
  int descriptor_;
};

// The failure `number` (an errno) of doing `what` with `path`: kStoreFull where there is no room,
// else kStoreUnavailable.
Error FileError(std::string_view what, const std::filesystem::path& path, int number);

// A whole small file. Errors: as DurableFile.
Result<std::string> ReadFile(const std::filesystem::path& path);

// Makes the creation, renaming and deletion of the directory's files durable.
Result<void> SyncDirectory(const std::filesystem::path& directory);

}  // namespace mig
