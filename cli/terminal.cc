#include "cli/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace mig {
namespace {

bool ColorAllowed() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return false;
  return term == nullptr || std::strcmp(term, "dumb") != 0;
}

Style StyleOf(bool color, bool terminal) {
  return Style(color && terminal && ColorAllowed(), terminal);
}

int WidthOf(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

// Waits where a pipe that somebody else made non-blocking is full. Errors: the errno of the write
// that failed.
int WriteAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      pollfd room = {descriptor, POLLOUT, 0};
      ::poll(&room, 1, -1);
      continue;
    }
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

// A line of stdin; what there is of it when a signal came.
std::string ReadLine() {
  std::string line;
  char c = 0;
  while (::read(STDIN_FILENO, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

// Turns off the echo of what is typed, and on again; Ctrl-C then ends the process as ever.
class WithoutEcho {
 public:
  WithoutEcho() {
    ::tcgetattr(STDIN_FILENO, &before_);
    struct sigaction action = {};
    action.sa_handler = [](int) { interrupted_ = 1; };
    ::sigaction(SIGINT, &action, &old_);
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  ~WithoutEcho() {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    ::sigaction(SIGINT, &old_, nullptr);
    if (interrupted_ != 0) ::raise(SIGINT);
  }
  WithoutEcho(const WithoutEcho&) = delete;
  WithoutEcho& operator=(const WithoutEcho&) = delete;

 private:
  static inline volatile std::sig_atomic_t interrupted_ = 0;
  termios before_ = {};
  struct sigaction old_ = {};
};

}  // namespace

Terminal::Terminal(bool color, bool quiet)
    : stdin_is_terminal_(::isatty(STDIN_FILENO) == 1),
      stderr_is_terminal_(::isatty(STDERR_FILENO) == 1),
      quiet_(quiet),
      width_(stderr_is_terminal_ ? WidthOf(STDERR_FILENO) : 80),
      out_style_(StyleOf(color, ::isatty(STDOUT_FILENO) == 1)),
      err_style_(StyleOf(color, stderr_is_terminal_)) {}

void Terminal::Tell(std::string_view text) {
  if (!quiet_) Warn(text);
}

void Terminal::Warn(std::string_view text) {
  std::lock_guard lock(mutex_);
  ClearLive();
  WriteAll(STDERR_FILENO, text);
}

void Terminal::Live(std::string_view text) {
  if (!live()) return;
  std::lock_guard lock(mutex_);
  ClearLive();
  if (text.empty()) return;
  WriteAll(STDERR_FILENO, text);
  live_shown_ = true;
}

void Terminal::ClearLive() {
  if (!live_shown_) return;
  WriteAll(STDERR_FILENO, "\r\x1b[K");
  live_shown_ = false;
}

Result<void> Terminal::Flush() {
  Live("");
  std::string text = std::move(buffer_);
  buffer_.clear();
  int failure = WriteAll(STDOUT_FILENO, text);
  closed_ = closed_ || failure == EPIPE;
  if (failure == 0 || failure == EPIPE) return {};
  return Error{Reason::kFileUnwritable,
               std::string("cannot write to stdout: ") + std::strerror(failure)};
}

bool Terminal::Confirm(std::string_view question) {
  Warn(std::string(question) + " [y/N] ");
  const std::string line = ReadLine();
  return line.starts_with('y') || line.starts_with('Y');
}

std::string Terminal::AskSecret(std::string_view question) {
  if (!stdin_is_terminal_) return ReadLine();
  Warn(question);
  const WithoutEcho quiet;
  std::string line = ReadLine();
  Warn("\n");
  return line;
}

}  // namespace mig
