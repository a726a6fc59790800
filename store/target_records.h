// What each target was last seen at: the maximal revisions of its applied set, which the collection
// of garbage keeps with everything below them.
//
// The target's own tables are what counts; this is what the store remembers of them when no target
// can be asked.
//
// Thread-safe. Errors of every call, besides those named: those of Kv.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/core/id.h"
#include "store/core/result.h"
#include "store/kv.h"

namespace mig {

struct TargetRecord {
  std::string project;
  std::string target_id;   // the target's own (mig_meta)
  std::string target_url;  // for people: redacted
  std::string at;          // RFC 3339, UTC
  std::vector<Id> heads;   // empty: nothing is applied

  friend bool operator==(const TargetRecord&, const TargetRecord&) = default;
};

// One entry of the store. Errors: kCorruption.
Result<TargetRecord> DecodeTargetRecord(std::string_view key, std::string_view value);

class TargetRecords {
 public:
  explicit TargetRecords(Kv& kv) : kv_(kv) {}  // `kv` outlives it

  // Remembers it in place of what was remembered of that target. `collection` is the word that
  // Refs::Collection gave before the objects were stored or found; `word` was never used before.
  // Errors: kRefMoved when objects may be gone since: store them again, and repeat.
  Result<void> Put(const TargetRecord& target, const std::string& collection,
                   const std::string& word);

  Result<std::vector<TargetRecord>> List();

 private:
  Kv& kv_;
};

}  // namespace mig
