#include "store/durable_file.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace mig {

Error FileError(std::string_view what, const std::filesystem::path& path, int number) {
  const bool full = number == ENOSPC || number == EDQUOT || number == EFBIG;
  return {full ? Reason::kStoreFull : Reason::kStoreUnavailable,
          fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(number)),
          {{"path", path.string()}}};
}

Result<DurableFile> DurableFile::Open(const std::filesystem::path& path, Mode mode) {
  const int flags = O_RDWR | O_CLOEXEC | (mode == Mode::kCreate ? O_CREAT : 0);
  const int descriptor = ::open(path.c_str(), flags, 0600);
  if (descriptor < 0) return FileError("open", path, errno);
  return DurableFile(path, descriptor);
}

DurableFile::DurableFile(DurableFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

DurableFile& DurableFile::operator=(DurableFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

DurableFile::~DurableFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::string> DurableFile::Read(std::uint64_t bytes) const {
  struct stat status;
  if (::fstat(descriptor_, &status) != 0) return FileError("read", path_, errno);
  std::string content(std::min(bytes, static_cast<std::uint64_t>(status.st_size)), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::pread(descriptor_, content.data() + done, content.size() - done,
                                static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError("read", path_, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  content.resize(done);
  return content;
}

Result<void> DurableFile::WriteAt(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return FileError("write", path_, errno);
    offset += static_cast<std::uint64_t>(put);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<void> DurableFile::Sync() {
  if (::fdatasync(descriptor_) != 0) return FileError("sync", path_, errno);
  return {};
}

Result<std::string> ReadFile(const std::filesystem::path& path) {
  const DurableFile file = TRY(DurableFile::Open(path, DurableFile::Mode::kExisting));
  return file.Read(UINT64_MAX);
}

Result<void> SyncDirectory(const std::filesystem::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return FileError("open", directory, errno);
  const int failed = ::fsync(descriptor) != 0 ? errno : 0;
  ::close(descriptor);
  if (failed != 0) return FileError("sync", directory, failed);
  return {};
}

}  // namespace mig
