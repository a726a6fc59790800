#include <filesystem>

#include "cli/commands/all.h"
#include "cli/commands/new_file.h"
#include "cli/context.h"
#include "cli/file.h"
#include "cli/render/count.h"
#include "cli/render/printable.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

constexpr Option kRecoverOptions[] = {
    {"--from", "TARGET", "the target that holds the history (default: that of --target)"},
    {"--ref", "NAME", "make this ref of the revisions in force there"},
    {"--no-files", "", "put the history into the daemon's store only"},
};

// What became of one revision's file.
enum class Written { kNew, kThere, kDiffers };

Result<Written> WriteRevision(const Config& config, const std::string& name,
                              const std::string& text) {
  for (const std::string& folder : config.migrations) {
    const fs::path path = fs::path(config.root) / TRY(PathOfNew(folder, name + ".sql"));
    std::error_code ignored;
    if (!fs::exists(path, ignored)) continue;
    const std::string there = TRY(ReadFile(path.string()));
    return IsFileOf(text, there) ? Written::kThere : Written::kDiffers;
  }
  const fs::path path = fs::path(config.root) / TRY(PathOfNew(config.migrations[0], name + ".sql"));
  MakeFolderOf(path);
  TRY(CreateFile(path.string(), text));
  return Written::kNew;
}

// The number of files that differ.
Result<int> WriteFiles(Context& context, const v1::RecoverHistoryResponse& history) {
  const Config* config = TRY(context.config());
  int differ = 0;
  context.LookWithoutFiles();
  for (const auto& revision : history.revisions()) {
    if (!revision.named()) continue;
    v1::GetObjectRequest request;
    request.set_object(revision.id());
    const v1::GetObjectResponse object = TRY(context.Ask(request));
    const std::string shown =
        ShownPath(*config, config->migrations[0] + "/" + revision.name() + ".sql");
    switch (TRY(WriteRevision(*config, revision.name(), object.body()))) {
      case Written::kNew:
        if (!context.json()) context.terminal().Print(shown + "\n");
        break;
      case Written::kThere:
        break;
      case Written::kDiffers:
        ++differ;
        context.terminal().Warn("warning: " + shown +
                                " is there and differs from what the target has: it stays as it "
                                "is (`mig restore " +
                                revision.name() + " --allow overwrite` replaces it)\n");
    }
  }
  return differ;
}

Result<int> RunRecover(Context& context) {
  const Config* config = TRY(context.config());
  v1::RecoverHistoryRequest request;
  *request.mutable_target() = TRY(context.target(context.args().Value("from")));
  request.set_project(config->project);
  request.set_ref(context.args().Value("ref"));
  request.set_actor(context.Author());
  Client* client = TRY(context.client());
  const v1::RecoverHistoryResponse history = TRY(client->Call(request));
  const int differ = context.args().Has("no-files") ? 0 : TRY(WriteFiles(context, history));
  for (const std::string& lost : history.lost())
    context.terminal().Warn("warning: " + Printable(lost) + "\n");
  if (context.json()) context.PrintJson(history);
  const int count = history.revisions_size();
  context.terminal().Tell(
      Counted(count, "revision") + " of " + request.target().name() + " " +
      (count == 1 ? "is" : "are") + " in the store" +
      (history.ref().empty() ? "" : ", and ref " + history.ref() + " is where it is") + "\n");
  return differ == 0 && history.lost().empty() ? kDone : kFindings;
}

}  // namespace

const Command kRecover = {
    .name = "recover",
    .group = Group::kOperate,
    .summary = "Rebuild a lost history from a target",
    .description =
        "A target keeps every revision that was applied to it. They are put into the daemon's "
        "store, and written as files, byte for byte, where no file of the name is. A file that "
        "differs stays as it is, and what is not whole in the target is named; exit status 4 then.",
    .options = kRecoverOptions,
    .examples =
        "$ mig recover --from prod             # files and store\n"
        "$ mig recover --from prod --ref main  # and the ref main\n"
        "$ mig recover --from prod --no-files  # the store alone",
    .run = RunRecover,
};

}  // namespace mig
