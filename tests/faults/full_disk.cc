// Preloaded into a process, makes a disk that is full: what would make a file longer fails with
// ENOSPC, as long as the switch is there. What stays within a file has its room already.
//
//     MIG_FULL_DISK=PATH    the files whose names begin so are on that disk
//     MIG_FULL_SWITCH=FILE  the disk fills up while FILE is there; it holds how many more times
//     there is room, for each process
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

std::atomic<long> grown = 0;  // since the switch was there

template <typename Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

bool OnDisk(int fd) {
  static const char* const disk = std::getenv("MIG_FULL_DISK");
  if (disk == nullptr) return false;
  char link[32];
  char path[4096] = {};
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  return readlink(link, path, sizeof path - 1) > 0 &&
         std::strncmp(path, disk, std::strlen(disk)) == 0;
}

bool IsFull() {
  static const char* const file = std::getenv("MIG_FULL_SWITCH");
  FILE* const in = file == nullptr ? nullptr : std::fopen(file, "r");
  if (in == nullptr) {
    grown = 0;
    return false;
  }
  long room = 0;
  if (std::fscanf(in, "%ld", &room) != 1) room = 0;
  std::fclose(in);
  return ++grown > room;
}

// True, with errno, where bytes up to this end of the file have no room.
bool NoRoom(int fd, off_t end) {
  struct stat status = {};
  const int before = errno;
  if (!OnDisk(fd) || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || end <= status.st_size ||
      !IsFull()) {
    errno = before;
    return false;
  }
  errno = ENOSPC;
  return true;
}

off_t Here(int fd) {
  const int before = errno;
  struct stat status = {};
  off_t at = lseek(fd, 0, SEEK_CUR);
  if ((fcntl(fd, F_GETFL) & O_APPEND) != 0 && fstat(fd, &status) == 0) at = status.st_size;
  errno = before;
  return at;
}

off_t SizeOf(const iovec* parts, int count) {
  off_t size = 0;
  for (int i = 0; i < count; ++i) size += static_cast<off_t>(parts[i].iov_len);
  return size;
}

}  // namespace

// Each fails where the bytes up to `end` have no room, else does what it says.
#define NEEDS_ROOM(result, name, parameters, arguments, end, failure) \
  extern "C" result name parameters {                                 \
    static const auto next = Next<result(*) parameters>(#name);       \
    if (NoRoom(fd, (end))) return (failure);                          \
    return next arguments;                                            \
  }

NEEDS_ROOM(ssize_t, write, (int fd, const void* data, size_t size), (fd, data, size),
           Here(fd) + static_cast<off_t>(size), -1)
NEEDS_ROOM(ssize_t, writev, (int fd, const iovec* parts, int count), (fd, parts, count),
           Here(fd) + SizeOf(parts, count), -1)
NEEDS_ROOM(ssize_t, pwrite, (int fd, const void* data, size_t size, off_t at), (fd, data, size, at),
           at + static_cast<off_t>(size), -1)
NEEDS_ROOM(ssize_t, pwrite64, (int fd, const void* data, size_t size, off64_t at),
           (fd, data, size, at), at + static_cast<off_t>(size), -1)
NEEDS_ROOM(ssize_t, pwritev, (int fd, const iovec* parts, int count, off_t at),
           (fd, parts, count, at), at + SizeOf(parts, count), -1)
NEEDS_ROOM(ssize_t, pwritev64, (int fd, const iovec* parts, int count, off64_t at),
           (fd, parts, count, at), at + SizeOf(parts, count), -1)
NEEDS_ROOM(int, fallocate, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size),
           at + size, -1)
NEEDS_ROOM(int, fallocate64, (int fd, int mode, off64_t at, off64_t size), (fd, mode, at, size),
           at + size, -1)
NEEDS_ROOM(int, posix_fallocate, (int fd, off_t at, off_t size), (fd, at, size), at + size, ENOSPC)
NEEDS_ROOM(int, posix_fallocate64, (int fd, off64_t at, off64_t size), (fd, at, size), at + size,
           ENOSPC)
