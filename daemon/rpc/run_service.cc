#include "daemon/rpc/run_service.h"

#include <set>

#include "daemon/rpc/answer.h"
#include "daemon/rpc/event_stream.h"
#include "daemon/rpc/messages.h"
#include "drivers/sql/destruction.h"

namespace mig {
namespace {

// A run's log as the messages of one call.
template <typename Response>
class RunEvents final : public EventSource<Response> {
 public:
  explicit RunEvents(RunPtr run) : run_(std::move(run)) {}

  Result<typename EventSource<Response>::Batch> ReadAfter(std::int64_t sequence,
                                                          std::size_t max) override {
    const RunLog::Read read = run_->log().ReadAfter(sequence, max);
    typename EventSource<Response>::Batch batch;
    for (const Event& event : read.events) {
      ToMessage(event, batch.events.emplace_back().mutable_event());
      batch.last_sequence = event.sequence;
    }
    batch.ended = read.ended;
    return batch;
  }

  void Subscribe(std::weak_ptr<Waker> waker) override {
    run_->log().Subscribe([waker = std::move(waker)] {
      const auto alive = waker.lock();
      if (alive != nullptr) alive->Wake();
      return alive != nullptr;
    });
  }

 private:
  RunPtr run_;
};

template <typename Response>
grpc::ServerWriteReactor<Response>* FollowRun(Result<RunPtr> run, std::int64_t after) {
  if (!run) return EventStream<Response>::Fail(run.error());
  return EventStream<Response>::Start(std::make_unique<RunEvents<Response>>(std::move(run).value()),
                                      after);
}

template <typename Request>
Result<RunSpec> SpecOf(const Request& request) {
  RunSpec spec;
  spec.view = FromMessage(request.view());
  spec.target = FromMessage(request.target());
  spec.operation = TRY(FromMessage(request.operation()));
  return spec;
}

}  // namespace

// Starting costs a look-up and a thread, no I/O: it needs no place in the pool.
grpc::ServerWriteReactor<v1::StartRunResponse>* RunService::StartRun(
    Context*, const v1::StartRunRequest* request) {
  const auto start = [&]() -> Result<RunPtr> {
    RunSpec spec = TRY(SpecOf(*request));
    spec.lock_wait = Milliseconds(request->lock_wait_ms());
    spec.actor = request->actor();
    spec.request_id = request->request_id();
    spec.plan = request->plan();
    spec.allow.assign(request->allow().begin(), request->allow().end());
    return engine_.StartRun(spec);
  };
  return FollowRun<v1::StartRunResponse>(start(), 0);
}

grpc::ServerWriteReactor<v1::WatchRunResponse>* RunService::WatchRun(
    Context*, const v1::WatchRunRequest* request) {
  return FollowRun<v1::WatchRunResponse>(engine_.runs().Find(request->run_id()),
                                         request->after_sequence());
}

grpc::ServerUnaryReactor* RunService::CancelRun(Context* context,
                                                const v1::CancelRunRequest* request,
                                                v1::CancelRunResponse* response) {
  return Answer(context, pool_, response, [=, this]() -> Result<v1::CancelRunResponse> {
    const RunPtr run = TRY(engine_.runs().Find(request->run_id()));
    v1::CancelRunResponse answer;
    answer.set_cancelled(run->summary().outcome == RunOutcome::kRunning);
    run->Cancel();
    return answer;
  });
}

grpc::ServerUnaryReactor* RunService::ListRuns(Context* context, const v1::ListRunsRequest* request,
                                               v1::ListRunsResponse* response) {
  return Answer(context, pool_, response, [=, this]() -> Result<v1::ListRunsResponse> {
    v1::ListRunsResponse answer;
    for (const RunSummary& summary : engine_.runs().List(request->target_name())) {
      if (request->page_size() > 0 && answer.runs_size() >= request->page_size()) break;
      ToMessage(summary, answer.add_runs());
    }
    return answer;
  });
}

grpc::ServerUnaryReactor* RunService::PlanRun(Context* context, const v1::PlanRunRequest* request,
                                              v1::PlanRunResponse* response) {
  return Answer(context, pool_, response, [=, this]() -> Result<v1::PlanRunResponse> {
    const RunSpec spec = TRY(SpecOf(*request));
    const TargetAddress address = TRY(engine_.AddressOf(spec.target));
    const RunPlan plan = TRY(engine_.PlanRun(spec));
    v1::PlanRunResponse answer;
    answer.set_target_url(address.url.redacted);
    answer.set_plan(plan.hash);
    std::set<std::string> consent;
    for (const RunStep& step : plan.steps) {
      auto* message = answer.add_steps();
      ToMessage(step.summary, message);
      const std::vector<Unit> units = TRY(UnitsOf(step, address.url.dialect));
      for (const Unit& unit : units) {
        for (const PlannedStatement& statement : unit.statements)
          ToMessage(address.url.dialect, statement, !unit.transaction, message->add_statements());
        for (const PlannedStatement& statement : unit.statements) {
          for (const Destruction& lost : DestructionsOf(address.url.dialect, statement.sql))
            consent.insert(lost.kind);
        }
      }
    }
    if (address.policy.is_protected)
      answer.mutable_consent()->Assign(consent.begin(), consent.end());
    return answer;
  });
}

grpc::ServerUnaryReactor* RunService::RenderScript(Context* context,
                                                   const v1::RenderScriptRequest* request,
                                                   v1::RenderScriptResponse* response) {
  return Answer(context, pool_, response, [=, this]() -> Result<v1::RenderScriptResponse> {
    const RunSpec spec = TRY(SpecOf(*request));
    v1::RenderScriptResponse answer;
    answer.set_script(TRY(engine_.RenderScript(spec)));
    return answer;
  });
}

}  // namespace mig
