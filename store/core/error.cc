#include "store/core/error.h"

#include <algorithm>

namespace mig {

const std::vector<ReasonInfo>& AllReasons() {
  static const std::vector<ReasonInfo> all = {
#define MIG_REASON(name, text, grpc_code, exit_status, hint) \
  {Reason::name, text, grpc_code, exit_status, hint},
#include "store/core/reasons.inc"
#undef MIG_REASON
  };
  return all;
}

const ReasonInfo& InfoOf(Reason reason) { return AllReasons()[static_cast<std::size_t>(reason)]; }

std::optional<Reason> ReasonFromText(std::string_view text) {
  const auto& all = AllReasons();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [text](const ReasonInfo& info) { return info.text == text; });
  if (found == all.end()) return std::nullopt;
  return found->reason;
}

std::string HintOf(const Error& error) {
  return error.hint.empty() ? std::string(InfoOf(error.reason).hint) : error.hint;
}

}  // namespace mig
