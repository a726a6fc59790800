#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/render/ref.h"
#include "cli/request_id.h"
#include "cli/shared_ref.h"
#include "cli/transfer.h"

namespace mig {
namespace {

constexpr Option kPushOptions[] = {
    {"--ref", "NAME", "the ref to move; without it the Git branch, or main"},
    {"--dry-run", "", "say what would happen; nothing is sent"},
};

std::vector<v1::RefHead> HeadsIn(const google::protobuf::RepeatedPtrField<v1::RefHead>& heads) {
  return {heads.begin(), heads.end()};
}

Result<int> Show(Context& context, const std::string& ref, v1::PushRefResponse answer) {
  answer.mutable_ref()->set_name(ref);
  if (context.json()) {
    context.PrintJson(answer);
    return kDone;
  }
  const bool nothing_new = answer.outcome() == v1::PushRefResponse::OUTCOME_UP_TO_DATE;
  context.terminal().Print(
      RenderMoved(ref, HeadsIn(answer.old_heads()), HeadsIn(answer.ref().heads()),
                  nothing_new ? 0 : answer.revisions(), context.terminal().out_style()));
  return kDone;
}

// What the remote would answer, worked out by the work tree's own daemon on what the remote has
// now.
Result<int> DryRun(Context& context, Remote& remote, const std::string& name) {
  const v1::Ref now = TRY(RefToPush(remote, name));
  TRY(Fetch(context, remote, now));
  v1::PushRefRequest request;
  request.set_project(TRY(context.config())->project);
  request.set_ref(TrackingRef(remote, name));
  request.set_validate_only(true);
  request.set_policy(now.policy());
  v1::PushRefResponse answer = TRY(context.Ask(request));
  context.terminal().Tell("nothing was pushed: this is what would happen\n");
  return Show(context, name, std::move(answer));
}

// Every head that the remote has: what is below them need not be sent.
Result<std::vector<std::string>> HeadsOf(Remote& remote) {
  v1::ListRefsRequest request;
  request.set_project(remote.project);
  v1::ListRefsResponse answer = TRY(remote.client->Call(request));
  std::vector<std::string> heads;
  for (const v1::Ref& ref : answer.refs()) {
    for (const v1::RefHead& head : ref.heads()) heads.push_back(head.id());
  }
  return heads;
}

Result<std::vector<std::string>> SendMissing(Context& context, Remote& remote) {
  const std::vector<std::string> haves = TRY(HeadsOf(remote));
  const v1::View view = TRY(context.view());
  ObjectList list =
      TRY(ListAll(view, haves, [&](const auto& request) { return context.Ask(request); }));
  const std::vector<std::string> missing = TRY(MissingIn(*remote.client, remote.project, list.ids));
  Client* own = TRY(context.client());
  TRY(SendObjects(*own, view, missing, *remote.client, remote.project, [&](std::size_t count) {
    context.terminal().Live("sending revisions: " + std::to_string(count) + " of " +
                            std::to_string(missing.size()));
  }));
  context.terminal().Live("");
  return std::move(list.heads);
}

// So that `origin/main` is known here as it is there.
Result<void> Track(Context& context, Remote& remote, const v1::Ref& ref) {
  v1::TrackRefRequest track;
  track.set_project(TRY(context.config())->project);
  track.set_ref(TrackingRef(remote, ref.name()));
  for (const v1::RefHead& head : ref.heads()) track.add_heads(head.id());
  track.set_author(context.Author());
  Result<v1::TrackRefResponse> tracked = context.Ask(track);
  if (tracked) return {};
  if (tracked.error().reason != Reason::kNoSuchObject) return std::move(tracked).error();
  TRY(Fetch(context, remote, ref));  // it has heads of others, too
  return {};
}

Result<int> RunPush(Context& context) {
  Remote remote = TRY(context.remote(context.args().Operand(0)));
  const std::string name = TRY(RefOf(context));
  if (context.args().Has("dry-run")) return DryRun(context, remote, name);
  v1::PushRefRequest request;
  request.set_project(remote.project);
  request.set_ref(name);
  request.set_author(context.Author());
  request.set_request_id(NewRequestId());
  if (remote.is_own) return Show(context, name, TRY(context.Ask(request)));
  for (std::string& head : TRY(SendMissing(context, remote))) request.add_heads(std::move(head));
  const v1::PushRefResponse answer = TRY(remote.client->Call(request));
  const int status = TRY(Show(context, name, answer));
  if (const Result<void> tracked = Track(context, remote, answer.ref()); !tracked) {
    context.Advise("it was pushed, but not noted here as " + remote.name + "/" + name + ": " +
                   tracked.error().message);
  }
  return status;
}

}  // namespace

const Command kPush = {
    .name = "push",
    .group = Group::kShare,
    .summary = "Send the work tree's revisions to a shared daemon, and move its ref",
    .description =
        "Only what the daemon lacks is sent, and the ref moves last: a push that was interrupted "
        "can "
        "be repeated. A push that does not follow what others pushed is refused, and says whose it "
        "was. What was pushed never changes.",
    .operands = {"[REMOTE]", 0, 1},
    .options = kPushOptions,
    .examples =
        "$ mig push                  # to the remote origin, the ref of the Git branch\n"
        "$ mig push --dry-run        # would it be taken?\n"
        "$ mig push origin --ref team-a/prices",
    .run = RunPush,
};

}  // namespace mig
