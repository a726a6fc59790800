#include "daemon/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

namespace mig {
namespace {

constexpr std::chrono::milliseconds kPoll{10};

std::string HolderOf(int descriptor) {
  char text[32] = {};
  const ssize_t size = ::pread(descriptor, text, sizeof text - 1, 0);
  return size > 0 ? "process " + std::string(text, static_cast<std::size_t>(size))
                  : "another process";
}

}  // namespace

Result<FileLock> FileLock::Take(const std::string& path, std::chrono::milliseconds wait) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return Error{Reason::kFileUnwritable,
                 "cannot lock " + path + ": " + std::strerror(errno),
                 {{"file", path}}};
  }
  FileLock lock(descriptor);
  const auto deadline = std::chrono::steady_clock::now() + wait;
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return Error{Reason::kStoreLocked, HolderOf(descriptor) + " holds " + path, {{"file", path}}};
    }
    std::this_thread::sleep_for(kPoll);
  }
  const std::string holder = std::to_string(::getpid());
  if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, holder.data(), holder.size(), 0) !=
                                             static_cast<ssize_t>(holder.size())) {
    return Error{Reason::kFileUnwritable,
                 "cannot write " + path + ": " + std::strerror(errno),
                 {{"file", path}}};
  }
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace mig
