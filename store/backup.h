// Copies of a whole store: made while it is in use, and checked before they count as made.
//
// A copy is a store of its own: it can be restored, or opened by a daemon as it is. It is written
// beside its place, under the name with `.partial` at its end, and renamed when it was checked: so
// there is never half a copy, and what an interrupted call left is removed by the next one. While
// it is written, another call for the same place fails.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "store/check.h"
#include "store/core/result.h"
#include "store/rocks_kv.h"

namespace mig {

struct CopiedStore {
  CheckCounts counts;
  std::uint64_t commit = 0;  // the last one it has
};

// Called while a copy is checked; false: stop.
using CopyProgress = std::function<bool(const CheckCounts&)>;

// Copies the open store `kv` of the folder `store` to `copy`, where nothing may be. Errors:
// kFileExists, also for another copy under way to there; kStoreFull; kStoreUnavailable; kCorruption
// when the copy, and so the store, is not whole; kCancelled.
Result<CopiedStore> BackUpStore(RocksKv& kv, const std::filesystem::path& store,
                                const std::filesystem::path& copy, const CopyProgress& progress);

// Copies `copy` to `store`, where nothing or an empty folder may be; `copy` stays as it is. Errors:
// as BackUpStore; kInvalidArgument when `copy` is no store.
Result<CopiedStore> RestoreStore(const std::filesystem::path& copy,
                                 const std::filesystem::path& store, const CopyProgress& progress);

}  // namespace mig
