// What the commands share that ask the graph: many questions on stdin, one a line, and limits.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/context.h"
#include "store/core/result.h"

namespace mig {

// Calls `answer` with the lines that are there, at most `at_once` at a time, and shows what it
// printed before it reads on: who waits for an answer before the next question gets it. Empty lines
// are none. Of a question that is refused the answer is "? REASON", with the error on stderr; the
// others have theirs. REQUIRES: where `answer` fails it printed nothing. The exit status. Errors:
// kUsage, where operands ask, too.
Result<int> ForQuestions(
    Context& context, std::size_t at_once,
    const std::function<Result<void>(Context&, const std::vector<std::string>& lines)>& answer);

// "-5": as many revisions.
bool IsCount(const std::string& word);
// What -N or --max-count says; 0: no limit. Errors: kUsage for what is no positive number.
Result<int> MaxCount(const Arguments& args);

// kUsage: the command needs more operands, or --stdin.
Error TooFew(const Command& command);

}  // namespace mig
