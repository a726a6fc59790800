#include "daemon/run_log.h"

#include <algorithm>

namespace mig {

void RunLog::Append(std::string time, EventBody body) {
  const bool ended = std::holds_alternative<RunFinished>(body);
  const std::lock_guard appending(appending_);
  std::vector<Wake> wakes;
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(
        {static_cast<std::int64_t>(events_.size()) + 1, std::move(time), std::move(body)});
    wakes.swap(wakes_);
  }
  std::erase_if(wakes, [ended](const auto& wake) { return !wake(ended); });
  const std::lock_guard lock(mutex_);
  std::move(wakes.begin(), wakes.end(), std::back_inserter(wakes_));
}

RunLog::Read RunLog::ReadAfter(std::int64_t sequence, std::size_t max) const {
  const std::lock_guard lock(mutex_);
  const std::size_t from =
      std::min(static_cast<std::size_t>(std::max<std::int64_t>(sequence, 0)), events_.size());
  const std::size_t to = std::min(from + max, events_.size());
  Read read;
  read.events.assign(events_.begin() + static_cast<std::ptrdiff_t>(from),
                     events_.begin() + static_cast<std::ptrdiff_t>(to));
  read.ended = to == events_.size() && !events_.empty() &&
               std::holds_alternative<RunFinished>(events_.back().body);
  return read;
}

void RunLog::Subscribe(Wake wake) {
  const std::lock_guard lock(mutex_);
  wakes_.push_back(std::move(wake));
}

}  // namespace mig
