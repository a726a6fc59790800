// What a run would destroy, and whether somebody consented to it.
#pragma once

#include <string>
#include <vector>

#include "drivers/sql/destruction.h"
#include "store/core/result.h"

namespace mig {

// One destruction of one step.
struct Loss {
  std::string revision;  // its name
  Destruction what;
  std::string rows;  // "1204 rows", of the live table; empty: not counted
};

// "drop_table orders (1204 rows), in 20261122081530_drop_orders".
std::string SentenceOf(const Loss& loss);

// The kinds of `allow`, each one of AllDestructions(). Errors: kInvalidArgument with the nearest
// kind as hint.
Result<void> CheckKinds(const std::vector<std::string>& allow);

// Refuses losses of a kind that is not in `allow`. Errors: kConsentMissing, with the details
// `allow`, the kinds that are missing, separated by commas, and `losses`, a line each; the hint is
// the flag as it has to be, what was allowed included.
Result<void> CheckConsent(const std::string& target, const std::vector<Loss>& losses,
                          const std::vector<std::string>& allow);

}  // namespace mig
