#include "cli/commands/all.h"
#include "cli/commands/operation.h"
#include "cli/context.h"
#include "cli/render/run.h"

namespace mig {
namespace {

constexpr Option kPlanOptions[] = {
    {"-v,--verbose", "", "show each step's statements, their locks, and what they destroy"},
    {"--show-values", "", "show what stands for ${NAME} in the statements"},
    {"--ref", "NAME", "what a ref has, instead of the files"},
};

constexpr Verb kPlanVerbs[] = {
    {"upgrade", {"[REV]", 0, 1}},
    {"downgrade", {"REV", 1, 1}},
    {"stamp", {"REV...", 1, kAny}},
    {"reapply"},
};

v1::Operation OperationOf(const Arguments& args) {
  const std::string verb = args.Operand(0);
  const std::vector<std::string> revisions(args.operands().begin() + 1, args.operands().end());
  if (verb == "downgrade") return DowngradeTo(revisions[0]);
  if (verb == "stamp") return StampTo(revisions, false);
  if (verb == "reapply") return Reapply();
  return UpgradeTo(revisions.empty() ? "head" : revisions[0]);
}

Result<int> RunPlan(Context& context) {
  context.LookAt(context.args().Value("ref"));
  v1::PlanRunRequest request;
  *request.mutable_operation() = OperationOf(context.args());
  *request.mutable_target() = TRY(context.target());
  if (request.operation().has_downgrade()) context.LeaveAsideBrokenFiles();
  request.set_show_values(context.args().Has("show-values"));
  v1::PlanRunResponse answer = TRY(context.Ask(request));
  for (const std::string& warning : answer.warnings()) context.Advise(warning);
  if (context.json()) {
    context.PrintJson(answer);
    return kDone;
  }
  if (answer.steps().empty()) context.terminal().Tell("nothing to do\n");
  context.terminal().Print(
      RenderPlan(answer, context.args().Has("verbose"), context.terminal().out_style()));
  return kDone;
}

}  // namespace

const Command kPlan = {
    .name = "plan",
    .group = Group::kLook,
    .summary = "Show the steps of an upgrade, downgrade, stamp or reapply without doing them",
    .description =
        "The hash at the end stands for exactly this plan: `--plan HASH` on the command itself "
        "refuses any other, because somebody else ran or a file changed meanwhile. Locks are those "
        "that the text of a statement tells; triggers and functions may take more.",
    .operands = {"upgrade|downgrade|stamp|reapply [REV...]", 1, kAny},
    .verbs = kPlanVerbs,
    .options = kPlanOptions,
    .examples =
        "$ mig plan upgrade heads\n"
        "$ mig plan downgrade -1 -v  # with the statements\n"
        "$ mig plan upgrade -v --show-values  # and with the values of ${NAME} in them",
    .run = RunPlan,
};

}  // namespace mig
