// The daemon about itself: which one it is, and how to stop it.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "daemon/rpc/answer.h"
#include "mig/v1/admin.grpc.pb.h"

namespace mig {

// Raised with each incompatible change of the API: a client uses only a daemon of its own number.
inline constexpr int kApi = 1;

// "device:inode:mtime_ns:size" of the executable that this process was started from.
std::string RunningBinary();

class AdminService final : public v1::AdminService::CallbackService {
 public:
  struct Facts {
    std::string version;
    std::string store;
    std::vector<std::string> listen;
    std::string binary;   // RunningBinary() at start
    std::string started;  // RFC 3339
    std::function<int()> active_runs;
    // Asks main to stop, and returns at once. With only_if_idle, runs that start meanwhile are let
    // end.
    std::function<void(bool only_if_idle)> stop;
  };
  AdminService(Facts facts, const Calls& calls) : facts_(std::move(facts)), calls_(calls) {}

  // From now on GetDaemon says so.
  void SetDraining() { draining_ = true; }

  grpc::ServerUnaryReactor* GetDaemon(grpc::CallbackServerContext* context,
                                      const v1::GetDaemonRequest* request,
                                      v1::GetDaemonResponse* response) override;
  grpc::ServerUnaryReactor* StopDaemon(grpc::CallbackServerContext* context,
                                       const v1::StopDaemonRequest* request,
                                       v1::StopDaemonResponse* response) override;

 private:
  const Facts facts_;
  const Calls calls_;
  std::atomic<bool> draining_ = false;
};

}  // namespace mig
