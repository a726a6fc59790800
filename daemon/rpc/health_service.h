// grpc.health.v1: whether the daemon serves, for load balancers and probes.
#pragma once

#include <grpc/health/v1/health.grpc.pb.h>

#include <memory>
#include <mutex>
#include <vector>

#include "daemon/rpc/callers.h"
#include "daemon/rpc/event_stream.h"

namespace mig {

// Thread-safe.
class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  using Request = grpc::health::v1::HealthCheckRequest;
  using Response = grpc::health::v1::HealthCheckResponse;

  // `callers` outlives it.
  explicit HealthService(const Callers& callers) : callers_(callers) {}

  // From now on it says NOT_SERVING; whoever watches is told so, and that is the last word.
  void StopServing();

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context, const Request* request,
                                  Response* response) override;
  grpc::ServerWriteReactor<Response>* Watch(grpc::CallbackServerContext* context,
                                            const Request* request) override;

 private:
  class Source;

  bool serving() const;

  const Callers& callers_;
  mutable std::mutex mutex_;
  bool serving_ = true;
  std::vector<std::weak_ptr<Waker>> watchers_;
};

}  // namespace mig
