// What the refs of a daemon allow.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace mig {

// What a ref allows. A set of revisions only grows by a push, under either.
enum class RefPolicy {
  kFastForward,  // it has one head, and whoever pushes follows it
  kHeads,        // a push that does not follow a head stands beside it, as branches do in Alembic
};

// As configuration and people spell it: "fast-forward", "heads".
std::string_view NameOf(RefPolicy policy);
std::optional<RefPolicy> RefPolicyFrom(std::string_view name);

struct RefName {
  std::string project;
  std::string name;

  auto operator<=>(const RefName&) const = default;
};

// The policies of refs that have another one than kFastForward.
using RefPolicies = std::map<RefName, RefPolicy>;

}  // namespace mig
