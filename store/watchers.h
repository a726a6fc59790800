// The registered watches of a store whose commits all happen in this process.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "store/kv.h"

namespace mig {

// Thread-safe. A registration may outlive it.
class Watchers {
 public:
  Watchers();
  std::unique_ptr<Watching> Add(std::string prefix, std::function<void()> wake);

  // Wakes every watch whose prefix a write's key has. Call it after the commit is visible.
  void Notify(const Batch& batch);

 private:
  struct Watched;
  struct List;
  class Registration;
  std::shared_ptr<List> list_;
};

}  // namespace mig
