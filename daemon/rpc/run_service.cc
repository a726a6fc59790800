#include "daemon/rpc/run_service.h"

#include <algorithm>
#include <set>

#include "daemon/rpc/event_stream.h"
#include "daemon/rpc/messages.h"
#include "daemon/rpc/script_stream.h"

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
    batch.last_sequence = sequence;
    for (const Event& event : read.events) {
      ToMessage(event, batch.message.add_events());
      batch.last_sequence = event.sequence;
    }
    batch.ended = read.ended;
    return batch;
  }

  void Subscribe(std::weak_ptr<Waker> waker) override {
    run_->log().Subscribe([waker = std::move(waker)](bool ended) {
      const auto alive = waker.lock();
      if (alive != nullptr) alive->Wake(ended);
      return alive != nullptr;
    });
  }

 private:
  RunPtr run_;
};

// A run of another project does not exist for a caller that may not name it.
Result<Engine::KnownRun> FindRun(Engine& engine, const Identity& caller, const std::string& id) {
  Engine::KnownRun known = TRY(engine.FindRun(id));
  TRY(CheckAccess(caller, Access::kRead, known.summary.project));
  return known;
}

// The events of a run that an earlier daemon left in the store: it has ended, so nothing wakes.
template <typename Response>
class StoredRunEvents final : public EventSource<Response> {
 public:
  StoredRunEvents(RunJournal& journal, std::string id) : journal_(journal), id_(std::move(id)) {}

  Result<typename EventSource<Response>::Batch> ReadAfter(std::int64_t sequence,
                                                          std::size_t max) override {
    const auto stored = TRY(journal_.Events(id_, sequence, max));
    typename EventSource<Response>::Batch batch;
    batch.last_sequence = sequence;
    for (const RunEvent& event : stored) {
      if (!batch.message.add_events()->ParseFromString(event.bytes))
        return Error{Reason::kCorruption, "a stored event of run " + id_ + " cannot be read"};
      batch.last_sequence = static_cast<std::int64_t>(event.sequence);
    }
    batch.ended = stored.size() < max;
    return batch;
  }

  void Subscribe(std::weak_ptr<Waker>) override {}

 private:
  RunJournal& journal_;
  const std::string id_;
};

template <typename Response>
grpc::ServerWriteReactor<Response>* FollowRun(Engine& engine, Result<Engine::KnownRun> known,
                                              std::int64_t after) {
  if (!known) return EventStream<Response>::Fail(known.error());
  std::unique_ptr<EventSource<Response>> source;
  if (known->run != nullptr) {
    source = std::make_unique<RunEvents<Response>>(known->run);
  } else {
    source = std::make_unique<StoredRunEvents<Response>>(engine.journal(), known->summary.id);
  }
  return EventStream<Response>::Start(std::move(source), after);
}

constexpr std::size_t kRunsOnAPage = 100;
constexpr std::size_t kMostRunsOnAPage = 1000;

template <typename Request>
Result<RunSpec> SpecOf(const Request& request) {
  RunSpec spec;
  spec.view = FromMessage(request.view());
  spec.target = FromMessage(request.target());
  spec.operation = TRY(FromMessage(request.operation()));
  return spec;
}

}  // namespace

// Starting costs a look-up in the store and a thread: it needs no place in the pool.
grpc::ServerWriteReactor<v1::StartRunResponse>* RunService::StartRun(
    Context* context, const v1::StartRunRequest* request) {
  const auto start = [&]() -> Result<Engine::KnownRun> {
    const Identity caller = TRY(calls_.Admit(context, Access::kWrite, *request));
    RunSpec spec = TRY(SpecOf(*request));
    spec.lock_wait = Milliseconds(request->lock_wait_ms());
    spec.actor = ActorOf(caller, request->actor());
    spec.atomic = request->atomic();
    spec.request_id = request->request_id();
    spec.plan = request->plan();
    spec.allow.assign(request->allow().begin(), request->allow().end());
    Engine::KnownRun known = TRY(engine_.StartRun(spec));
    TRY(CheckAccess(caller, Access::kRead, known.summary.project));
    return known;
  };
  return FollowRun<v1::StartRunResponse>(engine_, start(), 0);
}

grpc::ServerWriteReactor<v1::WatchRunResponse>* RunService::WatchRun(
    Context* context, const v1::WatchRunRequest* request) {
  const auto find = [&]() -> Result<Engine::KnownRun> {
    const Identity caller = TRY(calls_.Admit(context, Access::kRead, *request));
    return FindRun(engine_, caller, request->run_id());
  };
  return FollowRun<v1::WatchRunResponse>(engine_, find(), request->after_sequence());
}

