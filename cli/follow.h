// Following a run to its end on the terminal.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "cli/context.h"
#include "cli/render/run.h"

namespace mig {

// What a run's stream of events does to the terminal and to the exit status.
class Follower {
 public:
  explicit Follower(Context& context);

  // Takes one event; called in order, from one thread.
  void Take(const v1::RunEvent& event);

  // Cancels the run, at once or as soon as its id is known. From any thread.
  void Cancel();

  // After the stream has ended with `stream`. Errors: the run's own, with the state of the database
  // as detail `state`; those of the stream.
  Result<int> Outcome(Result<void> stream) const;

 private:
  void CancelNow(const std::string& run_id);

  Context& context_;
  RunProgress progress_;
  std::optional<v1::RunEvent::RunFinished> finished_;
  mutable std::mutex mutex_;
  std::string run_id_;      // under mutex_
  bool cancelled_ = false;  // under mutex_
};

// Starts the run and follows it; Ctrl-C cancels it. Fills in view, actor and request id.
Result<int> StartAndFollow(Context& context, v1::StartRunRequest request);

// Follows a run that somebody started; Ctrl-C only stops following.
Result<int> WatchAndFollow(Context& context, const std::string& run_id);

}  // namespace mig
