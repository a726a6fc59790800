#include "store/core/duration.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <span>

namespace mig {
namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr Unit kUnits[] = {
    {"d", 86'400'000}, {"h", 3'600'000}, {"min", 60'000}, {"s", 1000}, {"ms", 1}};

}  // namespace

std::optional<milliseconds> ParseDuration(std::string_view text) {
  std::int64_t count = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, count);
  if (read.ec != std::errc() || text.front() == '-') return std::nullopt;
  const std::string_view name(read.ptr, static_cast<std::size_t>(end - read.ptr));
  if (count == 0 && name.empty()) return milliseconds(0);
  for (const Unit& unit : kUnits) {
    if (unit.name != name) continue;
    if (count > kLongestDuration.count() / unit.milliseconds) return std::nullopt;
    return milliseconds(count * unit.milliseconds);
  }
  return std::nullopt;
}

std::string WriteDuration(milliseconds duration) {
  for (const Unit& unit : std::span(kUnits).subspan(1)) {
    if (duration.count() % unit.milliseconds == 0 && duration.count() != 0) {
      return fmt::format("{}{}", duration.count() / unit.milliseconds, unit.name);
    }
  }
  return "0s";
}

}  // namespace mig
