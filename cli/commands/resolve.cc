#include "cli/commands/all.h"
#include "cli/commands/operation.h"
#include "cli/context.h"
#include "cli/follow.h"
#include "cli/render/unfinished.h"

namespace mig {
namespace {

using Resolve = v1::Operation::Resolve;

constexpr Option kResolveOptions[] = {
    {.names = "--applied",
     .help = "the statement in doubt took effect: the next run goes on behind it",
     .group = "answer"},
    {.names = "--not-applied", .help = "it did not: the next run runs it", .group = "answer"},
    {.names = "--undone",
     .help =
         "forget that run: what it did was taken back by hand, and the next run begins anew; or "
         "something else completed it",
     .group = "answer"},
};

struct AnswerOption {
  std::string_view key;
  Resolve::Answer answer;
};
constexpr AnswerOption kAnswers[] = {{"applied", Resolve::ANSWER_APPLIED},
                                     {"not-applied", Resolve::ANSWER_NOT_APPLIED},
                                     {"undone", Resolve::ANSWER_UNDONE}};

// Unspecified where none was given.
Resolve::Answer AnswerOf(const Arguments& arguments) {
  for (const AnswerOption& option : kAnswers) {
    if (arguments.Has(option.key)) return option.answer;
  }
  return Resolve::ANSWER_UNSPECIFIED;
}

Result<int> ShowUnfinished(Context& context) {
  v1::GetUnfinishedRequest request;
  *request.mutable_target() = TRY(context.target());
  Client* client = TRY(context.client());
  v1::GetUnfinishedResponse answer = TRY(client->Call(request));
  if (context.json()) {
    context.PrintJson(answer);
  } else if (answer.has_unfinished()) {
    context.terminal().Print(RenderUnfinished(answer.unfinished(), context.terminal().out_style()));
  } else {
    context.terminal().Tell("nothing is half applied in " + request.target().name() + "\n");
  }
  return kDone;
}

Result<int> RunResolve(Context& context) {
  const Resolve::Answer answer = AnswerOf(context.args());
  std::string revision = context.args().Operand(0);
  if (answer == Resolve::ANSWER_UNSPECIFIED) {
    if (revision.empty()) return ShowUnfinished(context);
    return Error{Reason::kUsage,
                 "say what is known of " + revision + ": --applied, --not-applied or --undone"};
  }
  context.LookWithoutFiles();  // whatever they say by now
  v1::StartRunRequest request;
  *request.mutable_operation() = ResolveAs(revision, answer);
  *request.mutable_target() = TRY(context.target());
  return StartAndFollow(context, std::move(request));
}

}  // namespace

const Command kResolve = {
    .name = "resolve",
    .group = Group::kApply,
    .summary = "Show what a stopped run left in doubt, and say what you found out",
    .description =
        "A statement outside of any transaction may or may not have taken effect when its run was "
        "killed. Where the database itself tells, the next run knows; where it does not, it stops "
        "with IN_DOUBT. Without an answer this command shows how far the revision came, with the "
        "statement and what is to be seen of it. With one it records the answer, in the target's "
        "log too, and runs nothing.",
    .operands = {"[REVISION]", 0, 1},
    .options = kResolveOptions,
    .examples =
        "$ mig resolve                  # what is in doubt\n"
        "$ mig resolve --applied        # it took effect; `mig upgrade` goes on behind it\n"
        "$ mig resolve --not-applied    # it did not; `mig upgrade` runs it\n"
        "$ mig resolve 20261122_index --undone",
    .run = RunResolve,
};

}  // namespace mig
