// A process that is neither ours nor our child, watched until it ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>

namespace mig {

class RunningProcess {
 public:
  // Nothing where no process has that id, or the kernel (before Linux 5.3) cannot watch it.
  static std::optional<RunningProcess> Find(pid_t id);

  RunningProcess(RunningProcess&& other) noexcept;
  RunningProcess& operator=(RunningProcess&&) = delete;
  ~RunningProcess();

  // Waits so long for the process to end, and tells whether it has. What it had open is closed
  // then.
  bool AwaitEnd(std::chrono::milliseconds limit) const;

 private:
  explicit RunningProcess(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace mig
