#include "store/roots.h"

#include <string>

#include "store/core/limits.h"
#include "store/keys.h"
#include "store/refs.h"
#include "store/target_records.h"

namespace mig {
namespace {

// Adds what `ids_of` says of every value below the prefix.
Result<void> Add(Kv& kv, std::string_view prefix,
                 Result<std::vector<Id>> (*ids_of)(std::string_view), std::vector<Id>* roots) {
  const std::string end = EndOfPrefix(prefix);
  for (std::string from(prefix); !from.empty();) {
    Page page = TRY(kv.Scan(from, end, kMaxPage, /*keys_only=*/false));
    for (const KeyValue& entry : page.entries) {
      const std::vector<Id> ids = TRY(ids_of(entry.value));
      roots->insert(roots->end(), ids.begin(), ids.end());
    }
    from = std::move(page.next);
  }
  return {};
}

}  // namespace

Result<std::vector<Id>> RootsOf(Kv& kv) {
  std::vector<Id> roots;
  TRY(Add(kv, keys::kRefPrefix, &IdsOfRef, &roots));
  TRY(Add(kv, keys::kMovePrefix, &IdsOfMove, &roots));
  const auto targets = TRY(TargetRecords(kv).List());
  for (const TargetRecord& target : targets)
    roots.insert(roots.end(), target.heads.begin(), target.heads.end());
  return roots;
}

}  // namespace mig
