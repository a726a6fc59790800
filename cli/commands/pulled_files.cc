#include "cli/commands/pulled_files.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "cli/commands/new_file.h"
#include "cli/file.h"
#include "cli/shared_ref.h"
#include "cli/transfer.h"
#include "store/core/revision.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

// The work tree's revisions that a ref does not have.
Result<std::vector<std::string>> OwnIds(Context& context, const std::string& ref) {
  const auto ask = [&](const v1::ListObjectsRequest& request) { return context.Ask(request); };
  const v1::View tree = TRY(context.view());
  ObjectList own = TRY(ListAll(tree, {}, ask));
  v1::View view;
  view.set_project(tree.project());
  view.set_ref(ref);
  Client* daemon = TRY(context.client());
  const ObjectList theirs =
      TRY(ListAll(view, {}, [&](const auto& request) { return daemon->Call(request); }));
  const std::set<std::string> known(theirs.ids.begin(), theirs.ids.end());
  std::erase_if(own.ids, [&](const std::string& id) { return known.contains(id); });
  return std::move(own.ids);
}

// Those that another ref of the remote has: they must stay as they are.
Result<std::vector<std::string>> SharedIds(Context& context, Remote& remote,
                                           const std::string& tracking_ref) {
  std::vector<std::string> shared;
  for (const std::string& id : TRY(OwnIds(context, tracking_ref))) {
    v1::ListRefsRequest request;
    request.set_project(remote.project);
    request.add_containing_ids(id);
    v1::ListRefsResponse sharing = TRY(remote.client->Call(request));
    if (!sharing.refs().empty()) shared.push_back(id);
  }
  return shared;
}

Result<void> CheckFree(const Config& config, const std::string& path) {
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(fs::path(config.root) / path, ignored))) return {};
  Error error{Reason::kFileExists, ShownPath(config, path) +
                                       " is in the way of a revision that was pushed: nothing was "
                                       "written"};
  error.details = {{"file", path}};
  error.hint = "move it away, then pull again";
  return error;
}

// A draft is replaced only while it is what the daemon planned on.
Result<void> CheckUnchanged(Context& context, const std::string& path) {
  const Config* config = TRY(context.config());
  const WorkTree* tree = TRY(context.work_tree());
  const auto listed = std::ranges::find(tree->files, path, &WorkTreeFile::path);
  if (listed != tree->files.end() && TRY(ReadListed(*config, *listed))) return {};
  return Error{Reason::kFileExists,
               path + " was changed in the meantime: nothing was written",
               {{"file", path}},
               "repeat the command"};
}

// Where each new file goes: beside its parents, else into the first folder. Nothing is in the way.
Result<std::vector<std::string>> Places(Context& context, const v1::PlanPullResponse& plan) {
  const Config* config = TRY(context.config());
  const WorkTree* tree = TRY(context.work_tree());
  std::vector<std::string> paths;
  for (const auto& file : plan.new_files()) {
    const bool is_beside =
        std::ranges::find(tree->files, file.beside(), &WorkTreeFile::path) != tree->files.end();
    const std::string folder =
        is_beside ? fs::path(file.beside()).parent_path().generic_string() : config->migrations[0];
    paths.push_back(TRY(PathOfNew(folder, file.file_name())));
    TRY(CheckFree(*config, paths.back()));
  }
  return paths;
}

Error NotAskedFor(const Revision& revision) {
  return {Reason::kCorruption,
          "the daemon sent revision " + IdOf(revision).hex() + ", which it was not asked for",
          {{"name", revision.name}}};
}

// As their texts come. `paths` are in the order of the plan.
Result<void> WriteNew(Context& context, const std::string& ref, const v1::PlanPullResponse& plan,
                      const std::vector<std::string>& paths) {
  const Config* config = TRY(context.config());
  v1::View view;
  view.set_project(config->project);
  view.set_ref(ref);
  std::vector<std::string> ids;
  for (const auto& file : plan.new_files()) ids.push_back(file.id());
  Client* own = TRY(context.client());
  std::size_t next = 0;
  return ReadTexts(*own, view, ids, [&](const std::string& text) -> Result<void> {
    const Revision revision = TRY(DecodeRevision(text));
    if (next == ids.size() || IdOf(revision).hex() != ids[next]) return NotAskedFor(revision);
    const std::string& path = paths[next++];
    const fs::path file = fs::path(config->root) / path;
    MakeFolderOf(file);
    TRY(CreateFile(file.string(), revision.body));
    if (!context.json()) context.terminal().Print(ShownPath(*config, path) + "\n");
    return {};
  });
}

void TellOutcome(Context& context, const v1::ListHeadsResponse& heads, bool rebased) {
  if (heads.heads_size() < 2) return;
  std::string names;
  for (const v1::Revision& head : heads.heads()) names += (names.empty() ? "" : ", ") + head.name();
  context.terminal().Tell(
      "the work tree has " + std::to_string(heads.heads_size()) + " heads now: " + names +
      "\nhint: " + (rebased ? "" : "`mig pull --rebase` puts your revisions on top, ") +
      "`mig merge heads` joins them\n");
}

}  // namespace

Result<int> PullInto(Context& context, Remote& remote, const v1::Ref& ref, bool rebase) {
  const Config* config = TRY(context.config());
  v1::PlanPullRequest request;
  request.set_ref(TrackingRef(remote, ref.name()));
  request.set_rebase(rebase);
  if (rebase) {
    for (std::string& id : TRY(SharedIds(context, remote, request.ref())))
      request.add_shared_ids(std::move(id));
    for (v1::Target& target : TRY(context.all_targets()))
      *request.add_targets() = std::move(target);
  }
  v1::PlanPullResponse plan = TRY(context.Ask(request));
  if (context.json()) context.PrintJson(plan);
  const std::vector<std::string> paths = TRY(Places(context, plan));
  for (const auto& file : plan.changed_files()) TRY(CheckUnchanged(context, file.path()));
  TRY(WriteNew(context, request.ref(), plan, paths));
  Terminal& terminal = context.terminal();
  for (const auto& file : plan.changed_files()) {
    TRY(ReplaceFile((fs::path(config->root) / file.path()).string(), file.text()));
    if (!context.json()) terminal.Print(ShownPath(*config, file.path()) + " (on top of theirs)\n");
  }
  context.WorkTreeChanged();
  if (plan.new_files().empty() && plan.changed_files().empty())
    terminal.Tell("the work tree has everything of " + ref.name() + "\n");
  v1::ListHeadsRequest heads_request;
  heads_request.set_resolve_dependencies(true);  // as a push and `mig merge heads` see them
  const v1::ListHeadsResponse heads = TRY(context.Ask(heads_request));
  TellOutcome(context, heads, rebase);
  return kDone;
}

}  // namespace mig
