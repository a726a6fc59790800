// What fuzz targets share.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace mig {

// A promise that must hold for every input; the process stops where it does not.
inline void Require(bool kept, std::string_view promise) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", std::string(promise).c_str());
  std::abort();
}

}  // namespace mig
