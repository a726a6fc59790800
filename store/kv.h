// The key-value seam: everything the store keeps goes through these three calls.
//
// The limits of store/core/limits.h are enforced by every implementation through Validate()
// (store/kv_validate.h), so that what works over one works over all. Keys and values are bytes;
// keys sort as unsigned bytes; a key is never empty and never starts with a zero byte (those keys
// belong to the implementation).
//
// Every method may be called from any thread. Errors of every call: kLimitExceeded and
// kInvalidArgument for a request that no implementation takes; kCorruption naming the file hit;
// kStoreUnavailable.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/result.h"

namespace mig {

struct KeyValue {
  std::string key;
  std::string value;

  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};

// What must hold of a key for a commit to be applied.
struct Condition {
  std::string key;
  std::optional<std::string> equals;  // the value it must have; nullopt: the key must be absent

  static Condition Absent(std::string key) { return {std::move(key), std::nullopt}; }
  static Condition Equals(std::string key, std::string value) {
    return {std::move(key), std::move(value)};
  }
};

struct Write {
  std::string key;
  std::optional<std::string> value;  // nullopt: delete; deleting an absent key is no error

  static Write Put(std::string key, std::string value) {
    return {std::move(key), std::move(value)};
  }
  static Write Delete(std::string key) { return {std::move(key), std::nullopt}; }
};

// When a commit may be acknowledged.
enum class Durability {
  kSynced,    // it survives a loss of power, and so does every commit before it
  kBuffered,  // it survives the death of the process; a later synced commit makes it durable
};

struct Batch {
  std::vector<Condition> conditions = {};
  std::vector<Write> writes = {};  // to distinct keys
  Durability durability = Durability::kSynced;
};

// The first condition that did not hold, and what its key has instead (nullopt: it is absent).
struct Refusal {
  std::string key;
  std::optional<std::string> current;
};

// The answer to a commit: applied, or refused with nothing changed.
struct Outcome {
  std::optional<Refusal> refused = {};

  bool applied() const { return !refused.has_value(); }
};

// Some keys of a range in byte order, all of one state.
struct Page {
  std::vector<KeyValue> entries;  // values are empty when only keys were asked for
  std::string next;               // where to scan on; empty: the range is exhausted
};

class Kv {
 public:
  virtual ~Kv() = default;

  // The values of `keys` (nullopt: absent), in their order, all of one state, which includes every
  // commit acknowledged before the call.
  virtual Result<std::vector<std::optional<std::string>>> Get(
      const std::vector<std::string>& keys) = 0;

  // The first keys of [begin, end) up to `limit` of them (at most kMaxPage) and about 1 MiB. A page
  // is one state; over several pages a key that was present all the time appears exactly once. An
  // empty `end` is beyond every key.
  virtual Result<Page> Scan(std::string_view begin, std::string_view end, std::size_t limit,
                            bool keys_only) = 0;

  // Applies all writes if all conditions hold, else none.
  // Errors, nothing applied: kStoreFull with the reason. kOutcomeUnknown: applied or not, and only
  // a read can tell.
  virtual Result<Outcome> Commit(const Batch& batch) = 0;
};

// The smallest key greater than every key that starts with `prefix`; empty when there is none.
std::string EndOfPrefix(std::string_view prefix);

// Every entry of [begin, end), page by page: for ranges known to be small.
Result<std::vector<KeyValue>> ScanAll(Kv& kv, std::string_view begin, std::string_view end,
                                      bool keys_only = false);

// One key's value.
Result<std::optional<std::string>> GetOne(Kv& kv, const std::string& key);

}  // namespace mig
