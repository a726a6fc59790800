#include "store/target_records.h"

#include "store/epochs.h"
#include "store/keys.h"
#include "store/record.h"

namespace mig {
namespace {

std::string Encode(const TargetRecord& target) {
  return Record("target")
      .Add("target", std::string_view(target.target_url))
      .Add("at", std::string_view(target.at))
      .Add("head", target.heads)
      .Encode();
}

}  // namespace

Result<TargetRecord> DecodeTargetRecord(std::string_view key, std::string_view value) {
  const Record record = TRY(Record::Decode("target", value));
  const std::string_view words = key.substr(keys::kTargetPrefix.size());
  const std::size_t slash = words.find('/');
  if (slash == std::string_view::npos) {
    return Error{Reason::kCorruption, "the key `" + std::string(key) + "` names no target"};
  }
  TargetRecord target;
  target.project = words.substr(0, slash);
  target.target_id = words.substr(slash + 1);
  target.target_url = TRY(record.Text("target"));
  target.at = TRY(record.Text("at"));
  target.heads = TRY(record.Ids("head"));
  return target;
}

Result<void> TargetRecords::Put(const TargetRecord& target, const std::string& collection,
                                const std::string& word) {
  TRY(keys::CheckProject(target.project));
  TRY(keys::CheckProject(target.target_id));
  Batch batch;
  batch.conditions = {epochs::Unchanged(epochs::kGc, collection)};
  batch.writes = {Write::Put(keys::Target(target.project, target.target_id), Encode(target)),
                  Write::Put(epochs::kRefs, word)};
  const Outcome outcome = TRY(kv_.Commit(batch));
  if (!outcome.applied()) return epochs::Overtaken();
  return {};
}

Result<std::vector<TargetRecord>> TargetRecords::List() {
  const auto entries = TRY(ScanAll(kv_, keys::kTargetPrefix, EndOfPrefix(keys::kTargetPrefix)));
  std::vector<TargetRecord> targets;
  for (const auto& [key, value] : entries) targets.push_back(TRY(DecodeTargetRecord(key, value)));
  return targets;
}

}  // namespace mig
