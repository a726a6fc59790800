// The beginning of a text that is longer than anybody reads.
#pragma once

#include <cstddef>
#include <string>

namespace mig {

// `text`, or where it is longer than `limit` bytes, what of its beginning fits them with "..." at
// the end. Cuts UTF-8 between characters. REQUIRES: limit >= 3.
std::string Excerpt(std::string text, std::size_t limit);

}  // namespace mig
