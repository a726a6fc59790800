// Text that belongs to what stands above it.
#pragma once

#include <string>
#include <string_view>

namespace mig {

// Each line behind four blanks, but for empty ones, and ended by a line feed.
std::string Indented(std::string_view text);

}  // namespace mig
