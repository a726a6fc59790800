#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/render/revision.h"

namespace mig {
namespace {

constexpr Option kCurrentOptions[] = {
    {"-v,--verbose", "", "show each revision's entry, and the target's url without secrets"},
    {"-c,--check-heads", "", "fail with exit status 4 unless the target is on all heads"},
};

Result<int> RunCurrent(Context& context) {
  v1::GetCurrentRequest request;
  *request.mutable_target() = TRY(context.target());
  request.set_check_heads(context.args().Has("check-heads"));
  if (!request.check_heads()) context.LeaveAsideBrokenFiles();
  v1::GetCurrentResponse answer = TRY(context.Ask(request));
  if (context.json()) {
    context.PrintJson(answer);
  } else {
    context.terminal().Print(
        RenderCurrent(answer, context.args().Has("verbose"), context.terminal().out_style()));
  }
  return kDone;
}

}  // namespace

const Command kCurrent = {
    .name = "current",
    .group = Group::kLook,
    .summary = "Show the revisions a target is at",
    .description =
        "Prints nothing for a database without revisions. Never changes the database. Files that "
        "cannot be read are left aside, with a warning. A revision "
        "marked (implied) is in force because another "
        "one depends on it, and has no row of its own.",
    .options = kCurrentOptions,
    .examples =
        "$ mig current\n"
        "$ mig current -t prod -v\n"
        "$ mig current --check-heads  # for scripts: is everything applied?",
    .run = RunCurrent,
};

}  // namespace mig
