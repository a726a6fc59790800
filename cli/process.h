// Other programs: Git, an editor, a Python interpreter.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/result.h"

namespace mig {

// The words as the system takes arguments and an environment: ended by a null pointer, and valid as
// long as they are.
std::vector<char*> Pointers(const std::vector<std::string>& words);

// What a program prints, found by PATH; empty when there is no such program or it fails. Its stderr
// is dropped.
std::string Capture(const std::vector<std::string>& command);

struct Program {
  std::vector<std::string> command;
  std::string input;                          // what it reads on stdin
  std::string folder;                         // where it works
  std::vector<std::string> environment = {};  // NAME=VALUE, besides that of this process
};
struct Ended {
  int status = 0;      // 127: there is no such program; 128 + the signal of one that was killed
  std::string errors;  // what it wrote to stderr, or the end of it
};
// Runs a program, found by PATH, and hands over each line of its stdout, without the line feed. A
// line that `take` fails on is the last; the program is then stopped. Errors: those of `take`;
// kInternal when no process can be made.
Result<Ended> RunProgram(const Program& program,
                         const std::function<Result<void>(std::string_view)>& take);

// Runs a shell command line with `argument` appended as one word, on this terminal, and waits for
// it. Errors: kUsage when it cannot be run or ends with a failure, naming it.
Result<void> RunInForeground(const std::string& command_line, const std::string& argument);

}  // namespace mig
