#include "cli/commands/questions.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cli/option_value.h"

namespace mig {
namespace {

constexpr std::size_t kMostAtOnce = 1000;

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

}  // namespace

Result<void> ForQuestions(
    Context& context,
    const std::function<Result<void>(Context&, const std::vector<std::string>& lines)>& answer) {
  std::string text;
  for (bool at_end = false; !at_end;) {
    char buffer[65536];
    const ssize_t got = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    at_end = got <= 0;
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
    const std::vector<std::string> lines = TakeLines(text, at_end);
    for (std::size_t i = 0; i < lines.size(); i += kMostAtOnce) {
      const std::size_t end = std::min(lines.size(), i + kMostAtOnce);
      TRY(answer(context, {lines.begin() + static_cast<std::ptrdiff_t>(i),
                           lines.begin() + static_cast<std::ptrdiff_t>(end)}));
    }
    TRY(context.terminal().Flush());
  }
  return {};
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
