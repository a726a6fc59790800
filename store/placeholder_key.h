// The secret with which a daemon tells values of placeholders apart without telling them
// (docs/placeholders.md). It never leaves the store.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "store/core/result.h"
#include "store/kv.h"

namespace mig {

// The store's; the first call keeps what `fresh` gives, which has to be random. Thread-safe.
Result<std::string> PlaceholderKey(Kv& kv, const std::function<std::string()>& fresh);

// The entry of the store. Errors: kCorruption.
Result<std::string> DecodePlaceholderKey(std::string_view value);

}  // namespace mig
