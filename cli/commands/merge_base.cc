#include <sstream>

#include "cli/commands/all.h"
#include "cli/commands/questions.h"
#include "cli/context.h"

namespace mig {
namespace {

constexpr Option kMergeBaseOptions[] = {
    {"-a,--all", "", "all best common ancestors, not one of them"},
    {.names = "--octopus",
     .help = "of all revisions together, not of the first and the others",
     .group = "question"},
    {.names = "--is-ancestor",
     .help = "print nothing: exit with 0 when the first is at or below the second, else 4",
     .group = "question"},
    {"--dependencies", "", "follow dependencies as well as parents"},
    {"--names", "", "print names instead of ids"},
    {"--stdin", "",
     "read questions from stdin, one a line; the answers come line by line, `? REASON` of one that "
     "was refused"},
    {"--ref", "NAME", "what a ref has, instead of the files"},
};

constexpr std::size_t kMostAtOnce = 1000;

v1::FindMergeBasesRequest BasesRequestOf(const Arguments& args) {
  v1::FindMergeBasesRequest request;
  request.set_dependencies(args.Has("dependencies"));
  if (args.Has("is-ancestor")) request.set_kind(v1::FindMergeBasesRequest::KIND_IS_ANCESTOR);
  if (args.Has("octopus")) request.set_kind(v1::FindMergeBasesRequest::KIND_OCTOPUS);
  return request;
}

std::string LineOf(const v1::FindMergeBasesResponse::Answer& answer, const Arguments& args,
                   const char* separator) {
  if (args.Has("is-ancestor")) return answer.is_ancestor() ? "yes" : "no";
  std::string line;
  for (const auto& base : answer.bases()) {
    if (!line.empty()) line += separator;
    line += args.Has("names") ? base.name() : base.id();
    if (!args.Has("all")) break;
  }
  return line;
}

Result<int> RunOnce(Context& context) {
  const Arguments& args = context.args();
  if (args.operands().size() < 2) return TooFew(context.command());
  v1::FindMergeBasesRequest request = BasesRequestOf(args);
  auto* question = request.add_questions();
  question->mutable_revisions()->Assign(args.operands().begin(), args.operands().end());
  const v1::FindMergeBasesResponse response = TRY(context.Ask(request));
  const auto& answer = response.answers(0);
  if (context.json()) {
    context.PrintJson(response);
  } else if (!args.Has("is-ancestor") && answer.bases_size() > 0) {
    context.terminal().Print(LineOf(answer, args, "\n") + "\n");
  }
  const bool yes = args.Has("is-ancestor") ? answer.is_ancestor() : answer.bases_size() > 0;
  return yes ? kDone : kFindings;
}

Result<void> AnswerLines(Context& context, const std::vector<std::string>& lines) {
  v1::FindMergeBasesRequest request = BasesRequestOf(context.args());
  for (const std::string& line : lines) {
    auto* question = request.add_questions();
    std::istringstream words(line);
    for (std::string word; words >> word;) question->add_revisions(word);
  }
  const v1::FindMergeBasesResponse response = TRY(context.Ask(request));
  if (context.json()) {
    context.PrintJson(response);
    return {};
  }
  for (const auto& answer : response.answers())
    context.terminal().Print(LineOf(answer, context.args(), " ") + "\n");
  return {};
}

Result<int> RunMergeBase(Context& context) {
  context.LookAt(context.args().Value("ref"));
  if (!context.args().Has("stdin")) return RunOnce(context);
  return ForQuestions(context, kMostAtOnce, AnswerLines);
}

}  // namespace

const Command kMergeBase = {
    .name = "merge-base",
    .group = Group::kLook,
    .summary = "Find the best common ancestors of revisions",
    .description =
        "A common ancestor is best when it is below no other one. Exits with 4 when there is none.",
    .operands = {"REV REV...", 0, kAny},
    .options = kMergeBaseOptions,
    .examples =
        "$ mig merge-base users orders\n"
        "$ mig merge-base --all --names head refs/main   # in a criss-cross there are several\n"
        "$ mig merge-base --is-ancestor 1975ea83 head && echo contained\n"
        "$ printf 'a b\\na c\\n' | mig merge-base --stdin    # an answer a line",
    .run = RunMergeBase,
};

}  // namespace mig
