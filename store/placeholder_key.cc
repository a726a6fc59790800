#include "store/placeholder_key.h"

#include "store/keys.h"
#include "store/record.h"

namespace mig {

Result<std::string> DecodePlaceholderKey(std::string_view value) {
  const Record record = TRY(Record::Decode("secret", value));
  return record.Text("key");
}

Result<std::string> PlaceholderKey(Kv& kv, const std::function<std::string()>& fresh) {
  const std::string place(keys::kPlaceholderKey);
  const auto kept = TRY(GetOne(kv, place));
  if (kept) return DecodePlaceholderKey(*kept);
  Record record("secret");
  record.Add("key", fresh());
  Batch batch;
  batch.conditions = {Condition::Absent(place)};
  batch.writes = {Write::Put(place, record.Encode())};
  const Outcome outcome = TRY(kv.Commit(batch));
  return DecodePlaceholderKey(outcome.applied() ? record.Encode()
                                                : outcome.refused->current.value_or(""));
}

}  // namespace mig
