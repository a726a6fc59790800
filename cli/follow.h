// Following a run to its end on the terminal, whatever happens to the connection meanwhile.
#pragma once

#include <cstdint>
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
  // The events up to `seen` are known to whoever reads.
  explicit Follower(Context& context, std::int64_t seen = 0);

  // Takes one event; called in order, from one thread. What was seen before is not shown again, but
  // for the run's end. False: there is no need to follow further, since the run was to be left
  // alone once at work.
  bool Take(const v1::RunEvent& event);

  // Follows the run on, after a stream ended with `stream` before the run did: on new connections,
  // from the last event that was taken, until the run has ended or the daemon stayed away for long.
  // The answer is that of the last stream.
  Result<void> FollowOn(Result<void> stream);

  // Cancels the run, at once or as soon as its id is known. From any thread.
  void Cancel();

  // Says that the run goes on, as the command is told to end. From any thread.
  void Leave();

  // After the stream has ended with `stream`. Errors: the run's own, with the state of the database
  // as detail `state`; those of the stream.
  Result<int> Outcome(Result<void> stream) const;

 private:
  // Whether a stream that ended so may be followed on: the connection was lost, and the run is
  // known.
  bool IsLost(const Result<void>& stream) const;
  // One stream of the events after `sequence`.
  Result<void> Watch(std::int64_t sequence);
  // What to say where the run's end was not heard.
  Result<void> GivenUp(Result<void> stream) const;
  void CancelNow(const std::string& run_id);

  Context& context_;
  const bool detach_;
  bool detached_ = false;
  RunProgress progress_;
  std::optional<v1::RunEvent::RunFinished> finished_;
  std::int64_t sequence_;  // of the last event that was seen
  mutable std::mutex mutex_;
  std::string run_id_;      // under mutex_
  bool cancelled_ = false;  // under mutex_
};

// Starts the run and follows it; Ctrl-C cancels it, SIGTERM leaves it alone. Fills in view, actor
// and request id. With
// --detach only until the run is at work, or has ended.
Result<int> StartAndFollow(Context& context, v1::StartRunRequest request);

// Follows a run that somebody started, and shows it from behind the event `after`; Ctrl-C only
// stops following.
Result<int> WatchAndFollow(Context& context, const std::string& run_id, std::int64_t after);

}  // namespace mig
