// Durations as people write them: a whole number and a unit.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mig {

// "500ms", "5s", "2min", "1h", up to 2147483647 ms (24 days); "0" needs no unit. Nothing for
// everything else.
std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text);

// With the longest unit that divides it.
std::string WriteDuration(std::chrono::milliseconds duration);

}  // namespace mig
