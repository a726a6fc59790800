#include "daemon/rpc/pool.h"

#include <string>
#include <utility>

#include "daemon/thread.h"

namespace mig {

Pool::Pool(std::size_t threads, std::size_t max_queued)
    : max_threads_(threads), max_queued_(max_queued) {}

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
    if (queue_.size() >= idle_ && threads_.size() < max_threads_) {
      Result<std::thread> started = StartThread([this] { Work(); });
      if (started) threads_.push_back(std::move(started).value());
      if (threads_.empty()) return std::move(started).error();
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
    ++idle_;
    ready_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    --idle_;
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
