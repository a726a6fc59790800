// Durations as people write them: a whole number and a unit.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mig {

inline constexpr std::chrono::milliseconds kLongestDuration = std::chrono::hours(24) * 3650;

// "500ms", "5s", "2min", "1h", "14d", up to kLongestDuration; "0" needs no unit. Nothing for
// everything else.
std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text);

// With the longest unit that divides it, hours at most.
std::string WriteDuration(std::chrono::milliseconds duration);

}  // namespace mig
