// Whether a store is whole: what `mig fsck` asks.
//
// Every object is read and hashed, every link of it followed; refs are compared with the logs of
// their moves, the index of names with the objects, the journal of runs with its lists. The store
// may be in use meanwhile: what looks wrong is looked at again before it is reported.
//
// What an interrupted write leaves behind and nothing leads to (parts of a large object, a revision
// without what it follows) is no finding: it is counted, and garbage collection removes it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "store/core/result.h"
#include "store/kv.h"

namespace mig {

// One thing that is wrong.
struct Finding {
  std::string key;      // the store's entry it was found at (docs/formats.md)
  std::string problem;  // a sentence without a full stop
  std::string remedy;   // what to do about it
  Batch repair = {};    // makes it right again, where nobody misses what that loses; else empty

  friend bool operator==(const Finding& a, const Finding& b) {
    return a.key == b.key && a.problem == b.problem;
  }
};

struct CheckCounts {
  std::int64_t objects = 0;
  std::int64_t names = 0;
  std::int64_t refs = 0;
  std::int64_t moves = 0;
  std::int64_t runs = 0;
  std::int64_t leftovers = 0;

  friend bool operator==(const CheckCounts&, const CheckCounts&) = default;
};

// Who looks on.
struct CheckObserver {
  std::function<void(const Finding&)> found;
  // After each page of entries; false: stop.
  std::function<bool(const CheckCounts&)> progress;
};

// Errors: those of Kv; kCancelled when the observer stopped it. Damage is a finding, and no error.
Result<CheckCounts> CheckStore(Kv& kv, const CheckObserver& observer);

// Commits the repair of a finding, if what it was found at is still so. Answers whether it was.
Result<bool> Repair(Kv& kv, const Finding& finding);

}  // namespace mig
