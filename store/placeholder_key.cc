#include "store/placeholder_key.h"

#include "store/keys.h"
#include "store/record.h"

namespace mig {
namespace {

Result<std::string> Decoded(std::string_view bytes) {
  const Record record = TRY(Record::Decode("secret", bytes));
  return record.Text("key");
}

}  // namespace

Result<std::string> PlaceholderKey(Kv& kv, const std::function<std::string()>& fresh) {
  const std::string place(keys::kPlaceholderKey);
  const auto kept = TRY(GetOne(kv, place));
  if (kept) return Decoded(*kept);
  Record record("secret");
  record.Add("key", fresh());
  Batch batch;
  batch.conditions = {Condition::Absent(place)};
  batch.writes = {Write::Put(place, record.Encode())};
  const Outcome outcome = TRY(kv.Commit(batch));
  return Decoded(outcome.applied() ? record.Encode() : outcome.refused->current.value_or(""));
}

}  // namespace mig
