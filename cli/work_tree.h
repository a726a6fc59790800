// The revision files of a work tree, as they are on disk now.
#pragma once

#include <string>
#include <vector>

#include "cli/config.h"
#include "store/core/result.h"

namespace mig {

struct WorkTreeFile {
  std::string path;    // relative to the root, with `/`
  std::string sha256;  // of the bytes, 64 lower-case hex digits
  std::string bytes;
};

struct WorkTree {
  std::vector<WorkTreeFile> files;  // sorted by path
  // What the daemon knows this state by: SHA-256 over the lines `<path>\0<sha256>\n` in order.
  std::string digest;
};

// Reads every *.sql file directly in the configured folders; names that start with a dot are left
// out. Errors: kFileUnreadable, kLimitExceeded; a folder that is not there is kFileUnreadable.
Result<WorkTree> ReadWorkTree(const Config& config);

std::string DigestOf(const std::vector<WorkTreeFile>& files);

}  // namespace mig
