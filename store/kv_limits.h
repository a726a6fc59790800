// The limits of the key-value seam: what every implementation takes, and refuses beyond.
//
// They are below those of the strictest implementation foreseen, etcd (128 operations and 1.5 MiB a
// transaction by default), so that moving a store there changes nothing.
#pragma once

#include <cstddef>

namespace mig {

constexpr std::size_t kMaxKeyBytes = 1024;
constexpr std::size_t kMaxValueBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxConditions = 100;
constexpr std::size_t kMaxWrites = 100;
constexpr std::size_t kMaxGetKeys = 100;
constexpr std::size_t kMaxPage = 1000;
// Keys and values of all conditions and writes. A little above one value, so that the largest value
// fits with its key.
constexpr std::size_t kMaxCommitBytes = kMaxValueBytes + 2 * kMaxKeyBytes;

}  // namespace mig
