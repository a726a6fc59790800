#include "daemon/rpc/health_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "daemon/rpc/reflection_service.h"
#include "daemon/rpc/status.h"

namespace mig {
namespace {

// All services are there as long as the daemon is; it itself is asked for by an empty name.
bool IsKnown(const std::string& service) {
  return service.empty() || std::ranges::count(ServedNames(), service) > 0;
}

}  // namespace

bool HealthService::serving() const {
  const std::lock_guard lock(mutex_);
  return serving_;
}

void HealthService::StopServing() {
  std::vector<std::weak_ptr<Waker>> watchers;
  {
    const std::lock_guard lock(mutex_);
    serving_ = false;
    watchers.swap(watchers_);
  }
  for (const auto& watcher : watchers) {
    if (const auto alive = watcher.lock()) alive->Wake(true);
  }
}

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context,
                                               const Request* request, Response* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const Result<Identity> caller = callers_.Admit(*context, Access::kRead, {});
  if (!caller) {
    reactor->Finish(ToStatus(caller.error()));
  } else if (!IsKnown(request->service())) {
    reactor->Finish(ToStatus({Reason::kNoSuchObject,
                              "the daemon has no service `" + request->service() + "`",
                              {},
                              "an empty name asks for the daemon itself"}));
  } else {
    response->set_status(serving() ? Response::SERVING : Response::NOT_SERVING);
    reactor->Finish(grpc::Status::OK);
  }
  return reactor;
}

// At most two events: 1, how it is now, and 2, that the daemon stops.
class HealthService::Source final : public EventSource<Response> {
 public:
  Source(HealthService& service, bool known) : service_(service), known_(known) {}

  Result<Batch> ReadAfter(std::int64_t sequence, std::size_t) override {
    Batch batch;
    batch.ended = !service_.serving();
    batch.last_sequence = batch.ended ? 2 : 1;
    const auto status = batch.ended ? Response::NOT_SERVING : Response::SERVING;
    batch.message.set_status(known_ ? status : Response::SERVICE_UNKNOWN);
    if (batch.last_sequence <= sequence) batch.last_sequence = sequence;
    return batch;
  }

  void Subscribe(std::weak_ptr<Waker> waker) override {
    const std::lock_guard lock(service_.mutex_);
    std::erase_if(service_.watchers_, [](const auto& watcher) { return watcher.expired(); });
    service_.watchers_.push_back(std::move(waker));
  }

 private:
  HealthService& service_;
  const bool known_;
};

grpc::ServerWriteReactor<HealthService::Response>* HealthService::Watch(
    grpc::CallbackServerContext* context, const Request* request) {
  const Result<Identity> caller = callers_.Admit(*context, Access::kRead, {});
  if (!caller) return EventStream<Response>::Fail(caller.error());
  return EventStream<Response>::Start(std::make_unique<Source>(*this, IsKnown(request->service())),
                                      0, std::chrono::milliseconds(0));
}

}  // namespace mig
