// What throw-away servers of every engine have in common: a folder, a template that is made once
// per build directory, a free port, and an end with the test process.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

namespace mig {

// Ends the process with a message: without its server a test cannot say anything.
[[noreturn]] void NoServer(std::string_view engine, const std::string& what);

// Runs a shell script that must succeed. Its output goes to standard error.
void Shell(std::string_view engine, const std::string& script);

// A new folder in the temporary folder that everybody may enter.
std::string MakeServerFolder(std::string_view engine);

// Calls `make`, which makes `path`, unless it is there; other processes of the build directory wait
// meanwhile.
void EnsureServerTemplate(const std::string& path, const std::function<void()>& make);

// Where root runs the tests: the words that make a command run as `user`, or as nobody where there
// is none, since servers refuse to run as root. Else none.
std::string AsServerUser(const char* user);
// The command that gives a folder to that user.
std::string GiveToServerUser(const char* user, const std::string& folder);

std::string FreePort();
std::string UrlEncodedPath(std::string path);

// SIGKILL, and waits until its sockets are closed. False when there is no such process.
bool KillServer(pid_t pid);

// A shell in a process group of its own. Its script sees the end of standard input when this object
// or this process is gone, however it died, and cleans up then.
class Supervisor {
 public:
  Supervisor() = default;
  ~Supervisor();  // waits for the script's end
  Supervisor(const Supervisor&) = delete;

  void Start(std::string script);

 private:
  int lifeline_ = -1;
  pid_t shell_ = -1;
};

}  // namespace mig
