#include "cli/spawn_migd.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "cli/option_value.h"
#include "cli/process.h"

namespace mig {
namespace {

constexpr int kReadyDescriptor = 3;
constexpr int kFirstFree = 10;  // above all that the file actions set
constexpr std::chrono::seconds kReadyLimit{30};
constexpr off_t kMaxLogBytes = 4 << 20;
constexpr int kDefaultIdle = 600;

// What a daemon may know of the shell that happened to start it.
constexpr std::array<std::string_view, 11> kKept = {
    "HOME",   "PATH",   "USER", "LOGNAME",         "LANG",    "LANGUAGE",
    "LC_ALL", "TMPDIR", "TZ",   "XDG_RUNTIME_DIR", "LC_CTYPE"};

std::vector<std::string> CleanEnvironment() {
  std::vector<std::string> environment;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    if (std::find(kKept.begin(), kKept.end(), name) != kKept.end()) environment.emplace_back(text);
  }
  return environment;
}

void RotateLog(const std::string& log) {
  struct stat file = {};
  if (::stat(log.c_str(), &file) == 0 && file.st_size > kMaxLogBytes)
    std::rename(log.c_str(), (log + ".1").c_str());
}

// How the new process differs from a copy of this one.
class SpawnRules {
 public:
  SpawnRules(const std::string& log, int ready) {
    ::posix_spawn_file_actions_init(&files_);
    ::posix_spawn_file_actions_addopen(&files_, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&files_, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                       0600);
    ::posix_spawn_file_actions_adddup2(&files_, 1, 2);
    ::posix_spawn_file_actions_adddup2(&files_, ready, kReadyDescriptor);
    ::posix_spawn_file_actions_addclosefrom_np(&files_, kReadyDescriptor + 1);
    ::posix_spawn_file_actions_addchdir_np(&files_, "/");
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnRules() {
    ::posix_spawn_file_actions_destroy(&files_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnRules(const SpawnRules&) = delete;
  SpawnRules& operator=(const SpawnRules&) = delete;

  const posix_spawn_file_actions_t* files() const { return &files_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t files_ = {};
  posix_spawnattr_t attributes_ = {};
};

Error CannotStart(const std::string& migd, const std::string& why, const LocalPlaces& places) {
  return {Reason::kDaemonUnreachable,
          "cannot start " + migd + ": " + why,
          {{"file", migd}},
          "look into " + places.log()};
}

// All that is written to the pipe until its other end is closed or a line says "ready".
std::string ReadWord(int pipe) {
  const auto deadline = std::chrono::steady_clock::now() + kReadyLimit;
  std::string word;
  while (!word.starts_with("ready\n")) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waited = {pipe, POLLIN, 0};
    const int ready = left.count() > 0 ? ::poll(&waited, 1, static_cast<int>(left.count())) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return "timeout";
    char buffer[4096];
    const ssize_t size = ::read(pipe, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    word.append(buffer, static_cast<std::size_t>(size));
  }
  return word;
}

// migd's word when it cannot start: reason, message and hint, a line each.
Result<void> Understand(const std::string& word, const std::string& migd,
                        const LocalPlaces& places) {
  if (word.starts_with("ready\n")) return {};
  if (word == "timeout") return CannotStart(migd, "it was not ready in time", places);
  const std::size_t first = word.find('\n');
  const std::size_t second = first == std::string::npos ? first : word.find('\n', first + 1);
  const auto reason = ReasonFromText(word.substr(0, first));
  if (!reason || second == std::string::npos) {
    Error error = CannotStart(migd, "it ended before it was ready", places);
    if (word.empty()) error.details["absent"] = "true";
    return error;
  }
  Error error{*reason, word.substr(first + 1, second - first - 1)};
  error.hint = word.substr(second + 1, word.find('\n', second + 1) - second - 1);
  return error;
}

}  // namespace

Result<int> IdleSeconds() {
  const char* given = std::getenv("MIG_IDLE");
  if (given == nullptr || *given == '\0') return kDefaultIdle;
  Result<int> seconds = CountOf("MIG_IDLE", given, 0);
  if (seconds) return seconds;
  return Error{Reason::kConfigInvalid,
               seconds.error().message,
               {},
               "the environment sets it: seconds after which an idle private daemon leaves, 0 for "
               "with the command"};
}

Result<void> SpawnMigd(const LocalPlaces& places) {
  const int idle = TRY(IdleSeconds());
  const std::string migd = TRY(FindMigd());
  int ends[2] = {};
  if (::pipe2(ends, O_CLOEXEC) != 0) return CannotStart(migd, std::strerror(errno), places);
  const int ready = ::fcntl(ends[1], F_DUPFD_CLOEXEC, kFirstFree);
  ::close(ends[1]);
  RotateLog(places.log());
  const std::vector<std::string> words = {migd,
                                          "--private",
                                          places.state,
                                          "--listen",
                                          "unix:" + places.own_socket,
                                          "--idle",
                                          std::to_string(idle),
                                          "--ready-descriptor",
                                          std::to_string(kReadyDescriptor)};
  const std::vector<std::string> environment = CleanEnvironment();
  pid_t process = 0;
  const int failed = [&] {
    const SpawnRules rules(places.log(), ready);
    return ::posix_spawn(&process, migd.c_str(), rules.files(), rules.attributes(),
                         Pointers(words).data(), Pointers(environment).data());
  }();
  ::close(ready);
  const std::string word = failed == 0 ? ReadWord(ends[0]) : "";
  ::close(ends[0]);
  if (failed != 0) return CannotStart(migd, std::strerror(failed), places);
  return Understand(word, migd, places);
}

}  // namespace mig
