#include "cli/shared_ref.h"

#include <algorithm>

#include "cli/process.h"
#include "cli/transfer.h"

namespace mig {
namespace {

// What was noted of the remote's refs.
Result<v1::ListRefsResponse> Tracked(Context& context, const Remote& remote) {
  v1::ListRefsRequest request;
  request.set_project(TRY(context.config())->project);
  request.set_prefix(TrackingRef(remote, ""));
  return TRY(context.client())->Call(request);
}

Result<std::vector<std::string>> KnownHeads(Context& context, const Remote& remote) {
  const v1::ListRefsResponse tracked = TRY(Tracked(context, remote));
  std::vector<std::string> heads;
  for (const v1::Ref& ref : tracked.refs()) {
    for (const v1::RefHead& head : ref.heads()) heads.push_back(head.id());
  }
  return heads;
}

Result<v1::GetRefResponse> AskFor(Remote& remote, const std::string& ref) {
  v1::GetRefRequest request;
  request.set_project(remote.project);
  request.set_ref(ref);
  return remote.client->Call(request);
}

}  // namespace

Result<std::string> RefOf(Context& context) {
  if (context.args().Has("ref")) return context.args().Value("ref");
  const Config* config = TRY(context.config());
  std::string branch =
      Capture({"git", "-C", config->root, "symbolic-ref", "--short", "-q", "HEAD"});
  while (branch.ends_with('\n')) branch.pop_back();
  if (!branch.empty()) return branch;
  if (Capture({"git", "-C", config->root, "rev-parse", "--git-dir"}).empty())
    return std::string("main");
  return Error{Reason::kUsage,
               "HEAD is detached: no Git branch of the work tree names the ref",
               {},
               "name it with --ref"};
}

std::string TrackingRef(const Remote& remote, const std::string& ref) {
  return remote.is_own ? ref : "remotes/" + remote.name + "/" + ref;
}

Result<std::optional<v1::Ref>> FindRef(Remote& remote, const std::string& ref) {
  Result<v1::GetRefResponse> answer = AskFor(remote, ref);
  if (answer) return std::optional(std::move(*answer->mutable_ref()));
  if (answer.error().reason == Reason::kNoSuchRef) return std::optional<v1::Ref>();
  return std::move(answer).error();
}

Result<v1::Ref> RefToPush(Remote& remote, const std::string& ref) {
  Result<v1::GetRefResponse> answer = AskFor(remote, ref);
  if (answer) return std::move(*answer->mutable_ref());
  if (answer.error().reason != Reason::kNoSuchRef) return std::move(answer).error();
  v1::Ref none;
  none.set_name(ref);
  const auto policy = answer.error().details.find("policy");
  if (policy != answer.error().details.end() && policy->second == "heads")
    none.set_policy(v1::REF_POLICY_HEADS);
  return none;
}

Result<Fetched> Fetch(Context& context, Remote& remote, const v1::Ref& ref) {
  const std::string& project = TRY(context.config())->project;
  Client* own = TRY(context.client());
  Fetched fetched;
  fetched.ref = ref.name();
  fetched.heads.assign(ref.heads().begin(), ref.heads().end());
  if (remote.is_own) {
    fetched.old_heads = fetched.heads;
    return fetched;
  }
  if (!fetched.heads.empty()) {
    v1::View view;
    view.set_project(remote.project);
    view.set_ref(ref.name());
    const std::vector<std::string> known = TRY(KnownHeads(context, remote));
    const ObjectList list = TRY(
        ListAll(view, known, [&](const auto& request) { return remote.client->Call(request); }));
    const std::vector<std::string> missing = TRY(MissingIn(*own, project, list.ids));
    TRY(SendObjects(*remote.client, view, missing, *own, project, [&](std::size_t count) {
      context.terminal().Live("receiving revisions: " + std::to_string(count) + " of " +
                              std::to_string(missing.size()));
    }));
    context.terminal().Live("");
    fetched.revisions = missing.size();
  }
  v1::TrackRefRequest track;
  track.set_project(project);
  track.set_ref(TrackingRef(remote, ref.name()));
  for (const v1::RefHead& head : fetched.heads) track.add_heads(head.id());
  track.set_author(context.Author());
  v1::TrackRefResponse tracked = TRY(own->Call(track));
  fetched.old_heads.assign(tracked.old_heads().begin(), tracked.old_heads().end());
  return fetched;
}

Result<std::vector<v1::Ref>> GoneRefs(Context& context, const Remote& remote,
                                      const v1::ListRefsResponse& now) {
  std::vector<v1::Ref> gone;
  if (remote.is_own) return gone;
  const v1::ListRefsResponse tracked = TRY(Tracked(context, remote));
  for (const v1::Ref& ref : tracked.refs()) {
    const bool is_there = std::ranges::any_of(now.refs(), [&](const v1::Ref& there) {
      return TrackingRef(remote, there.name()) == ref.name();
    });
    if (!is_there) gone.emplace_back().set_name(ref.name().substr(TrackingRef(remote, "").size()));
  }
  return gone;
}

}  // namespace mig
