#include "cli/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace mig {
namespace {

constexpr int kStatusOfSignals = 128;
constexpr char kEnd = 0;  // what is written where there was no signal

// The handler writes into the pipe, the thread reads from it.
int pipe_ends[2] = {-1, -1};
volatile std::sig_atomic_t signals = 0;

void OnSignal(int signal) {
  signals = signals + 1;
  if (signals > 1) ::_exit(kStatusOfSignals + signal);
  int saved = errno;
  const char which = static_cast<char>(signal);
  [[maybe_unused]] ssize_t written = ::write(pipe_ends[1], &which, 1);
  errno = saved;
}

void Wait(const std::function<void()>& on_interrupt, const std::function<void()>& on_terminate) {
  char which = kEnd;
  ssize_t count = 0;
  while ((count = ::read(pipe_ends[0], &which, 1)) < 0 && errno == EINTR) {
  }
  if (count == 1 && which == SIGINT) on_interrupt();
  if (count != 1 || which != SIGTERM) return;
  on_terminate();
  ::_exit(kStatusOfSignals + SIGTERM);
}

}  // namespace

Interrupt::Interrupt(std::function<void()> on_interrupt, std::function<void()> on_terminate) {
  signals = 0;
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) return;
  try {
    thread_ =
        std::thread([interrupted = std::move(on_interrupt), terminated = std::move(on_terminate)] {
          Wait(interrupted, terminated);
        });
    std::signal(SIGINT, OnSignal);
    std::signal(SIGTERM, OnSignal);
  } catch (const std::system_error&) {  // a signal ends the command, and the run goes on
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
  }
}

Interrupt::~Interrupt() {
  if (!thread_.joinable()) return;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  [[maybe_unused]] ssize_t written = ::write(pipe_ends[1], &kEnd, 1);
  thread_.join();
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

}  // namespace mig
