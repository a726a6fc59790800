// What the store's revisions are kept for: where refs are and ever were, and what targets were last
// seen at.
#pragma once

#include <vector>

#include "store/core/id.h"
#include "store/core/result.h"
#include "store/kv.h"

namespace mig {

// All ids that a ref, a move in a ref's log or a target's record names; unordered, with repeats.
// Errors: kCorruption of such an entry, those of Kv.
Result<std::vector<Id>> RootsOf(Kv& kv);

}  // namespace mig
