#include "store/kv_validate.h"

#include <fmt/format.h>

#include <set>

#include "store/core/limits.h"

namespace mig {
namespace {

Error TooMuch(std::string_view what, std::size_t amount, std::size_t limit) {
  return {Reason::kLimitExceeded,
          fmt::format("{} is {}, and the store takes at most {}", what, amount, limit)};
}

Result<void> CheckAmount(std::string_view what, std::size_t amount, std::size_t limit) {
  if (amount > limit) return TooMuch(what, amount, limit);
  return {};
}

Result<void> CheckKey(std::string_view key) {
  if (key.empty()) return Error{Reason::kInvalidArgument, "a key of the store is empty"};
  if (key.front() == '\0') {
    return Error{Reason::kInvalidArgument, "a key of the store starts with a zero byte"};
  }
  return CheckAmount("the size of a key", key.size(), kMaxKeyBytes);
}

Result<std::size_t> CheckEntry(std::string_view key, const std::optional<std::string>& value) {
  TRY(CheckKey(key));
  if (!value) return key.size();
  TRY(CheckAmount("the size of a value", value->size(), kMaxValueBytes));
  return key.size() + value->size();
}

}  // namespace

Result<void> ValidateGet(const std::vector<std::string>& keys) {
  TRY(CheckAmount("the number of keys to read", keys.size(), kMaxGetKeys));
  for (const std::string& key : keys) TRY(CheckKey(key));
  return {};
}

Result<void> ValidateScan(std::string_view begin, std::string_view end, std::size_t limit) {
  if (limit == 0) return Error{Reason::kInvalidArgument, "a page of no keys was asked for"};
  // The end of a page is its last key and a zero byte.
  TRY(CheckAmount("the size of a range's begin", begin.size(), kMaxKeyBytes + 1));
  return CheckAmount("the size of a range's end", end.size(), kMaxKeyBytes + 1);
}

Result<void> ValidateCommit(const Batch& batch) {
  TRY(CheckAmount("the number of conditions", batch.conditions.size(), kMaxConditions));
  TRY(CheckAmount("the number of writes", batch.writes.size(), kMaxWrites));
  std::size_t bytes = 0;
  for (const Condition& condition : batch.conditions) {
    bytes += TRY(CheckEntry(condition.key, condition.equals));
  }
  std::set<std::string_view> written;
  for (const Write& write : batch.writes) {
    bytes += TRY(CheckEntry(write.key, write.value));
    if (!written.insert(write.key).second) {
      return Error{Reason::kInvalidArgument,
                   fmt::format("a commit writes key `{}` twice", write.key)};
    }
  }
  return CheckAmount("the size of a commit", bytes, kMaxCommitBytes);
}

}  // namespace mig
