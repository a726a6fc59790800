// The key-value seam over a map in memory: for tests, and for a daemon that keeps nothing.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "store/kv.h"

namespace mig {

class MemoryKv : public Kv {
 public:
  Result<std::vector<std::optional<std::string>>> Get(
      const std::vector<std::string>& keys) override;
  Result<Page> Scan(std::string_view begin, std::string_view end, std::size_t limit,
                    bool keys_only) override;
  Result<Outcome> Commit(const Batch& batch) override;

 private:
  std::optional<Refusal> RefusalOf(const Batch& batch) const;

  std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> entries_;
};

}  // namespace mig
