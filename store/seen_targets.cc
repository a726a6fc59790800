#include "store/seen_targets.h"

#include <fmt/format.h>

#include "store/keys.h"
#include "store/record.h"

namespace mig {
namespace {

Result<void> CheckTargetId(std::string_view id) {
  if (id.size() == 32 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos)
    return {};
  return Error{Reason::kInvalidArgument,
               fmt::format("`{}` is no id of a target: 32 hex digits", id)};
}

}  // namespace

Result<SeenTarget> DecodeSeenTarget(std::string_view value) {
  const Record record = TRY(Record::Decode("seen", value));
  SeenTarget seen;
  seen.target_id = TRY(record.Text("target"));
  seen.address = TRY(record.Text("address"));
  seen.sequence = static_cast<std::int64_t>(TRY(record.Number("sequence")));
  seen.hash = TRY(record.Text("hash"));
  seen.at = TRY(record.Text("at"));
  return seen;
}

Result<TargetAt> DecodeTargetAt(std::string_view value) {
  const Record record = TRY(Record::Decode("address", value));
  TargetAt at;
  at.target_id = TRY(record.Text("target"));
  at.address = TRY(record.Text("address"));
  return at;
}

Result<std::optional<std::string>> SeenTargets::IdAt(std::string_view address) {
  const std::optional<std::string> bytes = TRY(GetOne(kv_, keys::Address(address)));
  if (!bytes) return std::optional<std::string>();
  const TargetAt at = TRY(DecodeTargetAt(*bytes));
  return std::optional(at.target_id);
}

Result<std::optional<SeenTarget>> SeenTargets::Find(std::string_view target_id,
                                                    std::string_view address) {
  const std::optional<std::string> bytes = TRY(GetOne(kv_, keys::Seen(target_id, address)));
  if (!bytes) return std::optional<SeenTarget>();
  return std::optional<SeenTarget>(TRY(DecodeSeenTarget(*bytes)));
}

Result<std::vector<SeenTarget>> SeenTargets::Of(std::string_view target_id) {
  const std::string prefix = keys::SeenPrefix(target_id);
  std::vector<SeenTarget> all;
  for (const KeyValue& entry : TRY(ScanAll(kv_, prefix, EndOfPrefix(prefix)))) {
    SeenTarget seen = TRY(DecodeSeenTarget(entry.value));
    all.push_back(std::move(seen));
  }
  return all;
}

Result<void> SeenTargets::Put(const SeenTarget& seen) {
  TRY(CheckTargetId(seen.target_id));
  Record record("seen");
  record.Add("target", seen.target_id)
      .Add("address", seen.address)
      .Add("sequence", static_cast<std::uint64_t>(seen.sequence))
      .Add("hash", seen.hash)
      .Add("at", seen.at);
  Record address("address");
  address.Add("target", seen.target_id).Add("address", seen.address);
  Batch batch;
  batch.writes = {Write::Put(keys::Seen(seen.target_id, seen.address), record.Encode()),
                  Write::Put(keys::Address(seen.address), address.Encode())};
  TRY(kv_.Commit(batch));
  return {};
}

}  // namespace mig
