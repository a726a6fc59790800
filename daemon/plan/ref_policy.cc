#include "daemon/plan/ref_policy.h"

namespace mig {

std::string_view NameOf(RefPolicy policy) {
  return policy == RefPolicy::kHeads ? "heads" : "fast-forward";
}

std::optional<RefPolicy> RefPolicyFrom(std::string_view name) {
  for (const RefPolicy policy : {RefPolicy::kFastForward, RefPolicy::kHeads}) {
    if (NameOf(policy) == name) return policy;
  }
  return std::nullopt;
}

}  // namespace mig
