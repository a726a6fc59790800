// What the daemon takes from outside besides databases: time, randomness, sleeping. Injected, so
// that tests decide them.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace mig {

using Milliseconds = std::chrono::milliseconds;

struct World {
  std::function<std::chrono::system_clock::time_point()> now;
  std::function<std::chrono::steady_clock::time_point()>
      elapsed;                                         // never steps back: for durations
  std::function<std::string(std::size_t)> random_hex;  // that many lower-case hex digits
  std::function<void(Milliseconds)> sleep;

  // The machine's own.
  static World Real();
};

// RFC 3339 in UTC: "2026-11-22T08:15:30Z", or with milliseconds "2026-11-22T08:15:30.123Z".
std::string FormatSeconds(std::chrono::system_clock::time_point time);
std::string FormatMilliseconds(std::chrono::system_clock::time_point time);
// Reads both forms. Nothing where the text is neither.
std::optional<std::chrono::system_clock::time_point> ParseTime(const std::string& text);
// "8 s", "3 min 20 s", "2 h 5 min"; what is below a second, or before now, is "0 s".
std::string HumanDuration(std::chrono::system_clock::duration duration);

}  // namespace mig
