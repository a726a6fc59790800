#include "daemon/thread.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace mig {

Result<std::thread> StartThread(std::function<void()> work) {
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error& error) {
    return Error{
        Reason::kLimitExceeded,
        fmt::format("the system gives the daemon no more threads: {}", error.code().message()),
        {{"limit", "threads"}},
        "repeat the command when less is going on, or raise the limit: `ulimit -u`, "
        "TasksMax of a systemd unit, the container's pids"};
  }
}

}  // namespace mig
