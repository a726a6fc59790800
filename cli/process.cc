#include "cli/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace mig {
namespace {

// The exit status; 128 + the signal of a program that was killed.
int Wait(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string ReadAll(int descriptor) {
  std::string text;
  char buffer[4096];
  ssize_t count = 0;
  while ((count = ::read(descriptor, buffer, sizeof buffer)) > 0)
    text.append(buffer, static_cast<std::size_t>(count));
  return text;
}

// A file in memory, at its start.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view text = {})
      : descriptor_(::memfd_create("mig", MFD_CLOEXEC)) {
    while (descriptor_ >= 0 && !text.empty()) {
      const ssize_t written = ::write(descriptor_, text.data(), text.size());
      if (written <= 0) break;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    ::lseek(descriptor_, 0, SEEK_SET);
  }
  ~MemoryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int descriptor() const { return descriptor_; }
  std::string Tail(off_t bytes) const {
    const off_t size = ::lseek(descriptor_, 0, SEEK_END);
    ::lseek(descriptor_, std::max(size - bytes, off_t{0}), SEEK_SET);
    return ReadAll(descriptor_);
  }

 private:
  int descriptor_;
};

// Hands over the lines of a pipe until it ends or `take` fails.
Result<void> TakeLines(int descriptor, const std::function<Result<void>(std::string_view)>& take) {
  std::string text;
  char buffer[65536];
  ssize_t count = 0;
  while ((count = ::read(descriptor, buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(count));
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
      TRY(take(std::string_view(text).substr(begin, end - begin)));
    text.erase(0, begin);
  }
  return {};
}

}  // namespace

std::vector<char*> Pointers(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::string Capture(const std::vector<std::string>& command) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return "";
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t process = 0;
  int failure = ::posix_spawnp(&process, command[0].c_str(), &actions, nullptr,
                               Pointers(command).data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string text = failure == 0 ? ReadAll(ends[0]) : "";
  ::close(ends[0]);
  if (failure != 0 || Wait(process) != 0) return "";
  return text;
}

Result<Ended> RunProgram(const Program& program,
                         const std::function<Result<void>(std::string_view)>& take) {
  constexpr off_t kErrorsKept = 8192;
  const MemoryFile input(program.input);
  const MemoryFile errors;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Error{Reason::kInternal, "no pipe can be made"};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input.descriptor(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, errors.descriptor(), STDERR_FILENO);
  ::posix_spawn_file_actions_addchdir_np(&actions, program.folder.c_str());
  std::vector<std::string> environment = program.environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  pid_t process = 0;
  const int failure =
      ::posix_spawnp(&process, program.command[0].c_str(), &actions, nullptr,
                     Pointers(program.command).data(), Pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  Result<void> taken = failure == 0 ? TakeLines(ends[0], take) : Result<void>();
  ::close(ends[0]);
  if (failure != 0) return Ended{127, std::string(std::strerror(failure))};
  if (!taken) ::kill(process, SIGTERM);
  Ended ended;
  ended.status = Wait(process);
  TRY(std::move(taken));
  ended.errors = errors.Tail(kErrorsKept);
  return ended;
}

Result<void> RunInForeground(const std::string& command_line, const std::string& argument) {
  std::vector<std::string> command = {"sh", "-c", command_line + " \"$@\"", "sh", argument};
  pid_t process = 0;
  int failure = ::posix_spawnp(&process, "sh", nullptr, nullptr, Pointers(command).data(), environ);
  if (failure == 0 && Wait(process) == 0) return {};
  return Error{Reason::kUsage, "`" + command_line + "` ended with a failure"};
}

}  // namespace mig
