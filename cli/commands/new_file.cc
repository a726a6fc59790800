#include "cli/commands/new_file.h"

#include <algorithm>
#include <filesystem>

#include "cli/file.h"
#include "cli/process.h"
#include "store/core/names.h"
#include "store/core/source_text.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

std::string Normal(const std::string& folder) {
  std::string normal = fs::path(folder).lexically_normal().generic_string();
  return normal.size() > 1 && normal.ends_with('/') ? normal.substr(0, normal.size() - 1) : normal;
}

std::string Quoted(const std::vector<std::string>& folders) {
  std::string list;
  for (const std::string& folder : folders) list += (list.empty() ? "" : ", ") + folder;
  return list;
}

}  // namespace

std::string ShownPath(const Config& config, const std::string& path) {
  std::error_code failure;
  fs::path here = fs::current_path(failure);
  fs::path shown = (fs::path(config.root) / path).lexically_relative(here);
  return failure || shown.empty() ? (fs::path(config.root) / path).string() : shown.string();
}

Result<std::string> FolderFor(const Config& config, const std::string& wanted,
                              const std::string& parent_path) {
  std::vector<std::string> folders;
  for (const std::string& folder : config.migrations) folders.push_back(Normal(folder));
  std::string chosen =
      wanted.empty() ? fs::path(parent_path).parent_path().generic_string() : Normal(wanted);
  if (std::ranges::find(folders, chosen) != folders.end()) return chosen;
  if (wanted.empty() && folders.size() == 1) return folders[0];
  Error error{Reason::kUsage, wanted.empty() ? "mig.toml names several migrations folders"
                                             : wanted + " is no migrations folder of mig.toml"};
  error.hint = "name one with --version-path: " + Quoted(folders);
  return error;
}

Result<std::string> PathOfNew(const std::string& folder, const std::string& file_name) {
  constexpr std::string_view kSuffix = ".sql";
  const bool is_sql = file_name.ends_with(kSuffix);
  TRY(CheckRevisionName(file_name.substr(0, file_name.size() - (is_sql ? kSuffix.size() : 0))));
  if (is_sql) return (fs::path(folder) / file_name).lexically_normal().generic_string();
  return Error{Reason::kNameInvalid, "`" + file_name + "` is no name of a revision's file"};
}

bool IsFileOf(std::string_view text, std::string_view bytes) {
  const Result<std::string> normal = NormaliseText("", bytes);
  return normal && *normal == text;
}

void MakeFolderOf(const fs::path& file) {
  std::error_code ignored;
  fs::create_directories(file.parent_path(), ignored);
}

Result<std::string> WriteDraft(Context& context, const v1::DraftRevisionResponse& draft,
                               const std::string& folder) {
  const Config* config = TRY(context.config());
  std::string path = TRY(PathOfNew(folder, draft.file_name()));
  const fs::path file = fs::path(config->root) / path;
  MakeFolderOf(file);
  TRY(CreateFile(file.string(), draft.text()));
  context.WorkTreeChanged();
  for (const std::string& warning : draft.warnings()) context.Advise(warning);
  if (context.json()) {
    context.PrintJson(draft);
  } else {
    context.terminal().Print(ShownPath(*config, path) + "\n");
  }
  return path;
}

Result<bool> MayOverwrite(const Arguments& arguments) {
  for (const std::string& allowed : arguments.Values("allow")) {
    if (allowed == "overwrite") continue;
    return Error{Reason::kUsage,
                 "there is nothing called `" + allowed + "` to allow here: --allow overwrite"};
  }
  return arguments.Has("allow");
}

Result<void> OpenInEditor(Context& context, const std::string& path) {
  const Config* config = TRY(context.config());
  for (const char* variable : {"VISUAL", "EDITOR"}) {
    auto found = context.environment().find(variable);
    if (found == context.environment().end() || found->second.empty()) continue;
    return RunInForeground(found->second, (fs::path(config->root) / path).string());
  }
  Error error{Reason::kUsage, "neither VISUAL nor EDITOR names an editor"};
  error.hint = "the file is " + ShownPath(*config, path);
  return error;
}

}  // namespace mig
