#include "daemon/world.h"

#include <fmt/chrono.h>
#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <random>
#include <thread>

namespace mig {

World World::Real() {
  World world;
  world.now = [] { return std::chrono::system_clock::now(); };
  world.elapsed = [] { return std::chrono::steady_clock::now(); };
  world.random_hex = [](std::size_t digits) {
    static constexpr char kHex[] = "0123456789abcdef";
    thread_local std::random_device device;
    std::string text;
    while (text.size() < digits) text += kHex[device() & 15U];
    return text;
  };
  world.sleep = [](Milliseconds time) { std::this_thread::sleep_for(time); };
  return world;
}

std::string FormatSeconds(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(seconds));
}

std::optional<std::chrono::system_clock::time_point> ParseTime(const std::string& text) {
  std::tm fields = {};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &fields);
  if (rest == nullptr || (*rest != '.' && *rest != 'Z')) return std::nullopt;
  const int milliseconds = *rest == '.' ? std::atoi(rest + 1) : 0;
  return std::chrono::system_clock::from_time_t(timegm(&fields)) + Milliseconds(milliseconds);
}

std::string HumanDuration(std::chrono::system_clock::duration duration) {
  const auto seconds =
      std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(duration).count(), 0);
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

std::string FormatMilliseconds(std::chrono::system_clock::time_point time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<Milliseconds>(time - day));
  return fmt::format(FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z"),
                     static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

}  // namespace mig
