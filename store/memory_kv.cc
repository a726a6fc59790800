#include "store/memory_kv.h"

#include <algorithm>

#include "store/core/limits.h"
#include "store/kv_validate.h"

namespace mig {

Result<std::vector<std::optional<std::string>>> MemoryKv::Get(
    const std::vector<std::string>& keys) {
  TRY(ValidateGet(keys));
  std::lock_guard lock(mutex_);
  std::vector<std::optional<std::string>> values;
  for (const std::string& key : keys) {
    const auto found = entries_.find(key);
    values.push_back(found == entries_.end() ? std::nullopt : std::optional(found->second));
  }
  return values;
}

Result<Page> MemoryKv::Scan(std::string_view begin, std::string_view end, std::size_t limit,
                            bool keys_only) {
  TRY(ValidateScan(begin, end, limit));
  std::lock_guard lock(mutex_);
  Page page;
  std::size_t bytes = 0;
  for (auto entry = entries_.lower_bound(begin); entry != entries_.end(); ++entry) {
    if (!end.empty() && entry->first >= end) break;
    if (page.entries.size() == std::min(limit, kMaxPage) || bytes >= kPageBytes) {
      page.next = page.entries.back().key + '\0';
      break;
    }
    page.entries.push_back({entry->first, keys_only ? "" : entry->second});
    bytes += entry->first.size() + page.entries.back().value.size();
  }
  return page;
}

std::optional<Refusal> MemoryKv::RefusalOf(const Batch& batch) const {
  for (const Condition& condition : batch.conditions) {
    const auto found = entries_.find(condition.key);
    const auto current =
        found == entries_.end() ? std::nullopt : std::optional<std::string>(found->second);
    if (current != condition.equals) return Refusal{condition.key, current};
  }
  return std::nullopt;
}

Result<Outcome> MemoryKv::Commit(const Batch& batch) {
  TRY(ValidateCommit(batch));
  std::lock_guard lock(mutex_);
  if (auto refusal = RefusalOf(batch)) return Outcome{std::move(refusal)};
  for (const Write& write : batch.writes) {
    if (write.value) {
      entries_[write.key] = *write.value;
    } else {
      entries_.erase(write.key);
    }
  }
  return Outcome{};
}

}  // namespace mig
