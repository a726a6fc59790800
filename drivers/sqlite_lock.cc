#include "drivers/sqlite_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace mig {
namespace {

Error CannotLock(const std::string& path) {
  return {Reason::kDatabasePermission,
          fmt::format("the run lock {} cannot be taken: {}", path, std::strerror(errno)),
          {{"path", path}}};
}

}  // namespace

Result<std::unique_ptr<SqliteLock>> SqliteLock::TryTake(const std::string& path) {
  std::error_code unresolved;
  const std::string real = std::filesystem::weakly_canonical(path, unresolved).string();
  const std::string lock_path = (unresolved ? path : real) + "-mig-lock";
  while (true) {
    const int descriptor = ::open(lock_path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) return CannotLock(lock_path);
    std::unique_ptr<SqliteLock> lock(new SqliteLock(descriptor, lock_path));
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return CannotLock(lock_path);
      return std::unique_ptr<SqliteLock>();
    }
    lock->held_ = lock->IsAtItsPath();
    if (lock->held_) return lock;
  }
}

SqliteLock::~SqliteLock() {
  if (held_) ::unlink(path_.c_str());
  ::close(descriptor_);
}

// False when its last holder removed the file between our open and our lock: then others lock
// another file under this name.
bool SqliteLock::IsAtItsPath() const {
  struct stat ours;
  struct stat named;
  if (::fstat(descriptor_, &ours) != 0 || ::stat(path_.c_str(), &named) != 0) return false;
  return ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

}  // namespace mig
