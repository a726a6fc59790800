// Preloaded into a process, kills it (SIGKILL) at its n-th write: at the moment before bytes or a
// sync leave it, so that every state a crash can leave on a disk or a connection is reached.
//
//     MIG_KILL_ARMED=FILE  counting begins when FILE appears
//     MIG_KILL_AT=N        the call that kills, from 1
//     MIG_KILL_COUNT=FILE  where to write, at a regular exit, how many calls there were
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace {

std::atomic<long> calls = 0;
std::atomic<bool> armed = false;

template <typename Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

void Count() {
  static const char* const file = std::getenv("MIG_KILL_ARMED");
  static const char* const at = std::getenv("MIG_KILL_AT");
  if (file == nullptr || at == nullptr) return;
  if (!armed) {
    if (access(file, F_OK) != 0) return;
    armed = true;
  }
  if (++calls == std::atol(at)) kill(getpid(), SIGKILL);
}

__attribute__((destructor)) void Report() {
  const char* file = std::getenv("MIG_KILL_COUNT");
  if (file == nullptr) return;
  if (FILE* out = std::fopen(file, "w")) {
    std::fprintf(out, "%ld\n", calls.load());
    std::fclose(out);
  }
}

}  // namespace

// Each counts, then does what it says.
#define KILLABLE(result, name, parameters, arguments)           \
  extern "C" result name parameters {                           \
    static const auto next = Next<result(*) parameters>(#name); \
    Count();                                                    \
    return next arguments;                                      \
  }

KILLABLE(ssize_t, write, (int fd, const void* data, size_t size), (fd, data, size))
KILLABLE(ssize_t, writev, (int fd, const iovec* parts, int count), (fd, parts, count))
KILLABLE(ssize_t, pwrite, (int fd, const void* data, size_t size, off_t at), (fd, data, size, at))
KILLABLE(ssize_t, pwrite64, (int fd, const void* data, size_t size, off64_t at),
         (fd, data, size, at))
KILLABLE(ssize_t, send, (int fd, const void* data, size_t size, int flags), (fd, data, size, flags))
KILLABLE(ssize_t, sendmsg, (int fd, const msghdr* message, int flags), (fd, message, flags))
KILLABLE(int, fsync, (int fd), (fd))
KILLABLE(int, fdatasync, (int fd), (fd))
KILLABLE(int, unlink, (const char* path), (path))
