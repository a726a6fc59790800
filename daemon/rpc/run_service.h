// RunService over the engine; the calls are described in proto/mig/v1/run.proto.
#pragma once

#include "daemon/engine.h"
#include "daemon/rpc/answer.h"
#include "mig/v1/run.grpc.pb.h"

namespace mig {

class RunService final : public v1::RunService::CallbackService {
 public:
  RunService(Engine& engine, const Calls& calls) : engine_(engine), calls_(calls) {}

  using Context = grpc::CallbackServerContext;
  grpc::ServerWriteReactor<v1::StartRunResponse>* StartRun(Context*,
                                                           const v1::StartRunRequest*) override;
  grpc::ServerWriteReactor<v1::WatchRunResponse>* WatchRun(Context*,
                                                           const v1::WatchRunRequest*) override;
  grpc::ServerUnaryReactor* CancelRun(Context*, const v1::CancelRunRequest*,
                                      v1::CancelRunResponse*) override;
  grpc::ServerUnaryReactor* ListRuns(Context*, const v1::ListRunsRequest*,
                                     v1::ListRunsResponse*) override;
  grpc::ServerUnaryReactor* PlanRun(Context*, const v1::PlanRunRequest*,
                                    v1::PlanRunResponse*) override;
  grpc::ServerUnaryReactor* GetUnfinished(Context*, const v1::GetUnfinishedRequest*,
                                          v1::GetUnfinishedResponse*) override;
  grpc::ServerWriteReactor<v1::RenderScriptResponse>* RenderScript(
      Context*, const v1::RenderScriptRequest*) override;

 private:
  Engine& engine_;
  const Calls calls_;
};

}  // namespace mig
