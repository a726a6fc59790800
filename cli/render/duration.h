// Spans of time as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace mig {

// "740 us", "31 ms", "2.4 s", "3 min 20 s".
std::string RenderDuration(std::int64_t microseconds);

}  // namespace mig
