#include "cli/commands/questions.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cli/option_value.h"

#include "cli/render/error.h"

namespace mig {
namespace {

constexpr int kRefusedStatus = 2;  // the exit status of errors that are about the question

using Questions = std::vector<std::string>;
using AnswerSome = std::function<Result<void>(Context&, const Questions&)>;

// Takes the whole lines out of `text`.
std::vector<std::string> TakeLines(std::string& text, bool at_end) {
  if (at_end && !text.empty() && text.back() != '\n') text += '\n';
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
  }
  text.erase(0, begin);
  return lines;
}

// The exit status. One refused question refuses the call that it is in: the halves are asked again.
Result<int> AnswerAll(Context& context, const Questions& lines, const AnswerSome& answer) {
  const auto answered = answer(context, lines);
  if (answered) return kDone;
  const ReasonInfo& reason = InfoOf(answered.error().reason);
  if (reason.exit_status != kRefusedStatus || context.json()) return answered.error();
  if (lines.size() > 1) {
    const auto middle = lines.begin() + static_cast<std::ptrdiff_t>(lines.size() / 2);
    const Questions some(lines.begin(), middle), others(middle, lines.end());
    const int status = TRY(AnswerAll(context, some, answer));
    return std::max(status, TRY(AnswerAll(context, others, answer)));
  }
  Terminal& terminal = context.terminal();
  terminal.Warn(RenderError(answered.error(), terminal.err_style()));
  terminal.Print("? " + std::string(reason.text) + "\n");
  return kRefusedStatus;
}

}  // namespace

Result<int> ForQuestions(Context& context, std::size_t at_once, const AnswerSome& answer) {
  const std::vector<std::string>& words = context.args().operands();
  const auto unheard = std::ranges::find_if_not(words, IsCount);
  if (unheard != words.end())
    return Error{Reason::kUsage, "--stdin reads the questions, and `" + *unheard + "` is none"};
  int status = kDone;
  std::string text;
  for (bool at_end = false; !at_end;) {
    char buffer[65536];
    const ssize_t got = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    at_end = got <= 0;
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
    const std::vector<std::string> lines = TakeLines(text, at_end);
    for (std::size_t i = 0; i < lines.size(); i += at_once) {
      const std::size_t end = std::min(lines.size(), i + at_once);
      const Questions some(lines.begin() + static_cast<std::ptrdiff_t>(i),
                           lines.begin() + static_cast<std::ptrdiff_t>(end));
      status = std::max(status, TRY(AnswerAll(context, some, answer)));
    }
    TRY(context.terminal().Flush());
  }
  return status;
}

bool IsCount(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && word.find_first_not_of("0123456789", 1) == word.npos;
}

Result<int> MaxCount(const Arguments& args) {
  std::string text = args.Value("max-count");
  for (const std::string& word : args.operands()) {
    if (IsCount(word)) text = word.substr(1);
  }
  if (text.empty()) return 0;
  return CountOf("--max-count", text);
}

Error TooFew(const Command& command) {
  return Error{Reason::kUsage, "mig " + std::string(command.name) + " needs " +
                                   std::string(command.operands.usage) + ", or --stdin"};
}

}  // namespace mig
