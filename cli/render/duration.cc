#include "cli/render/duration.h"

namespace mig {

std::string RenderDuration(std::int64_t microseconds) {
  if (microseconds < 1'000) return std::to_string(microseconds) + " us";
  if (microseconds < 1'000'000) return std::to_string(microseconds / 1'000) + " ms";
  std::int64_t tenths = microseconds / 100'000;
  if (tenths < 600) return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
  std::int64_t seconds = tenths / 10;
  return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
}

}  // namespace mig
