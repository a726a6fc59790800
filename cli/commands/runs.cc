#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/follow.h"
#include "cli/render/run.h"

namespace mig {
namespace {

constexpr Option kRunsOptions[] = {
    {"-n,--max-count", "N", "at most N runs (default 20)"},
};

Result<int> RunRuns(Context& context) {
  v1::ListRunsRequest request;
  request.set_page_size(20);
  if (context.args().Has("max-count")) {
    int count = std::atoi(context.args().Value("max-count").c_str());
    if (count <= 0) return Error{Reason::kUsage, "--max-count is a number above 0"};
    request.set_page_size(count);
  }
  request.set_target_name(context.args().Value("target"));
  Client* client = TRY(context.client());
  v1::ListRunsResponse answer = TRY(client->Call(request));
  if (context.json()) {
    context.PrintJson(answer);
  } else {
    context.terminal().Print(RenderRuns(answer, context.terminal().out_style()));
  }
  return kDone;
}

Result<int> RunWatch(Context& context) {
  return WatchAndFollow(context, context.args().Operand(0));
}

}  // namespace

const Command kRuns = {
    .name = "runs",
    .group = Group::kOperate,
    .summary = "List the runs the daemon knows, newest first",
    .options = kRunsOptions,
    .examples =
        "$ mig runs\n"
        "$ mig runs -t prod -n 5",
    .run = RunRuns,
};

const Command kWatch = {
    .name = "watch",
    .group = Group::kOperate,
    .summary = "Follow a run to its end",
    .description = "From its first event on. Ctrl-C stops watching, the run goes on.",
    .operands = {"RUN", 1, 1},
    .examples =
        "$ mig runs -n 1\n"
        "$ mig watch 5f0c1b2a",
    .run = RunWatch,
};

}  // namespace mig
