// The collection of garbage: removes revisions that nothing leads to.
//
// Kept are the heads of every ref, whatever its log ever led to, what targets were last seen at,
// what was stored since a given time, and everything below all of these. It goes on beside pushes:
// when something is led to meanwhile, it looks again before it removes anything more
// (store/epochs.h), so nothing is lost that anybody relies on. Revisions go before what they
// follow, so that a store whose collector was killed is whole.
//
// Also removed are parts of large objects without the object, which an interrupted write leaves.
//
// A revision that was stored before times were kept counts as stored when a collection first meets
// it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "store/core/id.h"
#include "store/core/result.h"
#include "store/kv.h"

namespace mig {

struct GcRequest {
  // RFC 3339 with milliseconds, UTC. What was stored then or later is kept.
  std::string keep_since;
  // Now, in the same form.
  std::string now;
  // Removes; else only finds out.
  bool prune = false;
  // A word that was never used before.
  std::function<std::string()> word;
};

// A revision that nothing leads to.
struct Garbage {
  Id id;
  std::string name;    // one of those it is called by; empty: it has none
  std::string stored;  // when, the last time; empty: unknown
  std::int64_t bytes = 0;

  friend bool operator==(const Garbage&, const Garbage&) = default;
};

struct GcCounts {
  std::int64_t kept = 0;
  std::int64_t removed = 0;  // or would be
  std::int64_t bytes = 0;    // of those
  std::int64_t leftovers = 0;

  friend bool operator==(const GcCounts&, const GcCounts&) = default;
};

// Who looks on.
struct GcObserver {
  // Each that was removed, or would be: children before parents.
  std::function<void(const Garbage&)> removed;
  // While it looks, after each thousand: how many revisions it has seen. False: stop; what is
  // removed by then is removed.
  std::function<bool(std::int64_t)> progress;
};

// Errors: kCorruption when a revision that is kept cannot be read (what it leads to is then not
// known, and nothing more is removed); kRefMoved when others were faster for very long; kCancelled;
// those of Kv.
Result<GcCounts> CollectGarbage(Kv& kv, const GcRequest& request, const GcObserver& observer);

}  // namespace mig
