// Whole files, read and written.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "store/core/limits.h"
#include "store/core/result.h"

namespace mig {

// Whether something is to be seen at `path`: not where that is too long a name, or below a folder
// that nobody may look into.
bool Exists(const std::filesystem::path& path);

// `path` from the root on, without `.` and `..`. Errors: kFileUnreadable, where it is empty or the
// folder that the command runs in is gone.
Result<std::filesystem::path> AbsolutePath(const std::filesystem::path& path);

bool IsProgram(const std::filesystem::path& path);
// The program of that name in the folders of `path`, a list as in PATH; empty where none has it.
std::filesystem::path FindProgram(std::string_view path, std::string_view program);

// The bytes of a regular file. `status`, when given, is its state before the first byte was read.
// Errors: kFileUnreadable naming it; kLimitExceeded for one that is larger than `most` bytes, which
// is what a revision file may have.
Result<std::string> ReadFile(const std::string& path, struct stat* status = nullptr,
                             std::size_t most = kMaxFileBytes);

// Makes a new file with `bytes`, which is never more open than `mode` less the umask: first under a
// temporary name, synced, then linked to `path`, so that a reader sees all of it or nothing.
// Errors: kFileExists when there is something at `path`, which stays as it is; kFileUnwritable.
Result<void> CreateFile(const std::string& path, std::string_view bytes, mode_t mode = 0666);

// The same, in place of whatever file is at `path`.
Result<void> ReplaceFile(const std::string& path, std::string_view bytes, mode_t mode = 0666);

}  // namespace mig
