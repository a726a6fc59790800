// A work tree that was not there before.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands/project_files.h"
#include "cli/context.h"
#include "store/core/result.h"

namespace mig {

// What mig.toml says where the url itself, having a password, went into .env.
inline constexpr std::string_view kUrlInDotEnv = "${MIG_DEV_URL}";

// The url as it stays right when it is read from mig.toml in `root`: a relative SQLite path is
// relative to where the command runs. Errors: those of AbsolutePath.
Result<std::string> Rebased(const std::string& url, const std::filesystem::path& root);

// Makes mig.toml, the folder `migrations`, and .gitignore lines; `url` is that of the target dev.
// One with a password becomes MIG_DEV_URL in .env, which Git does not see: a new file, or a line
// below what is in it. Errors: kFileExists where there is a mig.toml, or another MIG_DEV_URL;
// kFileUnwritable.
Result<void> MakeProject(const std::filesystem::path& root, const ProjectTemplate& chosen,
                         const std::string& url);

// The same with the text of mig.toml as it is given.
Result<void> MakeProject(const std::filesystem::path& root, const std::string& config,
                         const std::string& url);

// What there was in a folder before MakeProject.
struct ProjectBefore {
  std::vector<std::filesystem::path> absent;   // of what it writes
  std::vector<std::filesystem::path> folders;  // that were not there, the deepest first
  std::optional<std::uintmax_t> dot_env_bytes;
};
ProjectBefore LookBefore(const std::filesystem::path& root);

// Removes what MakeProject wrote, and what then came into its folder `migrations`, so that the
// command can be repeated: of a .env that was there, what is beyond its bytes of before. With a
// folder of its own goes the daemon that began to live in it. REQUIRES: the command works in
// `root`, with a context that has no other daemon.
void TakeBack(Context& context, const std::filesystem::path& root, const ProjectBefore& before);

}  // namespace mig
