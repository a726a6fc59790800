// What the daemon remembers of the databases it ran on: how far it has seen the log of each, so
// that a log that is shorter or other than it was shows, and a copy is told from its original.
//
// A database is known by the id in its tables and by the address it was reached at: a clone has the
// id of its original and another address. Thread-safe. The keys are in docs/formats.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/result.h"
#include "store/kv.h"

namespace mig {

struct SeenTarget {
  std::string target_id;      // 32 hex digits
  std::string address;        // without secrets; names the bookkeeping schema where there is one
  std::int64_t sequence = 0;  // of the last sealed row of the log; 0: it was empty
  std::string hash;           // of that row; empty with sequence 0
  std::string at;             // when, RFC 3339

  friend bool operator==(const SeenTarget&, const SeenTarget&) = default;
};

// Which database was last seen at an address.
struct TargetAt {
  std::string target_id;
  std::string address;
};

// Entries of the store. Errors: kCorruption.
Result<SeenTarget> DecodeSeenTarget(std::string_view value);
Result<TargetAt> DecodeTargetAt(std::string_view value);

class SeenTargets {
 public:
  explicit SeenTargets(Kv& kv) : kv_(kv) {}  // `kv` outlives it

  // The id of the database that was last seen at an address.
  Result<std::optional<std::string>> IdAt(std::string_view address);
  Result<std::optional<SeenTarget>> Find(std::string_view target_id, std::string_view address);
  // At every address it was seen at.
  Result<std::vector<SeenTarget>> Of(std::string_view target_id);

  // Replaces what was remembered of this id at this address. Errors: kInvalidArgument for what is
  // no target's id.
  Result<void> Put(const SeenTarget& seen);

 private:
  Kv& kv_;
};

}  // namespace mig
