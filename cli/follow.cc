#include "cli/follow.h"

#include <sys/random.h>

#include "cli/interrupt.h"
#include "cli/render/error.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

std::string RandomId() {
  std::string bytes(16, '\0');
  [[maybe_unused]] ssize_t filled = ::getrandom(bytes.data(), bytes.size(), 0);
  return Hex(bytes);
}

Error OutcomeError(const v1::RunEvent::RunFinished& finished) {
  if (finished.has_error()) return ErrorOf(finished.error());
  if (finished.outcome() == v1::Run::OUTCOME_CANCELLED)
    return {Reason::kCancelled, "the run was cancelled"};
  return {Reason::kDaemonUnreachable, "the daemon ended before the run did"};
}

}  // namespace

Follower::Follower(Context& context)
    : context_(context),
      progress_(context.terminal().live() ? context.terminal().width() : 0,
                context.terminal().err_style()) {}

void Follower::Take(const v1::RunEvent& event) {
  if (event.has_run_started()) {
    std::lock_guard lock(mutex_);
    run_id_ = event.run_started().run_id();
    if (cancelled_) CancelNow(run_id_);
  }
  if (event.has_run_finished()) finished_ = event.run_finished();
  if (context_.json()) {
    context_.PrintJson(event);
    (void)context_.terminal().Flush();
    return;
  }
  RunProgress::Shown shown = progress_.On(event);
  if (!shown.lines.empty()) context_.terminal().Tell(shown.lines);
  context_.terminal().Live(shown.live);
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
  if (!finished_) {
    TRY(std::move(stream));
    return Error{Reason::kDaemonUnreachable, "the daemon ended the stream before the run ended"};
  }
  if (finished_->outcome() == v1::Run::OUTCOME_DONE) return kDone;
  Error error = OutcomeError(*finished_);
  if (!finished_->state().empty()) error.details["state"] = finished_->state();
  return error;
}

Result<int> StartAndFollow(Context& context, v1::StartRunRequest request) {
  request.set_actor(context.Author());
  request.set_request_id(RandomId());
  Follower follower(context);
  Interrupt interrupt([&] { follower.Cancel(); });
  Result<void> stream =
      context.Run(std::move(request), [&](const v1::RunEvent& event) { follower.Take(event); });
  return follower.Outcome(std::move(stream));
}

Result<int> WatchAndFollow(Context& context, const std::string& run_id) {
  v1::WatchRunRequest request;
  request.set_run_id(run_id);
  Follower follower(context);
  Client* client = TRY(context.client());
  Result<void> stream =
      client->WatchRun(request, [&](const v1::RunEvent& event) { follower.Take(event); });
  return follower.Outcome(std::move(stream));
}

}  // namespace mig
