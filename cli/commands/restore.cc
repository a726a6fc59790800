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

// Where the file is, or will be: as given, or where the work tree has it, or in the first folder.
Result<fs::path> PathOf(Context& context, const std::string& file) {
  if (file.find('/') != std::string::npos || file.ends_with(".sql"))
    return fs::absolute(file).lexically_normal();
  const Config* config = TRY(context.config());
  for (const std::string& folder : config->migrations) {
    fs::path path = fs::path(config->root) / folder / (file + ".sql");
    if (fs::exists(path)) return path;
  }
  return fs::path(config->root) / config->migrations[0] / (file + ".sql");
}

Result<void> Consent(Context& context, const std::string& shown) {
  for (const std::string& allowed : context.args().Values("allow")) {
    if (allowed == "overwrite") return {};
    return Error{Reason::kUsage,
                 "there is nothing called `" + allowed + "` to allow here: --allow overwrite"};
  }
  Terminal& terminal = context.terminal();
  if (!terminal.interactive()) {
    Error error{Reason::kFileExists, shown + " differs from the stored original"};
    error.hint = "--allow overwrite replaces it; the edit is then lost";
    return error;
  }
  if (terminal.Ask("Replace the edited " + shown + " by the stored original? [y/N] ")
          .starts_with("y"))
    return {};
  return Error{Reason::kDeclined, shown + " is as it was"};
}

Result<int> RunRestore(Context& context) {
  const std::string& file = context.args().operands()[0];
  fs::path path = TRY(PathOf(context, file));
  v1::GetObjectRequest request;
  request.set_object(NameOf(file));
  if (std::optional<v1::Target> target = TRY(context.target_if_any()))
    *request.mutable_target() = *target;
  context.LookWithoutFiles();  // the file may be unreadable, or be the edited one
  v1::GetObjectResponse stored = TRY(context.Ask(request));
  const Config* config = TRY(context.config());
  std::string shown = ShownPath(*config, path.lexically_relative(config->root).string());
  if (fs::exists(path)) {
    if (TRY(ReadFile(path.string())) == stored.body()) {
      context.terminal().Tell(shown + " is the stored original already\n");
      return kDone;
    }
    TRY(Consent(context, shown));
  }
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
        "Takes the text that the target has applied, else the one stored one of that name. An "
        "edited file is replaced only with consent.",
    .operands = {"FILE", 1, 1},
    .options = kRestoreOptions,
    .examples =
        "$ mig restore migrations/20261122081530_create_users.sql\n"
        "$ mig restore 20261122081530_create_users --allow overwrite",
    .run = RunRestore,
};

}  // namespace mig
