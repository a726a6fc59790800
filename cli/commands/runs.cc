#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/follow.h"
#include "cli/option_value.h"
#include "cli/render/run.h"

namespace mig {
namespace {

constexpr Option kRunsOptions[] = {
    {.names = "-n,--max-count",
     .value = "N",
     .help = "list: at most N runs (default 20)",
     .verb = "list"},
};

constexpr Verb kRunsVerbs[] = {{"list"}, {"cancel", {"RUN", 1, 1}}};

Result<int> CancelRun(Context& context, const std::string& run) {
  v1::CancelRunRequest request;
  request.set_run_id(run);
  Client* client = TRY(context.client());
  v1::CancelRunResponse answer = TRY(client->Call(request));
  if (context.json()) context.PrintJson(answer);
  context.terminal().Tell(answer.cancelled()
                              ? "cancelling run " + answer.run_id() + ": `mig watch " +
                                    answer.run_id() + "` shows how it ends\n"
                              : "run " + answer.run_id() + " had ended already\n");
  return kDone;
}

// Of the target that is named, or of all that the project has.
Result<v1::ListRunsRequest> RunsOfProject(Context& context) {
  v1::ListRunsRequest request;
  request.set_project(TRY(context.config())->project);
  request.set_target_name(context.args().Value("target"));
  return request;
}

Result<int> RunRuns(Context& context) {
  if (context.args().Operand(0) == "cancel") return CancelRun(context, context.args().Operand(1));
  v1::ListRunsRequest request = TRY(RunsOfProject(context));
  request.set_page_size(20);
  if (context.args().Has("max-count")) {
    request.set_page_size(TRY(CountOf("--max-count", context.args().Value("max-count"))));
  }
  Client* client = TRY(context.client());
  v1::ListRunsResponse answer = TRY(client->Call(request));
  if (context.json()) {
    context.PrintJson(answer);
  } else {
    context.terminal().Print(RenderRuns(answer, context.terminal().out_style()));
  }
  return kDone;
}

// The newest run of the target, or of all.
Result<std::string> NewestRun(Context& context) {
  v1::ListRunsRequest request = TRY(RunsOfProject(context));
  request.set_page_size(1);
  Client* client = TRY(context.client());
  v1::ListRunsResponse answer = TRY(client->Call(request));
  if (answer.runs().empty())
    return Error{Reason::kNoSuchRun, "the daemon knows no run of this project yet"};
  return answer.runs(0).id();
}

Result<int> RunWatch(Context& context) {
  std::string run = context.args().Operand(0);
  if (run.empty()) run = TRY(NewestRun(context));
  std::int64_t after = 0;
  if (context.args().Has("after")) {
    after = TRY(CountOf<std::int64_t>("--after", context.args().Value("after")));
  }
  return WatchAndFollow(context, run, after);
}

constexpr Option kWatchOptions[] = {
    {"--after", "N",
     "only the events behind the one of this sequence, as --json shows it, and the end"},
    {"-v,--verbose", "", "a line for each statement: rows and time"},
};

}  // namespace

const Command kRuns = {
    .name = "runs",
    .group = Group::kOperate,
    .summary = "List runs, newest first, or cancel one",
    .description =
        "Runs go on without the client that started them, and are remembered when their daemon is "
        "gone: one that ended with its daemon is `interrupted`. RUN is an id or the first digits "
        "of one.",
    .operands = {"[list | cancel RUN]", 0, 2},
    .verbs = kRunsVerbs,
    .options = kRunsOptions,
    .examples =
        "$ mig runs\n"
        "$ mig runs cancel 5f0c1b2a  # the statement is cancelled on the server\n"
        "$ mig runs -t prod -n 5",
    .run = RunRuns,
};

const Command kWatch = {
    .name = "watch",
    .group = Group::kOperate,
    .summary = "Follow a run to its end",
    .description =
        "Without RUN the newest one. From its first event on, or from behind the one last seen. "
        "Ctrl-C stops watching, the run goes on. A run of an earlier daemon is shown as it was.",
    .operands = {"[RUN]", 0, 1},
    .options = kWatchOptions,
    .examples =
        "$ mig watch\n"
        "$ mig watch 5f0c1b2a\n"
        "$ mig watch 5f0c1b2a --json --after 12",
    .run = RunWatch,
};

}  // namespace mig
