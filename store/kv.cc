#include "store/kv.h"

#include "store/core/limits.h"

namespace mig {

std::string EndOfPrefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(end.back() + 1);
  return end;
}

Result<std::vector<KeyValue>> ScanAll(Kv& kv, std::string_view begin, std::string_view end,
                                      bool keys_only) {
  std::vector<KeyValue> all;
  std::string from(begin);
  do {
    Page page = TRY(kv.Scan(from, end, kMaxPage, keys_only));
    for (KeyValue& entry : page.entries) all.push_back(std::move(entry));
    from = std::move(page.next);
  } while (!from.empty());
  return all;
}

Result<std::optional<std::string>> GetOne(Kv& kv, const std::string& key) {
  auto values = TRY(kv.Get({key}));
  return std::move(values.front());
}

}  // namespace mig
