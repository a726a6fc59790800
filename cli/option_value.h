// Words of a command line that say numbers and times.
#pragma once

#include <charconv>
#include <chrono>
#include <string>
#include <string_view>

#include "store/core/result.h"

namespace mig {

// The whole number `text`, from `least` (0 or 1) on. `what` is how the error names it:
// "--max-count". Errors: kUsage.
template <typename Number = int>
Result<Number> CountOf(std::string_view what, const std::string& text, Number least = 1) {
  Number count = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, count);
  if (failure == std::errc() && stop == end && count >= least) return count;
  return Error{Reason::kUsage, std::string(what) + " is a " + (least > 0 ? "positive" : "whole") +
                                   " number, not `" + text + "`"};
}

// The duration `text` (store/core/duration.h). The error names times `such_as` could be meant: "10s
// or 5min". Errors: kUsage.
Result<std::chrono::milliseconds> DurationOf(std::string_view what, const std::string& text,
                                             std::string_view such_as);

}  // namespace mig
