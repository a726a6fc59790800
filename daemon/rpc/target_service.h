// TargetService over the engine; the calls are described in proto/mig/v1/target.proto.
#pragma once

#include "daemon/engine.h"
#include "daemon/rpc/answer.h"
#include "mig/v1/target.grpc.pb.h"

namespace mig {

class TargetService final : public v1::TargetService::CallbackService {
 public:
  TargetService(Engine& engine, const Calls& calls) : engine_(engine), calls_(calls) {}

  using Context = grpc::CallbackServerContext;
  grpc::ServerUnaryReactor* GetCurrent(Context*, const v1::GetCurrentRequest*,
                                       v1::GetCurrentResponse*) override;
  grpc::ServerUnaryReactor* EnsureVersion(Context*, const v1::EnsureVersionRequest*,
                                          v1::EnsureVersionResponse*) override;
  grpc::ServerUnaryReactor* DescribeTarget(Context*, const v1::DescribeTargetRequest*,
                                           v1::DescribeTargetResponse*) override;
  grpc::ServerUnaryReactor* DumpSchema(Context*, const v1::DumpSchemaRequest*,
                                       v1::DumpSchemaResponse*) override;
  grpc::ServerUnaryReactor* VerifyAudit(Context*, const v1::VerifyAuditRequest*,
                                        v1::VerifyAuditResponse*) override;
  grpc::ServerUnaryReactor* ListLog(Context*, const v1::ListLogRequest*,
                                    v1::ListLogResponse*) override;
  grpc::ServerUnaryReactor* AdoptTarget(Context*, const v1::AdoptTargetRequest*,
                                        v1::AdoptTargetResponse*) override;
  grpc::ServerUnaryReactor* RecoverHistory(Context*, const v1::RecoverHistoryRequest*,
                                           v1::RecoverHistoryResponse*) override;

 private:
  Engine& engine_;
  const Calls calls_;
};

}  // namespace mig
