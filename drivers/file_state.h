// Whether a file is still the one it was.
#pragma once

#include <string>

namespace mig {

// Changes whenever the file at `path` does, or another takes its place: device, inode, size and
// times as one text. Empty where there is none.
std::string StateOfFile(const std::string& path);

}  // namespace mig
