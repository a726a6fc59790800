#include <algorithm>
#include <sstream>

#include "cli/commands/all.h"
#include "cli/commands/questions.h"
#include "cli/context.h"
#include "store/core/id.h"

namespace mig {
namespace {

constexpr Option kRevListOptions[] = {
    {.names = "--count", .help = "print how many they are", .group = "form"},
    {"-n,--max-count", "N", "at most so many"},
    {"--dependencies", "", "follow dependencies as well as parents"},
    {.names = "--names", .help = "print names instead of ids", .group = "form"},
    {"--stdin", "",
     "read questions from stdin, one a line; an empty line ends each list, and `? REASON` is one "
     "that was refused"},
    {"--ref", "NAME", "what a ref has, instead of the files"},
};

std::string LinesOf(const v1::ListRevisionsResponse& page) {
  std::string text;
  Id::Bytes bytes;
  for (std::size_t i = 0; i + bytes.size() <= page.ids().size(); i += bytes.size()) {
    std::copy_n(page.ids().begin() + static_cast<std::ptrdiff_t>(i), bytes.size(), bytes.begin());
    text += Id(bytes).hex() + "\n";
  }
  for (const auto& listed : page.revisions()) text += listed.revision().name() + "\n";
  return text;
}

Result<void> List(Context& context, const std::vector<std::string>& words) {
  const Arguments& args = context.args();
  int left = TRY(MaxCount(args));
  v1::ListRevisionsRequest request;
  request.mutable_revisions()->Assign(words.begin(), words.end());
  request.set_dependencies(args.Has("dependencies"));
  if (args.Has("names") || context.json())
    request.set_detail(v1::ListRevisionsRequest::DETAIL_BRIEF);
  if (args.Has("count")) request.set_detail(v1::ListRevisionsRequest::DETAIL_COUNT);
  do {
    request.set_page_size(left);
    const v1::ListRevisionsResponse page = TRY(context.Ask(request));
    if (context.json()) {
      context.PrintJson(page);
    } else if (args.Has("count")) {
      context.terminal().Print(std::to_string(page.count()) + "\n");
    } else {
      context.terminal().Print(LinesOf(page));
    }
    TRY(context.terminal().Flush());
    if (left > 0) {
      left -= static_cast<int>(page.ids().size() / sizeof(Id::Bytes)) + page.revisions_size();
      if (left <= 0) break;
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && !context.terminal().closed());
  return {};
}

Result<void> AnswerLine(Context& context, const std::vector<std::string>& lines) {
  std::istringstream stream(lines.front());
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  TRY(List(context, words));
  if (!context.args().Has("count") && !context.json()) context.terminal().Print("\n");
  return {};
}

Result<int> RunRevList(Context& context) {
  context.LookAt(context.args().Value("ref"));
  if (context.args().Has("stdin")) return ForQuestions(context, 1, AnswerLine);
  std::vector<std::string> words = context.args().operands();
  std::erase_if(words, IsCount);
  TRY(List(context, words));
  return kDone;
}

}  // namespace

const Command kRevList = {
    .name = "rev-list",
    .group = Group::kLook,
    .summary = "List the ids of revisions, newest first, for scripts",
    .description =
        "B is what B reaches, ^A leaves out what A reaches, A..B is both, A...B what either "
        "reaches "
        "but not both. Without any: everything.",
    .operands = {"[A..B]...", 0, kAny},
    .options = kRevListOptions,
    .examples =
        "$ mig rev-list --count @prod..head  # how many prod does not have\n"
        "$ mig rev-list --names users..orders\n"
        "$ printf 'a..b\\nb..a\\n' | mig rev-list --count --stdin",
    .run = RunRevList,
};

}  // namespace mig
