#include "daemon/rpc/jobs.h"

#include <algorithm>

#include "daemon/thread.h"

namespace mig {

void Jobs::Reap() {
  std::erase_if(jobs_, [](Job& job) {
    if (job.ended) job.thread.join();
    return job.ended;
  });
}

Result<void> Jobs::Add(std::shared_ptr<JobState> state, std::function<void()> run) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return Error{Reason::kDraining, "the daemon is stopping"};
  Reap();
  if (jobs_.size() >= kMaxJobs) {
    return Error{Reason::kLimitExceeded,
                 "the daemon does " + std::to_string(kMaxJobs) + " long jobs already",
                 {},
                 "repeat the command when one of them has ended"};
  }
  Job& job = jobs_.emplace_back();
  job.state = std::move(state);
  Result<std::thread> thread = StartThread([this, &job, run = std::move(run)] {
    run();
    const std::lock_guard ended(mutex_);
    job.ended = true;
  });
  if (!thread) {
    jobs_.pop_back();
    return std::move(thread).error();
  }
  job.thread = std::move(thread).value();
  return {};
}

void Jobs::Stop() {
  std::list<Job> jobs;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    for (Job& job : jobs_) job.state->Cancel();
    jobs.splice(jobs.end(), jobs_);
  }
  for (Job& job : jobs) job.thread.join();
}

}  // namespace mig
