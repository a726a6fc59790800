// A store that fails at one chosen commit: before it is applied, after it was, or from then on for
// good.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/kv.h"

namespace mig {

enum class Fault { kBefore, kAfter, kDead };

class FaultyKv : public Kv {
 public:
  // Fails at commit number `at`, counting from 1; `kv` outlives it.
  FaultyKv(Kv& kv, Fault fault, int at) : kv_(kv), fault_(fault), at_(at) {}

  bool fired() const { return commits_ >= at_; }

  Result<std::vector<std::optional<std::string>>> Get(
      const std::vector<std::string>& keys) override {
    if (Dead()) return Error{Reason::kStoreUnavailable, "the store is dead"};
    return kv_.Get(keys);
  }
  Result<Page> Scan(std::string_view begin, std::string_view end, std::size_t limit,
                    bool keys_only) override {
    if (Dead()) return Error{Reason::kStoreUnavailable, "the store is dead"};
    return kv_.Scan(begin, end, limit, keys_only);
  }
  Result<Outcome> Commit(const Batch& batch) override {
    if (Dead()) return Error{Reason::kStoreUnavailable, "the store is dead"};
    if (++commits_ != at_) return kv_.Commit(batch);
    if (fault_ == Fault::kAfter) TRY(kv_.Commit(batch));
    return Error{Reason::kOutcomeUnknown, "the answer was lost"};
  }

 private:
  bool Dead() const { return fault_ == Fault::kDead && fired(); }

  Kv& kv_;
  const Fault fault_;
  const int at_;
  int commits_ = 0;
};

}  // namespace mig
