#include "cli/work_tree.h"

#include <algorithm>
#include <filesystem>

#include "cli/file.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

bool IsRevisionFile(const fs::path& path) {
  return path.extension() == ".sql" && !path.filename().string().starts_with('.');
}

// Paths relative to the root of the revision files of one folder.
Result<std::vector<std::string>> List(const Config& config, const std::string& folder) {
  std::error_code failure;
  fs::directory_iterator entries(fs::path(config.root) / folder, failure);
  if (failure) {
    Error error{Reason::kFileUnreadable, "cannot read the migrations folder " + folder + " of " +
                                             config.root + ": " + failure.message()};
    error.hint = "make it, or correct `migrations` in mig.toml";
    return error;
  }
  std::vector<std::string> paths;
  for (; entries != fs::directory_iterator(); entries.increment(failure)) {
    if (failure)
      return Error{Reason::kFileUnreadable, "cannot read " + folder + ": " + failure.message()};
    if (!IsRevisionFile(entries->path())) continue;
    paths.push_back(
        (fs::path(folder) / entries->path().filename()).lexically_normal().generic_string());
  }
  return paths;
}

}  // namespace

Result<WorkTree> ReadWorkTree(const Config& config) {
  std::vector<std::string> paths;
  for (const std::string& folder : config.migrations) {
    std::vector<std::string> listed = TRY(List(config, folder));
    paths.insert(paths.end(), listed.begin(), listed.end());
  }
  std::ranges::sort(paths);
  auto repeated = std::ranges::unique(paths);
  paths.erase(repeated.begin(), repeated.end());
  WorkTree tree;
  for (std::string& path : paths) {
    std::string bytes = TRY(ReadFile((fs::path(config.root) / path).string()));
    std::string sha256 = Hex(Sha256(bytes));
    tree.files.push_back({std::move(path), std::move(sha256), std::move(bytes)});
  }
  tree.digest = DigestOf(tree.files);
  return tree;
}

std::string DigestOf(const std::vector<WorkTreeFile>& files) {
  std::string listing;
  for (const WorkTreeFile& file : files) {
    listing.append(file.path).append(1, '\0').append(file.sha256).append("\n");
  }
  return Hex(Sha256(listing));
}

}  // namespace mig
