#include "cli/render/status.h"
#include "cli/commands/all.h"
#include "cli/context.h"

namespace mig {
namespace {

constexpr Option kStatusOptions[] = {
    {"--exit-code", "", "exit status 4 when anything is pending, edited or missing"},
};

// Unset where there is none to ask, which is told: what is applied is then not known.
Result<std::optional<v1::Target>> TargetToAsk(Context& context) {
  Result<v1::Target> found = context.target();
  if (found) return std::optional<v1::Target>(std::move(found).value());
  const bool needs_one = context.args().Has("target") || context.args().Has("exit-code");
  if (found.error().reason != Reason::kNoTarget || needs_one) return std::move(found).error();
  context.Advise("no target was asked: " + found.error().message);
  return std::optional<v1::Target>();
}

Result<int> RunStatus(Context& context) {
  v1::GetStatusRequest request;
  std::optional<v1::Target> target = TRY(TargetToAsk(context));
  if (target) *request.mutable_target() = *target;
  v1::GetStatusResponse answer = TRY(context.Ask(request));
  Terminal& terminal = context.terminal();
  for (const std::string& warning : answer.warnings()) context.Advise(warning);
  for (const std::string& path : TRY(context.work_tree())->left_out) {
    context.Advise(path + (path.ends_with('/')
                               ? ": the files in there are no revisions: name the folder in "
                                 "`migrations` of mig.toml"
                               : ": it is no revision: its name has to end with .sql"));
  }
  if (context.json()) {
    context.PrintJson(answer);
  } else {
    terminal.Print(RenderStatus(answer, target ? target->name() : "", terminal.out_style()));
  }
  return context.args().Has("exit-code") && HasFindings(answer) ? kFindings : kDone;
}

}  // namespace

const Command kStatus = {
    .name = "status",
    .group = Group::kLook,
    .summary = "Compare the revision files with a target",
    .description =
        "Tells apart revisions that are new, half applied, edited since they were applied, "
        "re-identified because a revision below them was edited, edited only in comments, and "
        "applied without a file. Files that are as they were applied are only "
        "counted, by --json.",
    .options = kStatusOptions,
    .examples =
        "$ mig status\n"
        "$ mig status -t prod --exit-code  # for scripts: 4 when there is anything to do",
    .run = RunStatus,
};

}  // namespace mig
