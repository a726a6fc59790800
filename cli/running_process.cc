#include "cli/running_process.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace mig {

std::optional<RunningProcess> RunningProcess::Find(pid_t id) {
  // By its number: glibc 2.36 declares pidfd_open() without C linkage.
  const int descriptor = id > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, id, 0)) : -1;
  if (descriptor < 0) return std::nullopt;
  return RunningProcess(descriptor);
}

RunningProcess::RunningProcess(RunningProcess&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

RunningProcess::~RunningProcess() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool RunningProcess::AwaitEnd(std::chrono::milliseconds limit) const {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + limit;
  pollfd watched = {descriptor_, POLLIN, 0};  // readable once it has ended: pidfd_open(2)
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const int ended = ::poll(&watched, 1, static_cast<int>(std::max<long>(left.count(), 0)));
    if (ended >= 0 || errno != EINTR) return ended > 0;
  }
}

}  // namespace mig
