#include "drivers/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace mig {
namespace {

// Both ends close on exec; the child's copies are made by the spawn actions.
class Pipe {
 public:
  Pipe() { opened_ = pipe2(ends_.data(), O_CLOEXEC) == 0; }
  ~Pipe() {
    for (int end : ends_) Close(end);
  }
  Pipe(const Pipe&) = delete;

  bool opened() const { return opened_; }
  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void CloseWriteEnd() {
    Close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  static void Close(int end) {
    if (end >= 0) close(end);
  }

  std::array<int, 2> ends_ = {-1, -1};
  bool opened_ = false;
};

// The attributes of a child that shares nothing with us but its two pipes.
class SpawnPlan {
 public:
  SpawnPlan(int out, int err) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, err, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);  // a group of its own: it ends with its children
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;

  void StartIn(const std::string& directory) {
    posix_spawn_file_actions_addchdir_np(&actions_, directory.c_str());
  }

  // 0, or an errno.
  int Spawn(pid_t& pid, char* const* arguments, char* const* environment) {
    return posix_spawnp(&pid, arguments[0], &actions_, &attributes_, arguments, environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// False at the end of the stream.
bool Append(int descriptor, std::string& text) {
  std::array<char, 65536> buffer;
  ssize_t size = read(descriptor, buffer.data(), buffer.size());
  if (size > 0) text.append(buffer.data(), static_cast<std::size_t>(size));
  return size > 0 || (size < 0 && errno == EINTR);
}

using Clock = std::chrono::steady_clock;

constexpr int kTickMilliseconds = 100;
constexpr std::chrono::seconds kGrace{5};  // between the two signals
constexpr std::size_t kMostErrors = std::size_t{64} << 10;

// Ends a group of processes for good, in two steps.
class Ending {
 public:
  Ending(pid_t group, const ChildLimits& limits) : group_(group), limits_(limits) {}

  void Tick() {
    const auto now = Clock::now();
    if (!timed_out_ && !cancelled_) {
      timed_out_ = limits_.time.count() > 0 && now - started_ >= limits_.time;
      cancelled_ = limits_.cancelled && limits_.cancelled();
      if (!timed_out_ && !cancelled_) return;
      asked_ = now;
      kill(-group_, SIGTERM);
    } else if (now - asked_ >= kGrace) {
      kill(-group_, SIGKILL);
      killed_ = true;
    }
  }

  bool timed_out() const { return timed_out_; }
  bool cancelled() const { return cancelled_; }
  bool killed() const { return killed_; }

 private:
  const pid_t group_;
  const ChildLimits& limits_;
  const Clock::time_point started_ = Clock::now();
  Clock::time_point asked_;  // of the first signal
  bool timed_out_ = false;
  bool cancelled_ = false;
  bool killed_ = false;
};

void Bound(ChildOutcome& outcome) {
  if (outcome.out.size() > kMostOutput) {
    outcome.out.resize(kMostOutput);
    outcome.cut = true;
  }
  if (outcome.err.size() > 2 * kMostErrors) outcome.err.erase(0, outcome.err.size() - kMostErrors);
}

// Reads both streams as they come, since a child that fills one of them would wait for us forever.
void ReadBoth(int out, int err, Ending& ending, ChildOutcome& outcome) {
  std::array<pollfd, 2> streams = {{{out, POLLIN, 0}, {err, POLLIN, 0}}};
  std::array<std::string*, 2> texts = {&outcome.out, &outcome.err};
  while ((streams[0].fd >= 0 || streams[1].fd >= 0) && !ending.killed()) {
    if (poll(streams.data(), streams.size(), kTickMilliseconds) < 0 && errno != EINTR) return;
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (streams[i].revents != 0 && !Append(streams[i].fd, *texts[i])) streams[i].fd = -1;
      streams[i].revents = 0;
    }
    Bound(outcome);
    ending.Tick();
  }
}

// Also of a child that closed its streams and goes on.
int WaitFor(pid_t pid, Ending& ending) {
  int status = 0;
  for (;;) {
    const pid_t ended = waitpid(pid, &status, WNOHANG);
    if (ended == pid || (ended < 0 && errno != EINTR)) break;
    poll(nullptr, 0, kTickMilliseconds / 20);
    ending.Tick();
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Result<ChildOutcome> RunChild(const std::vector<std::string>& arguments,
                              const std::map<std::string, std::string>& environment,
                              const ChildLimits& limits, const std::string& directory) {
  Pipe out, err;
  if (!out.opened() || !err.opened()) {
    return Error{Reason::kInternal, fmt::format("no pipe: {}", std::strerror(errno))};
  }
  std::vector<std::string> words = arguments;
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  pid_t pid = 0;
  SpawnPlan plan(out.write_end(), err.write_end());
  if (!directory.empty()) plan.StartIn(directory);
  const int failure = plan.Spawn(pid, Pointers(words).data(), Pointers(variables).data());
  if (failure != 0) {
    return Error{failure == ENOENT ? Reason::kUnsupported : Reason::kInternal,
                 fmt::format("{} cannot be run: {}", arguments[0], std::strerror(failure))};
  }
  out.CloseWriteEnd();
  err.CloseWriteEnd();
  ChildOutcome outcome;
  Ending ending(pid, limits);
  ReadBoth(out.read_end(), err.read_end(), ending, outcome);
  outcome.status = WaitFor(pid, ending);
  outcome.timed_out = ending.timed_out();
  if (ending.cancelled())
    return Error{Reason::kCancelled, fmt::format("{} was cancelled", arguments[0])};
  return outcome;
}

}  // namespace mig
