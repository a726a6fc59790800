#include "cli/follow.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "cli/interrupt.h"
#include "cli/render/error.h"
#include "cli/request_id.h"

namespace mig {
namespace {

// How long a daemon may stay away before a run is given up: a restart takes seconds.
constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{2000};

Error OutcomeError(const v1::RunEvent::RunFinished& finished) {
  if (finished.has_error()) return ErrorOf(finished.error());
  if (finished.outcome() == v1::Run::OUTCOME_CANCELLED)
    return {Reason::kCancelled, "the run was cancelled"};
  return {Reason::kDaemonUnreachable, "the daemon ended before the run did"};
}

}  // namespace

Follower::Follower(Context& context, std::int64_t seen)
    : context_(context),
      detach_(context.args().Has("detach")),
      progress_(context.terminal().live() ? context.terminal().width() : 0,
                context.args().Has("verbose"), context.terminal().err_style()),
      sequence_(seen) {}

bool Follower::Take(const v1::RunEvent& event) {
  if (event.has_run_started()) {
    std::lock_guard lock(mutex_);
    run_id_ = event.run_started().run_id();
    if (cancelled_) CancelNow(run_id_);
  }
  if (event.has_run_finished()) finished_ = event.run_finished();
  const RunProgress::Shown shown = progress_.On(event);
  // A daemon that was restarted may have lost the last events, and ends the run at an earlier one.
  if (event.sequence() <= sequence_ && !event.has_run_finished()) return true;
  sequence_ = event.sequence();
  if (context_.json()) {
    context_.PrintJson(event);
    (void)context_.terminal().Flush();
  } else {
    const bool is_known = event.has_notice() && context_.WasAdvised(event.notice().message());
    if (!shown.lines.empty() && !is_known) context_.terminal().Tell(shown.lines);
    context_.terminal().Live(shown.live);
  }
  detached_ = detach_ && (event.has_step_started() || event.has_waiting());
  return !detached_;
}

bool Follower::IsLost(const Result<void>& stream) const {
  const std::lock_guard lock(mutex_);
  return !finished_ && !detached_ && !run_id_.empty() &&
         (stream || stream.error().reason == Reason::kDaemonUnreachable ||
          stream.error().reason == Reason::kDraining);
}

Result<void> Follower::Watch(std::int64_t sequence) {
  v1::WatchRunRequest request;
  request.set_run_id(run_id_);
  request.set_after_sequence(sequence);
  Client* client = TRY(context_.client());
  return client->WatchRun(request, [this](const v1::RunEvent& event) { return Take(event); });
}

Result<void> Follower::FollowOn(Result<void> stream) {
  if (!IsLost(stream)) return stream;
  context_.terminal().Tell("the connection to the daemon was lost; connecting again\n");
  auto last_heard = std::chrono::steady_clock::now();
  auto pause = kFirstPause;
  while (IsLost(stream) && std::chrono::steady_clock::now() < last_heard + kPatience) {
    std::this_thread::sleep_for(pause);
    const std::int64_t before = sequence_;
    stream = Watch(sequence_);
    // It ended without a word: the daemon's account of the run is shorter than what was seen.
    if (stream && !finished_ && sequence_ == before) stream = Watch(0);
    const bool heard = sequence_ > before;
    if (heard) last_heard = std::chrono::steady_clock::now();
    pause = heard ? kFirstPause : std::min(2 * pause, kLongestPause);
  }
  return finished_ ? Result<void>() : GivenUp(std::move(stream));
}

Result<void> Follower::GivenUp(Result<void> stream) const {
  if (stream) return stream;
  Error error = std::move(stream).error();
  if (error.reason == Reason::kNoSuchRun) {
    error.reason = Reason::kDaemonUnreachable;
    error.message = "the daemon ended during run " + run_id_ + ", and knows nothing of it any more";
    error.hint = "`mig current` tells what took effect; the same command again goes on from there";
  } else if (error.reason == Reason::kDaemonUnreachable) {
    error.hint = "the run goes on where its daemon does: `mig watch " + run_id_ + "` follows it";
  }
  return error;
}

void Follower::Cancel() {
  std::lock_guard lock(mutex_);
  if (cancelled_) return;
  cancelled_ = true;
  context_.terminal().Warn(
      "cancelling: waiting for the database (Ctrl-C again leaves at once, and the run goes on "
      "ending by itself)\n");
  if (!run_id_.empty()) CancelNow(run_id_);
}

void Follower::Leave() {
  const std::lock_guard lock(mutex_);
  context_.terminal().Warn(
      run_id_.empty() ? "told to end: a run that has begun goes on in the daemon, and `mig runs` "
                        "lists it\n"
                      : "told to end: the run goes on in the daemon: `mig watch " + run_id_ +
                            "` follows it, `mig runs cancel " + run_id_ + "` ends it\n");
}

void Follower::CancelNow(const std::string& run_id) {
  v1::CancelRunRequest request;
  request.set_run_id(run_id);
  Result<Client*> client = context_.client();
  if (!client) return;
  Result<v1::CancelRunResponse> cancelled = (*client)->Call(request);
  if (!cancelled)
    context_.terminal().Warn(RenderError(cancelled.error(), context_.terminal().err_style()));
}

Result<int> Follower::Outcome(Result<void> stream) const {
  if (detached_) {
    context_.terminal().Live("");
    context_.terminal().Tell("the run goes on in the daemon: `mig watch " + run_id_ +
                             "` follows it, `mig runs cancel " + run_id_ + "` ends it\n");
  } else if (!finished_) {
    TRY(std::move(stream));
    return Error{Reason::kDaemonUnreachable, "the daemon ended the stream before the run ended"};
  } else if (finished_->outcome() != v1::Run::OUTCOME_DONE) {
    Error error = OutcomeError(*finished_);
    if (!finished_->state().empty()) error.details["state"] = finished_->state();
    return error;
  }
  if (detach_ && !context_.json()) context_.terminal().Print(run_id_ + "\n");
  return kDone;
}

Result<int> StartAndFollow(Context& context, v1::StartRunRequest request) {
  request.set_actor(context.Author());
  request.set_request_id(NewRequestId());
  Follower follower(context);
  Interrupt interrupt([&] { follower.Cancel(); }, [&] { follower.Leave(); });
  Result<void> stream = context.Run(
      std::move(request), [&](const v1::RunEvent& event) { return follower.Take(event); });
  return follower.Outcome(follower.FollowOn(std::move(stream)));
}

Result<int> WatchAndFollow(Context& context, const std::string& run_id, std::int64_t after) {
  v1::WatchRunRequest request;
  request.set_run_id(run_id);  // from its beginning, which tells what the rest is about
  Follower follower(context, after);
  Client* client = TRY(context.client());
  Result<void> stream =
      client->WatchRun(request, [&](const v1::RunEvent& event) { return follower.Take(event); });
  return follower.Outcome(follower.FollowOn(std::move(stream)));
}

}  // namespace mig
