// Ctrl-C and SIGTERM, for a command that wants to end in good order.
#pragma once

#include <functional>
#include <thread>

namespace mig {

// While it lives, the first SIGINT calls `on_interrupt`, and a SIGTERM `on_terminate`, in a thread
// of its own; behind the latter the process ends with status 143. The second signal ends it at
// once, with 130 or 143. At most one at a time.
class Interrupt {
 public:
  Interrupt(std::function<void()> on_interrupt, std::function<void()> on_terminate);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

 private:
  std::thread thread_;
};

}  // namespace mig
