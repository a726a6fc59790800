// Long work whose messages a caller follows: each job has a thread of its own, and ends when its
// caller is gone.
//
//     return jobs_.Start<CheckStoreResponse>([this](const Send<CheckStoreResponse>& send) {
//       ...
//       if (!send(std::move(message))) return Error{Reason::kCancelled, "the caller is gone"};
//     });
//
// A job that is ahead of its caller waits. Thread-safe.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "daemon/limits.h"
#include "daemon/rpc/event_stream.h"
#include "store/core/result.h"

namespace mig {

// Sends a message; false: the caller is gone, and the job is to end.
template <typename Response>
using Send = std::function<bool(Response)>;

// What a job and its stream share.
class JobState {
 public:
  virtual ~JobState() = default;
  virtual void Cancel() = 0;
};

template <typename Response>
class JobQueue final : public JobState {
 public:
  // From the job. Waits while the caller is behind.
  bool Put(Response response) {
    {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [&] { return cancelled_ || queue_.size() < kMaxEventsPerRead; });
      if (cancelled_) return false;
      queue_.push_back(std::move(response));
    }
    Wake(false);
    return true;
  }
  void End(Result<void> outcome) {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      if (!outcome) error_ = std::move(outcome).error();
    }
    Wake(true);
  }

  // From the stream.
  Result<typename EventSource<Response>::Batch> Take(std::int64_t sequence) {
    typename EventSource<Response>::Batch batch;
    const std::lock_guard lock(mutex_);
    if (queue_.empty() && error_) return *error_;
    batch.last_sequence = sequence;
    if (!queue_.empty()) {
      batch.message = std::move(queue_.front());
      queue_.pop_front();
      ++batch.last_sequence;
    }
    batch.ended = ended_ && queue_.empty() && !error_;
    room_.notify_all();
    return batch;
  }
  void Subscribe(std::weak_ptr<Waker> waker) {
    const std::lock_guard lock(mutex_);
    waker_ = std::move(waker);
  }

  void Cancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    room_.notify_all();
  }

 private:
  void Wake(bool ended) {
    std::shared_ptr<Waker> waker;
    {
      const std::lock_guard lock(mutex_);
      waker = waker_.lock();
    }
    if (waker != nullptr) waker->Wake(ended);
  }

  std::mutex mutex_;
  std::condition_variable room_;
  std::deque<Response> queue_;
  std::weak_ptr<Waker> waker_;
  std::optional<Error> error_;
  bool ended_ = false;
  bool cancelled_ = false;
};

// One stream's view of its job. The job ends when the stream does.
template <typename Response>
class JobSource final : public EventSource<Response> {
 public:
  explicit JobSource(std::shared_ptr<JobQueue<Response>> queue) : queue_(std::move(queue)) {}
  ~JobSource() override { queue_->Cancel(); }

  Result<typename EventSource<Response>::Batch> ReadAfter(std::int64_t sequence,
                                                          std::size_t) override {
    return queue_->Take(sequence);
  }
  void Subscribe(std::weak_ptr<Waker> waker) override { queue_->Subscribe(std::move(waker)); }

 private:
  const std::shared_ptr<JobQueue<Response>> queue_;
};

class Jobs {
 public:
  Jobs() = default;
  ~Jobs() { Stop(); }
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  // What a handler returns.
  template <typename Response>
  grpc::ServerWriteReactor<Response>* Start(
      std::function<Result<void>(const Send<Response>&)> work) {
    auto queue = std::make_shared<JobQueue<Response>>();
    const auto run = [queue, work = std::move(work)] {
      queue->End(work([&](Response response) { return queue->Put(std::move(response)); }));
    };
    if (auto added = Add(queue, run); !added)
      return EventStream<Response>::Fail(std::move(added).error());
    return EventStream<Response>::Start(std::make_unique<JobSource<Response>>(queue), 0,
                                        std::chrono::milliseconds(0));
  }

  // Refuses new jobs, ends those that are at work, and returns when none is.
  void Stop();

 private:
  struct Job {
    std::shared_ptr<JobState> state;
    std::thread thread;
    bool ended = false;  // under mutex_
  };

  // Errors: kDraining; kLimitExceeded.
  Result<void> Add(std::shared_ptr<JobState> state, std::function<void()> run);
  void Reap();  // REQUIRES: mutex_ is held

  std::mutex mutex_;
  std::list<Job> jobs_;
  bool stopped_ = false;
};

}  // namespace mig