grpc::ServerUnaryReactor* RunService::CancelRun(Context* context,
                                                const v1::CancelRunRequest* request,
                                                v1::CancelRunResponse* response) {
  const auto cancel = [=, this](const Identity& caller) -> Result<v1::CancelRunResponse> {
    const Engine::KnownRun known = TRY(FindRun(engine_, caller, request->run_id()));
    v1::CancelRunResponse answer;
    answer.set_run_id(known.summary.id);
    answer.set_cancelled(known.run != nullptr && known.summary.outcome == RunOutcome::kRunning);
    if (known.run != nullptr) known.run->Cancel();
    return answer;
  };
  return calls_.Write(context, request, response, cancel);
}

grpc::ServerUnaryReactor* RunService::ListRuns(Context* context, const v1::ListRunsRequest* request,
                                               v1::ListRunsResponse* response) {
  const auto list = [=, this](const Identity& caller) -> Result<v1::ListRunsResponse> {
    const std::size_t offset = TRY(PageOffsetOf(request->page_token()));
    const std::size_t limit =
        request->page_size() > 0
            ? std::min(static_cast<std::size_t>(request->page_size()), kMostRunsOnAPage)
            : kRunsOnAPage;
    RunFilter filter{caller.projects, request->target_name()};
    if (request->has_project()) filter.projects = {request->project()};
    const auto runs = TRY(engine_.ListRuns(filter, offset, limit + 1));
    v1::ListRunsResponse answer;
    for (std::size_t i = 0; i < std::min(runs.size(), limit); ++i)
      ToMessage(runs[i], answer.add_runs());
    if (runs.size() > limit) answer.set_next_page_token(std::to_string(offset + limit));
    return answer;
  };
  return calls_.Read(context, request, response, list);
}

grpc::ServerUnaryReactor* RunService::PlanRun(Context* context, const v1::PlanRunRequest* request,
                                              v1::PlanRunResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::PlanRunResponse> {
    const RunSpec spec = TRY(SpecOf(*request));
    const TargetAddress address = TRY(engine_.AddressOf(spec.target));
    if (request->show_values() && address.served) {
      return Error{Reason::kPermissionDenied,
                   "the values of target " + address.name + " are the daemon's own",
                   {{"target", address.name}}};
    }
    const RunPlan plan = TRY(engine_.PlanRun(spec));
    const ShownValues values{request->show_values(), plan.values};
    v1::PlanRunResponse answer;
    answer.set_target_url(address.url.redacted);
    answer.set_plan(plan.hash);
    answer.mutable_warnings()->Assign(plan.warnings.begin(), plan.warnings.end());
    std::set<std::string> consent;
    for (const RunStep& step : plan.steps) {
      auto* message = answer.add_steps();
      ToMessage(step.summary, message);
      std::vector<Unit> units = TRY(UnitsOf(step, address.url.dialect));
      const bool first = answer.steps_size() == 1;
      if (first) {
        for (const JournalRow& row : plan.begun) CutBehindWhatRan(units, row);
      }
      for (std::size_t number = 0; number < units.size(); ++number) {
        const Unit& unit = units[number];
        const auto state = first ? StateOf(plan.begun, number, unit) : std::nullopt;
        for (const PlannedStatement& statement : unit.statements) {
          auto* planned = message->add_statements();
          ToMessage(address.url.dialect, statement, values, !unit.transaction, planned);
          if (state) planned->set_state(*state);
        }
        for (const PlannedStatement& statement : unit.verifications) {
          auto* planned = message->add_statements();
          ToMessage(address.url.dialect, statement, values, false, planned);
          planned->set_verifies(true);
        }
      }
      for (const auto& statement : message->statements()) {
        for (const auto& destroys : statement.destroys()) consent.insert(destroys.kind());
      }
    }
    for (const ValueUsed& used : plan.values.values)
      ToMessage(used, values.show, answer.add_placeholders());
    if (address.policy.is_protected)
      answer.mutable_consent()->Assign(consent.begin(), consent.end());
    return answer;
  });
}

grpc::ServerUnaryReactor* RunService::GetUnfinished(Context* context,
                                                    const v1::GetUnfinishedRequest* request,
                                                    v1::GetUnfinishedResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::GetUnfinishedResponse> {
    const auto report = TRY(engine_.ReportUnfinished(FromMessage(request->target())));
    v1::GetUnfinishedResponse answer;
    if (report) ToMessage(*report, &answer);
    return answer;
  });
}

grpc::ServerWriteReactor<v1::RenderScriptResponse>* RunService::RenderScript(
    Context* context, const v1::RenderScriptRequest* request) {
  Result<Identity> caller = calls_.Admit(context, Access::kRead, *request);
  const std::string actor = caller ? ActorOf(*caller, request->actor()) : "";
  const auto render = [=, this]() -> Result<std::string> {
    RunSpec spec = TRY(SpecOf(*request));
    spec.actor = actor;
    return engine_.RenderScript(spec);
  };
  return SendScript(std::move(caller), calls_.pool(), render);
}

}  // namespace mig
