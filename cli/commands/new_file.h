// Revision files that commands write into the work tree.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "cli/context.h"

namespace mig {

// Where people are shown a file of the work tree: relative to the folder they are in.
std::string ShownPath(const Config& config, const std::string& path);

// The folder for a new file: `wanted`, which must be one of the configured ones, or the only one,
// or the one that holds `parent_path`. Errors: kUsage.
Result<std::string> FolderFor(const Config& config, const std::string& wanted,
                              const std::string& parent_path);

// Where a daemon's new file goes: `folder`/`file_name`, relative to the root. Errors: kNameInvalid
// for what is no name of a revision's file, and might lead elsewhere.
Result<std::string> PathOfNew(const std::string& folder, const std::string& file_name);

// Whether a file with these bytes is the revision of this text: a byte order mark and CRLF, which a
// checkout may make, do not count.
bool IsFileOf(std::string_view text, std::string_view bytes);

// Makes the folder of a file that is about to be written; where that fails, writing says why.
void MakeFolderOf(const std::filesystem::path& file);

// Writes a draft into `folder` and prints where it is. The answer is its path relative to the root.
// Errors: kFileExists, kFileUnwritable; those of PathOfNew.
Result<std::string> WriteDraft(Context& context, const v1::DraftRevisionResponse& draft,
                               const std::string& folder);

// Whether --allow consents to overwrite files. Errors: kUsage for anything else to allow.
Result<bool> MayOverwrite(const Arguments& arguments);

// Opens a file of the work tree in $VISUAL or $EDITOR. Errors: kUsage.
Result<void> OpenInEditor(Context& context, const std::string& path);

}  // namespace mig
