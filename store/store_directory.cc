#include "store/store_directory.h"

#include <errno.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <charconv>
#include <string>

#include "store/core/sha256.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

std::string FormatLine(int version) {
  const std::string text = fmt::format("mig-store {}", version);
  return fmt::format("{} {}\n", text, Hex(Sha256(text)).substr(0, 8));
}

// The version that a FORMAT file says, if it says it whole.
std::optional<int> VersionIn(std::string_view content) {
  constexpr std::string_view kWord = "mig-store ";
  if (content.substr(0, kWord.size()) != kWord) return std::nullopt;
  const std::string_view digits = content.substr(kWord.size());
  int version = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  if (parsed.ec != std::errc() || FormatLine(version) != content) return std::nullopt;
  return version;
}

Error Locked(const fs::path& path, const DurableFile& lock) {
  const auto holder = lock.Read(32);
  const std::string pid = holder ? *holder : "";
  return {Reason::kStoreLocked,
          pid.empty() ? fmt::format("the store {} is in use by another process", path.string())
                      : fmt::format("the store {} is in use by process {}", path.string(), pid),
          {{"path", path.string()}, {"pid", pid}}};
}

Result<DurableFile> Lock(const fs::path& path) {
  DurableFile lock = TRY(DurableFile::Open(path / "LOCK.migd", DurableFile::Mode::kCreate));
  if (::flock(lock.descriptor(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return Locked(path, lock);
    return FileError("lock", path, errno);
  }
  // The lock is held, whoever it names: on a full disk it names nobody.
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(lock.descriptor(), 0) == 0) static_cast<void>(lock.WriteAt(0, pid));
  return lock;
}

}  // namespace

Result<StoreDirectory> StoreDirectory::Open(const fs::path& path) {
  std::error_code failed;
  fs::create_directories(path, failed);
  if (failed) return FileError("make", path, failed.value());
  StoreDirectory directory(path, TRY(Lock(path)));
  TRY(directory.ReadFormat());
  return directory;
}

Result<void> StoreDirectory::ReadFormat() {
  const fs::path file = path_ / "FORMAT";
  std::error_code failed;
  if (!fs::exists(file, failed)) {
    // A store under construction has nothing that was acknowledged; one with data has lost this
    // file.
    fresh_ = true;
    return {};
  }
  const std::string content = TRY(ReadFile(file));
  const auto version = VersionIn(content);
  if (!version) {
    return Error{Reason::kCorruption,
                 fmt::format("{} is damaged", file.string()),
                 {{"path", file.string()}}};
  }
  if (*version == kStoreFormat) return {};
  return Error{Reason::kStoreFormat,
               fmt::format("the store {} has format {}, and this migd reads format {}",
                           path_.string(), *version, kStoreFormat),
               {{"path", path_.string()}, {"format", std::to_string(*version)}}};
}

Result<void> StoreDirectory::WriteFormat() {
  DurableFile file = TRY(DurableFile::Open(path_ / "FORMAT", DurableFile::Mode::kCreate));
  TRY(file.WriteAt(0, FormatLine(kStoreFormat)));
  TRY(file.Sync());
  fresh_ = false;
  return SyncDirectory(path_);
}

Result<std::uint64_t> StoreDirectory::FreeBytes() const {
  struct statvfs status;
  if (::statvfs(path_.c_str(), &status) != 0) return FileError("measure", path_, errno);
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

}  // namespace mig
