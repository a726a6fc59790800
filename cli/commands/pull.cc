#include <filesystem>
#include <optional>

#include "cli/commands/all.h"
#include "cli/commands/new_file.h"
#include "cli/commands/pulled_files.h"
#include "cli/context.h"
#include "cli/render/error.h"
#include "cli/render/ref.h"
#include "cli/shared_ref.h"

namespace mig {
namespace {

constexpr Option kPullOptions[] = {
    {"--ref", "NAME", "the ref to get; without it the Git branch, or main"},
    {"--rebase", "", "put your own revisions, those that nobody else has, on top of the ref's"},
};

constexpr Option kFetchOptions[] = {
    {"--ref", "NAME", "only this ref; without it all of them"},
};

Error NoSuchRef(const Remote& remote, const std::string& name) {
  return {Reason::kNoSuchRef,
          "project " + remote.project + " of the remote " + remote.name + " has no ref " + name,
          {{"ref", name}, {"project", remote.project}},
          "`mig refs` lists those it has, `--ref NAME` names one, and `mig push` makes this one"};
}

void ShowFetched(Context& context, const Remote& remote, const Fetched& fetched) {
  context.terminal().Tell(RenderMoved(remote.name + "/" + fetched.ref, fetched.old_heads,
                                      fetched.heads, static_cast<std::int64_t>(fetched.revisions),
                                      context.terminal().err_style()));
}

Result<int> RunFetch(Context& context) {
  Remote remote = TRY(context.remote(context.args().Operand(0)));
  v1::ListRefsRequest request;
  request.set_project(remote.project);
  v1::ListRefsResponse answer = TRY(remote.client->Call(request));
  const bool one = context.args().Has("ref");
  bool found = !one;
  std::optional<Error> failed;
  for (const v1::Ref& ref : answer.refs()) {
    if (one && ref.name() != context.args().Value("ref")) continue;
    found = true;
    auto fetched = Fetch(context, remote, ref);
    if (fetched) {
      ShowFetched(context, remote, *fetched);
      continue;
    }
    if (failed) context.terminal().Warn(RenderError(*failed, context.terminal().err_style()));
    failed = std::move(fetched).error();
    failed->message = "ref " + ref.name() + " was not fetched: " + failed->message;
    if (failed->reason == Reason::kDaemonUnreachable) return *std::move(failed);
  }
  if (!found) return NoSuchRef(remote, context.args().Value("ref"));
  if (!one) {
    for (const v1::Ref& ref : TRY(GoneRefs(context, remote, answer)))
      ShowFetched(context, remote, TRY(Fetch(context, remote, ref)));
  }
  if (context.json()) context.PrintJson(answer);
  if (failed) return *std::move(failed);
  return kDone;
}

Result<int> RunPull(Context& context) {
  Remote remote = TRY(context.remote(context.args().Operand(0)));
  const std::string name = TRY(RefOf(context));
  const std::optional<v1::Ref> ref = TRY(FindRef(remote, name));
  if (!ref) return NoSuchRef(remote, name);
  ShowFetched(context, remote, TRY(Fetch(context, remote, *ref)));
  return PullInto(context, remote, *ref, context.args().Has("rebase"));
}

}  // namespace

const Command kPull = {
    .name = "pull",
    .group = Group::kShare,
    .summary = "Write the revisions that others pushed into the work tree",
    .description =
        "Files are written byte for byte as they were pushed. One that you edited, or that is no "
        "revision of the ref, is never overwritten: the command then refuses, naming it, and "
        "writes "
        "nothing.",
    .operands = {"[REMOTE]", 0, 1},
    .options = kPullOptions,
    .examples =
        "$ mig pull\n"
        "$ mig pull --rebase         # your unpushed revisions come after theirs\n"
        "$ mig pull origin --ref team-a/prices",
    .run = RunPull,
};

const Command kFetch = {
    .name = "fetch",
    .group = Group::kShare,
    .summary = "Get the revisions that others pushed, without touching a file",
    .description =
        "They are then shown by `mig history --ref origin/main`. What was noted of a ref that the "
        "remote has no more is forgotten. A ref that cannot be fetched holds up no other one.",
    .operands = {"[REMOTE]", 0, 1},
    .options = kFetchOptions,
    .examples =
        "$ mig fetch\n"
        "$ mig history --ref origin/main",
    .run = RunFetch,
};

}  // namespace mig
