// The revision files of a work tree, as they are on disk now.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/config.h"
#include "store/core/result.h"

namespace mig {

struct WorkTreeFile {
  std::string path;    // relative to the root, with `/`
  std::string sha256;  // of the bytes, 64 lower-case hex digits
  std::int64_t size = 0;
};

struct WorkTree {
  std::vector<WorkTreeFile> files;  // sorted by path
  // What the daemon knows this state by: SHA-256 over the lines `<path>\0<sha256>\n` in order.
  std::string digest;
  std::vector<std::string> missing_folders = {};  // as configured; they count as empty
  // What is none and may be meant for one, sorted: NAME.SQL, and folders that hold *.sql files.
  std::vector<std::string> left_out = {};
};

// Whether what cli/work_tree_index.h remembers is believed, or every file is read.
enum class Index { kUse, kIgnore };

// Every *.sql file directly in the configured folders; names that start with a dot are left out.
// Files that are unchanged since the last command are not opened; what was read is remembered for
// the next one, where that can be written. A folder that is not there has no files: Git keeps no
// empty ones. Errors: kFileUnreadable, also for a folder that cannot be looked into;
// kLimitExceeded.
Result<WorkTree> ReadWorkTree(const Config& config, Index index = Index::kUse);

// The bytes of a file of the work tree; nullopt when they are no longer those that were listed.
// Errors: those of ReadFile.
Result<std::optional<std::string>> ReadListed(const Config& config, const WorkTreeFile& file);

std::string DigestOf(const std::vector<WorkTreeFile>& files);

}  // namespace mig
