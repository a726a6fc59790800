#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/render/revision.h"

namespace mig {
namespace {

constexpr Option kHeadsOptions[] = {
    {"-v,--verbose", "", "show each revision's entry"},
    {"--resolve-dependencies", "", "leave out heads that another revision depends on"},
    {"--ref", "NAME", "what a ref has, instead of the files"},
};

constexpr Option kBranchesOptions[] = {
    {"-v,--verbose", "", "show each branch point's entry"},
    {"--ref", "NAME", "what a ref has, instead of the files"},
};

Result<int> RunHeads(Context& context) {
  context.LookAt(context.args().Value("ref"));
  v1::ListHeadsRequest request;
  request.set_resolve_dependencies(context.args().Has("resolve-dependencies"));
  v1::ListHeadsResponse answer = TRY(context.Ask(request));
  if (context.json()) {
    context.PrintJson(answer);
  } else {
    context.terminal().Print(
        RenderHeads(answer, context.args().Has("verbose"), context.terminal().out_style()));
  }
  return kDone;
}

Result<int> RunBranches(Context& context) {
  context.LookAt(context.args().Value("ref"));
  v1::ListBranchesResponse answer = TRY(context.Ask(v1::ListBranchesRequest()));
  if (context.json()) {
    context.PrintJson(answer);
  } else {
    context.terminal().Print(
        RenderBranches(answer, context.args().Has("verbose"), context.terminal().out_style()));
  }
  return kDone;
}

}  // namespace

const Command kHeads = {
    .name = "heads",
    .group = Group::kLook,
    .summary = "List the revisions that no other one follows",
    .description =
        "More than one head means that the history has branched: `mig merge heads` joins them.",
    .options = kHeadsOptions,
    .examples =
        "$ mig heads\n"
        "$ mig heads -v                      # with message, author and path\n"
        "$ mig heads --resolve-dependencies  # without heads that others depend on",
    .run = RunHeads,
};

const Command kBranches = {
    .name = "branches",
    .group = Group::kLook,
    .summary = "List the revisions that several others follow",
    .options = kBranchesOptions,
    .examples =
        "$ mig branches\n"
        "$ mig history --graph  # the same, drawn",
    .run = RunBranches,
};

}  // namespace mig
