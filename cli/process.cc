#include "cli/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace mig {
namespace {

std::vector<char*> Pointers(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

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

}  // namespace

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

Result<void> RunInForeground(const std::string& command_line, const std::string& argument) {
  std::vector<std::string> command = {"sh", "-c", command_line + " \"$@\"", "sh", argument};
  pid_t process = 0;
  int failure = ::posix_spawnp(&process, "sh", nullptr, nullptr, Pointers(command).data(), environ);
  if (failure == 0 && Wait(process) == 0) return {};
  return Error{Reason::kUsage, "`" + command_line + "` ended with a failure"};
}

}  // namespace mig
