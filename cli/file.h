// Whole files, read and written.
#pragma once

#include <string>
#include <string_view>

#include "store/core/result.h"

namespace mig {

// The bytes of a regular file. Errors: kFileUnreadable naming it; kLimitExceeded for one that is
// larger than a revision file may be (store/core/limits.h).
Result<std::string> ReadFile(const std::string& path);

// Makes a new file with `bytes`: first under a temporary name, synced, then linked to `path`, so
// that a reader sees all of it or nothing. Errors: kFileExists when there is something at `path`,
// which stays as it is; kFileUnwritable.
Result<void> CreateFile(const std::string& path, std::string_view bytes);

// The same, in place of whatever file is at `path`.
Result<void> ReplaceFile(const std::string& path, std::string_view bytes);

}  // namespace mig
