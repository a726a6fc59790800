#include "cli/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace mig {
namespace {

// Closes a file descriptor at the end of a scope.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int value() const { return value_; }

 private:
  int value_;
};

Error ErrnoError(Reason reason, const std::string& what, const std::string& path, int code) {
  Error error{reason, what + " " + path + ": " + std::strerror(code)};
  error.details = {{"file", path}};
  return error;
}

Result<void> WriteAll(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError(Reason::kFileUnwritable, "cannot write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(descriptor) != 0)
    return ErrnoError(Reason::kFileUnwritable, "cannot write", path, errno);
  return {};
}

// A synced file with `bytes` beside `path`; its path.
Result<std::string> WriteBeside(const std::string& path, std::string_view bytes, mode_t mode) {
  std::string temporary = path + ".XXXXXX";
  Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.value() < 0) return ErrnoError(Reason::kFileUnwritable, "cannot write", path, errno);
  mode_t mask = ::umask(0);
  ::umask(mask);
  Result<void> written = WriteAll(file.value(), bytes, path);
  if (!written || ::fchmod(file.value(), mode & ~mask) != 0) {
    ::unlink(temporary.c_str());
    TRY(std::move(written));
    return ErrnoError(Reason::kFileUnwritable, "cannot write", path, errno);
  }
  return temporary;
}

}  // namespace

bool Exists(const std::filesystem::path& path) {
  std::error_code unseen;
  return std::filesystem::exists(path, unseen);
}

bool IsProgram(const std::filesystem::path& path) { return ::access(path.c_str(), X_OK) == 0; }

std::filesystem::path FindProgram(std::string_view path, std::string_view program) {
  while (!path.empty()) {
    const std::size_t end = std::min(path.find(':'), path.size());
    std::filesystem::path found = std::filesystem::path(path.substr(0, end)) / program;
    if (IsProgram(found)) return found;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return {};
}

Result<std::filesystem::path> AbsolutePath(const std::filesystem::path& path) {
  std::error_code failure;
  const std::filesystem::path absolute = std::filesystem::absolute(path, failure);
  if (!failure) return absolute.lexically_normal();
  return Error{Reason::kFileUnreadable,
               "cannot tell where `" + path.string() + "` is: " + failure.message(),
               {},
               "give a path that begins with /"};
}

Result<std::string> ReadFile(const std::string& path, struct stat* status, std::size_t most) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat own {};
  struct stat& state = status == nullptr ? own : *status;
  if (file.value() < 0 || ::fstat(file.value(), &state) != 0) {
    return ErrnoError(Reason::kFileUnreadable, "cannot read", path, errno);
  }
  if (!S_ISREG(state.st_mode))
    return Error{Reason::kFileUnreadable, "cannot read " + path + ": it is no regular file"};
  if (static_cast<std::size_t>(state.st_size) > most) {
    return Error{Reason::kLimitExceeded,
                 path + " has " + std::to_string(state.st_size >> 20) +
                     " MiB, and mig reads files up to " + std::to_string(most >> 20) + " MiB",
                 {},
                 "load data by other means, or cut the file into several"};
  }
  std::string bytes(static_cast<std::size_t>(state.st_size) + 1, '\0');
  std::size_t filled = 0;
  while (true) {
    ssize_t count = ::read(file.value(), bytes.data() + filled, bytes.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError(Reason::kFileUnreadable, "cannot read", path, errno);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
    if (filled == bytes.size()) bytes.resize(bytes.size() * 2);
  }
  bytes.resize(filled);
  return bytes;
}

Result<void> CreateFile(const std::string& path, std::string_view bytes, mode_t mode) {
  std::string temporary = TRY(WriteBeside(path, bytes, mode));
  int failure = ::link(temporary.c_str(), path.c_str()) == 0 ? 0 : errno;
  ::unlink(temporary.c_str());
  if (failure == EEXIST) return ErrnoError(Reason::kFileExists, "cannot make", path, failure);
  if (failure != 0) return ErrnoError(Reason::kFileUnwritable, "cannot write", path, failure);
  return {};
}

Result<void> ReplaceFile(const std::string& path, std::string_view bytes, mode_t mode) {
  std::string temporary = TRY(WriteBeside(path, bytes, mode));
  if (::rename(temporary.c_str(), path.c_str()) == 0) return {};
  int failure = errno;
  ::unlink(temporary.c_str());
  return ErrnoError(Reason::kFileUnwritable, "cannot write", path, failure);
}

}  // namespace mig
