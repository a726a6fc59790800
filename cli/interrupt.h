// Ctrl-C, for a command that wants to end in good order.
#pragma once

#include <functional>
#include <thread>

namespace mig {

// While it lives, the first SIGINT calls `on_first` in a thread of its own, and the second ends the
// process with status 130. At most one at a time.
class Interrupt {
 public:
  explicit Interrupt(std::function<void()> on_first);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

 private:
  std::thread thread_;
};

}  // namespace mig
