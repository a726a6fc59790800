#include "cli/option_value.h"

#include "store/core/duration.h"

namespace mig {

Result<std::chrono::milliseconds> DurationOf(std::string_view what, const std::string& text,
                                             std::string_view such_as) {
  if (const auto duration = ParseDuration(text)) return *duration;
  return Error{Reason::kUsage, std::string(what) + " is a time such as " + std::string(such_as) +
                                   ", not `" + text + "`"};
}

}  // namespace mig
