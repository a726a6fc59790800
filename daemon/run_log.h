// The events of one run, as long as it is remembered: written by the run and what watches it, read
// by any number of watchers.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/event.h"

namespace mig {

class RunLog {
 public:
  // From any thread. A RunFinished ends the log.
  void Append(std::string time, EventBody body);

  struct Read {
    std::vector<Event> events;
    bool ended = false;  // nothing follows these
  };
  // Events after `sequence`, at most `max`. From any thread.
  Read ReadAfter(std::int64_t sequence, std::size_t max) const;

  // Calls `wake` after each change from now on, until it answers false; with true when the log has
  // ended. `wake` may read and subscribe, and must not append.
  using Wake = std::function<bool(bool ended)>;
  void Subscribe(Wake wake);

 private:
  std::mutex appending_;  // held until all were woken: each append finds every wake at its place
  mutable std::mutex mutex_;
  std::vector<Event> events_;
  std::vector<Wake> wakes_;
};

}  // namespace mig
