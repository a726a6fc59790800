// The events of one run, as long as it is remembered: written by the run's thread, read by any
// number of watchers.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/event.h"

namespace mig {

class RunLog {
 public:
  // From the run's thread. A RunFinished ends the log.
  void Append(std::string time, EventBody body);

  struct Read {
    std::vector<Event> events;
    bool ended = false;  // nothing follows these
  };
  // Events after `sequence`, at most `max`. From any thread.
  Read ReadAfter(std::int64_t sequence, std::size_t max) const;

  // Calls `wake` after each change from now on, without holding a lock of the log, until it answers
  // false; with true when the log has ended.
  using Wake = std::function<bool(bool ended)>;
  void Subscribe(Wake wake);

 private:
  mutable std::mutex mutex_;
  std::vector<Event> events_;
  std::vector<Wake> wakes_;
};

}  // namespace mig
