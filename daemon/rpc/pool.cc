#include "daemon/rpc/pool.h"

#include <string>
#include <utility>

namespace mig {

Pool::Pool(std::size_t threads, std::size_t max_queued) : max_queued_(max_queued) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

Pool::~Pool() { Stop(); }

Result<void> Pool::Post(Task task) {
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return Error{Reason::kDraining, "the daemon is stopping"};
    if (queue_.size() >= max_queued_) {
      return Error{Reason::kLimitExceeded,
                   "the daemon is busy: " + std::to_string(max_queued_) + " calls wait already",
                   {{"limit", "queued_calls"}}};
    }
    queue_.push_back(std::move(task));
  }
  ready_.notify_one();
  return {};
}

void Pool::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  ready_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Pool::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ready_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Task task = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

}  // namespace mig
