// What every implementation of the key-value seam refuses before it looks at anything: a request
// beyond the limits of store/core/limits.h (kLimitExceeded, naming the limit), or one without
// meaning (kInvalidArgument).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/result.h"
#include "store/kv.h"

namespace mig {

Result<void> ValidateGet(const std::vector<std::string>& keys);
Result<void> ValidateScan(std::string_view begin, std::string_view end, std::size_t limit);
Result<void> ValidateCommit(const Batch& batch);

// How much one page may hold before it ends, whatever its limit: a page is held in memory whole.
inline constexpr std::size_t kPageBytes = std::size_t{1} << 20;

// The first key a scan may answer: those below belong to the implementation.
inline constexpr std::string_view kFirstKey = "\x01";

}  // namespace mig
