// A few threads for short calls, with a bounded queue.
//
// gRPC's own threads must never block, so a handler posts its work here. Runs do not belong here:
// each owns a thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "store/core/result.h"

namespace mig {

class Pool {
 public:
  using Task = std::function<void()>;

  // Threads are started when there is work for them, `threads` at most.
  Pool(std::size_t threads, std::size_t max_queued);
  ~Pool();  // Stop()

  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Runs the task on some thread, soon. A refused task is destroyed without having run. From any
  // thread.
  //
  // Errors: kLimitExceeded when the queue is full, or when there is no thread to be had and none at
  // work; kDraining after Stop().
  Result<void> Post(Task task);

  // Refuses new tasks, runs those that are queued, and joins the threads. Not from a task.
  void Stop();

 private:
  void Work();

  const std::size_t max_threads_;
  const std::size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Task> queue_;
  std::size_t idle_ = 0;  // threads that wait for a task
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mig
