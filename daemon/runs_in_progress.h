// The runs of this daemon, each with a thread and a log of its own. A run goes on when whoever
// asked for it is gone. Which of several runs on one target goes first is decided by its lease.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "daemon/run_log.h"
#include "daemon/world.h"
#include "drivers/session.h"
#include "store/core/result.h"
#include "store/runs.h"

namespace mig {

// What is told of a run in a list.
struct RunSummary {
  std::string id;
  std::string project;
  std::string target_name;
  std::string target_url;  // redacted
  std::string summary;     // "upgrade head"
  std::string actor;
  RunOutcome outcome = RunOutcome::kRunning;
  std::string started;
  std::string finished;
  std::string error;
  std::string error_reason;
};

// One run, while it goes and as long as it is remembered. Thread-safe.
class RunInProgress {
 public:
  explicit RunInProgress(RunSummary summary) : summary_(std::move(summary)) {}

  // To be read.
  RunLog& log() { return log_; }
  RunSummary summary() const;
  bool cancelled() const { return cancelled_; }

  // Stops the statement that is running, and every later one. May wait for the server; of the other
  // calls only Interrupts() waits with it.
  void Cancel();
  // The same, because the daemon ends: a run that is cancelled by this says so.
  void Stop();
  // The session whose statement Cancel() interrupts; null when there is none (any more). The one
  // before is used no more when this returns.
  void Interrupts(Session* session);
  // Writes to the log what happened, without secrets in what servers said, and kMaxToldBytes of
  // each text of theirs; a RunFinished to the summary, too. From any thread.
  void Tell(std::string time, EventBody body);

 private:
  RunLog log_;
  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> stopped_ = false;  // and nobody had cancelled it before
  mutable std::mutex mutex_;           // guards summary_
  RunSummary summary_;
  std::mutex session_mutex_;  // guards session_, over Interrupt(), too
  Session* session_ = nullptr;
};
using RunPtr = std::shared_ptr<RunInProgress>;

class RunsInProgress {
 public:
  explicit RunsInProgress(const World& world) : world_(world) {}
  // Cancels what runs and joins its threads.
  ~RunsInProgress();

  // Starts `work` on a thread of its own. `work` tells the run what happens, of which what it
  // returns is the end. A known `id` gives the run it names; `started` is called for a new one,
  // before its thread is there. Errors: kDraining; kLimitExceeded, with which the run has failed,
  // too.
  using Work = std::function<RunFinished(RunInProgress&)>;
  Result<RunPtr> Start(RunSummary summary, Work work,
                       const std::function<void(const RunPtr&)>& started);

  // Null when there is none.
  RunPtr Find(const std::string& id) const;
  std::vector<std::string> IdsWithPrefix(std::string_view prefix) const;
  // Newest first.
  std::vector<RunSummary> List(const RunFilter& filter) const;
  int active() const;
  // When the longest run that is going on was started; empty: none is.
  std::string oldest_start() const;

  // Refuses new runs from now on. Returns at the deadline, or when no run is at work and all logs
  // have ended; whether that is so.
  bool AwaitEnd(std::chrono::steady_clock::time_point deadline);
  // The same, but cancels from the deadline on what is still at work, again and again, and returns
  // when none is.
  void Drain(std::chrono::steady_clock::time_point deadline);

 private:
  struct Entry {
    RunPtr run;
    std::thread thread;
    bool ended = false;
  };
  void Forget();          // the oldest that ended, beyond what is remembered; REQUIRES mutex_
  bool AllEnded() const;  // the same
  std::vector<RunPtr> AtWork() const;

  const World& world_;
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  bool draining_ = false;
  std::vector<std::shared_ptr<Entry>> entries_;  // oldest first
};

}  // namespace mig
