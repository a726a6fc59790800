#include <filesystem>

#include "cli/commands/all.h"
#include "cli/commands/new_file.h"
#include "cli/context.h"
#include "cli/file.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

constexpr Option kRestoreOptions[] = {
    {"--allow", "WHAT", "consent to `overwrite`: an edited file is replaced, and the edit is lost",
     true},
};

std::string NameOf(const std::string& file) {
  fs::path name = fs::path(file).filename();
  return name.extension() == ".sql" ? name.stem().string() : name.string();
}

bool IsSameFolder(const fs::path& a, const fs::path& b) {
  std::error_code absent;
  return fs::equivalent(a, b, absent) || a.lexically_normal() == b.lexically_normal();
}

// Where the revision's file is, or will be: in the folder that `file` is in, or where the work tree
// has it, or in the first folder.
Result<fs::path> PathOf(const Config& config, const std::string& file, const std::string& name) {
  const bool in_folder = file.find('/') != std::string::npos;
  for (const std::string& folder : config.migrations) {
    const fs::path there = fs::path(config.root) / folder;
    const bool found = in_folder ? IsSameFolder(there, TRY(AbsolutePath(file)).parent_path())
                                 : Exists(there / (name + ".sql"));
    if (found) return there / (name + ".sql");
  }
  if (in_folder) {
    return Error{Reason::kUsage,
                 file + " is in no migrations folder of mig.toml",
                 {},
                 "`mig restore " + name + "` finds the place"};
  }
  return fs::path(config.root) / config.migrations[0] / (name + ".sql");
}

Result<void> Consent(Context& context, const std::string& shown) {
  Terminal& terminal = context.terminal();
  if (!terminal.interactive()) {
    Error error{Reason::kFileExists, shown + " differs from the stored original"};
    error.hint = "--allow overwrite replaces it; the edit is then lost";
    return error;
  }
  if (terminal.Confirm("Replace the edited " + shown + " by the stored original?")) return {};
  return Error{Reason::kDeclined, shown + " is as it was"};
}

Result<int> RunRestore(Context& context) {
  const bool overwrite = TRY(MayOverwrite(context.args()));
  const std::string& file = context.args().operands()[0];
  v1::GetObjectRequest request;
  request.set_object(NameOf(file));
  context.LookWithoutFiles();  // the file may be unreadable, or be the edited one
  v1::GetObjectResponse stored = TRY(context.AskWithTarget(request, request.object()));
  const Config* config = TRY(context.config());
  fs::path path = TRY(PathOf(*config, file, stored.name()));
  std::string shown = ShownPath(*config, path.lexically_relative(config->root).string());
  if (Exists(path)) {
    const std::string there = TRY(ReadFile(path.string()));
    if (IsFileOf(stored.body(), there)) {
      if (context.json()) context.PrintJson(stored);
      context.terminal().Tell(shown + " is the stored original already\n");
      return kDone;
    }
    if (!overwrite) TRY(Consent(context, shown));
  }
  MakeFolderOf(path);
  TRY(ReplaceFile(path.string(), stored.body()));
  if (context.json()) {
    context.PrintJson(stored);
  } else {
    context.terminal().Print(shown + "\n");
  }
  return kDone;
}

}  // namespace

const Command kRestore = {
    .name = "restore",
    .group = Group::kWrite,
    .summary = "Write a revision's stored original back to its file",
    .description =
        "Takes the text that the target has applied, else the one stored one of that name, and "
        "writes it to NAME.sql. An edited file is replaced only with consent.",
    .operands = {"FILE|REV", 1, 1},
    .options = kRestoreOptions,
    .examples =
        "$ mig restore migrations/20261122081530_create_users.sql\n"
        "$ mig restore 20261122081530_create_users --allow overwrite",
    .run = RunRestore,
};

}  // namespace mig
