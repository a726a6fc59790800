// The care of the store, as people ask for it: checks, the collection of garbage, copies.
//
// Thread-safe.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "daemon/world.h"
#include "store/backup.h"
#include "store/check.h"
#include "store/core/result.h"
#include "store/gc.h"
#include "store/objects.h"
#include "store/rocks_kv.h"

namespace mig {

class StoreCare {
 public:
  // `kv` is the open store in `folder`; `kv` and `world` outlive it. `oldest_run` answers when the
  // longest run that is going on was started (RFC 3339), or an empty text: what is stored for it is
  // kept.
  StoreCare(RocksKv& kv, std::string folder, const World& world,
            std::function<std::string()> oldest_run)
      : kv_(kv), folder_(std::move(folder)), world_(world), oldest_run_(std::move(oldest_run)) {}

  Kv& kv() { return kv_; }
  // For what is stored.
  Objects::Clock clock() const {
    return [this] { return FormatMilliseconds(world_.now()); };
  }

  // With `repair`, `found` is told of each finding after its repair: whether it was made right.
  // Errors: those of CheckStore.
  Result<CheckCounts> Check(bool repair,
                            const std::function<void(const Finding&, bool repaired)>& found,
                            const std::function<bool(const CheckCounts&)>& progress);

  // Keeps what was stored within `grace`. Errors: those of CollectGarbage; kInvalidArgument for a
  // grace below 0 or above kLongestDuration.
  Result<GcCounts> Collect(bool prune, std::chrono::seconds grace, const GcObserver& observer);

  // Errors: those of BackUpStore; kInvalidArgument for a relative path.
  Result<CopiedStore> BackUp(const std::string& folder, const CopyProgress& progress);

 private:
  RocksKv& kv_;
  const std::string folder_;
  const World& world_;
  const std::function<std::string()> oldest_run_;
};

}  // namespace mig
