// The gRPC server: the given services, with health and reflection, on every configured address.
#pragma once

#include <grpcpp/server.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/config.h"
#include "daemon/rpc/callers.h"
#include "daemon/rpc/health_service.h"
#include "daemon/rpc/reflection_service.h"
#include "daemon/rpc/unix_listener.h"
#include "store/core/result.h"

namespace mig {

// Listening sockets are made first and served later: a caller may connect from Bind on, and is
// answered after Serve.
class Server {
 public:
  // Listens on the Unix sockets of the configuration. REQUIRES: CheckDaemonConfig passed, and the
  // caller holds the locks that keep other daemons from these paths; `callers` outlives the server.
  //
  // Errors: of UnixListener::Bind.
  static Result<std::unique_ptr<Server>> Bind(const DaemonConfig& config, Callers& callers);

  ~Server();  // Shutdown(now)

  // Answers calls, on TCP too. The services outlive the server. `idle` applies to Unix sockets.
  //
  // Errors: kFileUnreadable (TLS), kConfigInvalid (an address that is taken or not this machine's).
  Result<void> Serve(const std::vector<grpc::Service*>& services, std::optional<IdleRule> idle);

  // Removes the Unix sockets and reports not serving; calls and connections that are there go on.
  void StopListening();

  // Takes no more calls, waits for those that are there until the deadline, then cancels them.
  // After StopListening.
  void Shutdown(std::chrono::system_clock::time_point deadline);

 private:
  Server(const DaemonConfig& config, Callers& callers)
      : config_(config),
        callers_(callers),
        health_(callers),
        reflection_(callers),
        reflection_alpha_(callers) {}

  Result<void> Build(const std::vector<grpc::Service*>& services);

  const DaemonConfig config_;
  Callers& callers_;
  HealthService health_;
  ReflectionService reflection_;
  ReflectionServiceAlpha reflection_alpha_;
  std::vector<std::unique_ptr<UnixListener>> listeners_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace mig
