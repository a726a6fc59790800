#include <chrono>

#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/file.h"
#include "cli/option_value.h"
#include "cli/render/count.h"
#include "cli/render/store.h"

namespace mig {
namespace {

constexpr Option kRemoteOption = {"--remote", "NAME",
                                  "a remote's store, instead of the work tree's own"};

constexpr Option kFsckOptions[] = {
    {"--repair", "", "make right what can be; forget logs of deleted refs that lead nowhere"},
    kRemoteOption,
};

constexpr Option kGcOptions[] = {
    {.names = "-n,--dry-run",
     .help = "only say what would be removed (this is what happens without --prune)",
     .group = "deed"},
    {.names = "--prune", .help = "remove it", .group = "deed"},
    {"--grace", "TIME", "keep what was stored within TIME, 36h or 14d (default 14d)"},
    kRemoteOption,
};

constexpr Option kBackupOptions[] = {kRemoteOption};

Result<int> RunFsck(Context& context) {
  v1::CheckStoreRequest request;
  request.set_repair(context.args().Has("repair"));
  Terminal& terminal = context.terminal();
  const Remote owner = TRY(context.store_owner());
  int findings = 0;
  v1::StoreCounts counts;
  const auto each = [&](const v1::CheckStoreResponse& answer) {
    if (answer.has_counts()) counts = answer.counts();
    if (answer.has_finding() && !answer.finding().repaired()) ++findings;
    if (context.json() && (answer.has_finding() || answer.done())) return context.PrintJson(answer);
    if (answer.has_finding()) terminal.Print(RenderFinding(answer.finding(), terminal.out_style()));
    if (!answer.done()) terminal.Live(RenderChecked(counts));
  };
  TRY(owner.client->Call(request, each));
  TRY(terminal.Flush());
  terminal.Tell(RenderCounts(counts) + (findings == 0
                                            ? ": the store is whole\n"
                                            : ": " + Counted(findings, "finding") + "\n"));
  return findings == 0 ? kDone : kFindings;
}

Result<int> RunGc(Context& context) {
  v1::CollectGarbageRequest request;
  request.set_prune(context.args().Has("prune"));
  const std::string grace =
      context.args().Has("grace") ? context.args().Value("grace") : std::string("14d");
  request.set_grace_seconds(
      std::chrono::ceil<std::chrono::seconds>(TRY(DurationOf("--grace", grace, "36h, 14d or 0")))
          .count());
  Terminal& terminal = context.terminal();
  const Remote owner = TRY(context.store_owner());
  v1::CollectGarbageResponse last;
  const auto each = [&](const v1::CollectGarbageResponse& answer) {
    if (answer.done()) last = answer;
    if (context.json() && (answer.has_garbage() || answer.done())) return context.PrintJson(answer);
    if (answer.has_garbage()) terminal.Print(RenderGarbage(answer.garbage(), request.prune()));
    if (answer.seen() > 0)
      terminal.Live("looked at " + std::to_string(answer.seen()) + " revisions");
  };
  TRY(owner.client->Call(request, each));
  TRY(terminal.Flush());
  terminal.Tell(RenderCollected(last.counts(), request.prune()));
  return kDone;
}

Result<int> RunBackup(Context& context) {
  v1::BackUpStoreRequest request;
  const std::string folder = TRY(AbsolutePath(context.args().Operand(0)));
  request.set_folder(folder.ends_with('/') ? folder.substr(0, folder.size() - 1) : folder);
  Terminal& terminal = context.terminal();
  const Remote owner = TRY(context.store_owner());
  v1::BackUpStoreResponse last;
  const auto each = [&](const v1::BackUpStoreResponse& answer) {
    last = answer;
    terminal.Live("the copy: " + RenderChecked(answer.counts()));
  };
  TRY(owner.client->Call(request, each));
  terminal.Live("");
  if (context.json()) context.PrintJson(last);
  terminal.Tell("backed up to " + request.folder() + ": " + RenderCounts(last.counts()) + "\n");
  return kDone;
}

}  // namespace

const Command kFsck = {
    .name = "fsck",
    .group = Group::kOperate,
    .summary = "Check that the store is whole",
    .description =
        "Reads and hashes every revision, follows every link, and compares refs with their logs, "
        "the index of names and the list of runs. Exit status 4 says that something is wrong; each "
        "finding says what to do.",
    .options = kFsckOptions,
    .examples =
        "$ mig fsck\n"
        "$ mig fsck --remote origin\n"
        "$ mig fsck --repair    # the index of names and the list of runs can be made anew",
    .run = RunFsck,
};

const Command kGc = {
    .name = "gc",
    .group = Group::kOperate,
    .summary = "Find revisions that nothing needs, and remove them",
    .description =
        "Needed is what a ref is at or ever was, what a target was last seen at, everything below, "
        "and what was stored lately. Without --prune nothing is removed.",
    .options = kGcOptions,
    .examples =
        "$ mig gc                      # what would be removed?\n"
        "$ mig gc --prune\n"
        "$ mig gc --prune --grace 0    # even what was stored a moment ago",
    .run = RunGc,
};

const Command kBackup = {
    .name = "backup",
    .group = Group::kOperate,
    .summary = "Copy the store to a folder while it is in use, and check the copy",
    .description =
        "DIR is a folder of the daemon's machine where nothing is yet. The copy is a store of its "
        "own; `migd restore-store` makes it the one that is used.",
    .operands = {"DIR", 1, 1},
    .options = kBackupOptions,
    .examples =
        "$ mig backup /var/backups/mig-2026-11-22\n"
        "$ migd restore-store /var/backups/mig-2026-11-22 --store /var/lib/mig",
    .run = RunBackup,
};

}  // namespace mig
