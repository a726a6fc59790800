#include "cli/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace mig {
namespace {

constexpr int kInterrupted = 130;

// The handler writes into the pipe, the thread reads from it.
int pipe_ends[2] = {-1, -1};
volatile std::sig_atomic_t interrupts = 0;

void OnSignal(int) {
  interrupts = interrupts + 1;
  if (interrupts > 1) ::_exit(kInterrupted);
  int saved = errno;
  [[maybe_unused]] ssize_t written = ::write(pipe_ends[1], "i", 1);
  errno = saved;
}

void Wait(const std::function<void()>& on_first) {
  char what = 0;
  ssize_t count = 0;
  while ((count = ::read(pipe_ends[0], &what, 1)) < 0 && errno == EINTR) {
  }
  if (count == 1 && what == 'i') on_first();
}

}  // namespace

Interrupt::Interrupt(std::function<void()> on_first) {
  interrupts = 0;
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) return;
  try {
    thread_ = std::thread([run = std::move(on_first)] { Wait(run); });
    std::signal(SIGINT, OnSignal);
  } catch (const std::system_error&) {  // the signal ends the command, and the run goes on
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
  }
}

Interrupt::~Interrupt() {
  if (!thread_.joinable()) return;
  std::signal(SIGINT, SIG_DFL);
  [[maybe_unused]] ssize_t written = ::write(pipe_ends[1], "q", 1);
  thread_.join();
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

}  // namespace mig
