// RefService over the engine; the calls are described in proto/mig/v1/ref.proto.
#pragma once

#include "daemon/engine.h"
#include "daemon/rpc/answer.h"
#include "mig/v1/ref.grpc.pb.h"

namespace mig {

class RefService final : public v1::RefService::CallbackService {
 public:
  RefService(Engine& engine, const Calls& calls) : engine_(engine), calls_(calls) {}

  using Context = grpc::CallbackServerContext;
  grpc::ServerUnaryReactor* ListRefs(Context*, const v1::ListRefsRequest*,
                                     v1::ListRefsResponse*) override;
  grpc::ServerUnaryReactor* GetRef(Context*, const v1::GetRefRequest*,
                                   v1::GetRefResponse*) override;
  grpc::ServerUnaryReactor* CreateRef(Context*, const v1::CreateRefRequest*,
                                      v1::CreateRefResponse*) override;
  grpc::ServerUnaryReactor* DeleteRef(Context*, const v1::DeleteRefRequest*,
                                      v1::DeleteRefResponse*) override;
  grpc::ServerUnaryReactor* ListMoves(Context*, const v1::ListMovesRequest*,
                                      v1::ListMovesResponse*) override;
  grpc::ServerUnaryReactor* RestoreRef(Context*, const v1::RestoreRefRequest*,
                                       v1::RestoreRefResponse*) override;
  grpc::ServerUnaryReactor* ProtectRef(Context*, const v1::ProtectRefRequest*,
                                       v1::ProtectRefResponse*) override;
  grpc::ServerUnaryReactor* PushRef(Context*, const v1::PushRefRequest*,
                                    v1::PushRefResponse*) override;
  grpc::ServerUnaryReactor* TrackRef(Context*, const v1::TrackRefRequest*,
                                     v1::TrackRefResponse*) override;
  grpc::ServerUnaryReactor* ListObjects(Context*, const v1::ListObjectsRequest*,
                                        v1::ListObjectsResponse*) override;
  grpc::ServerUnaryReactor* ListMissing(Context*, const v1::ListMissingRequest*,
                                        v1::ListMissingResponse*) override;
  grpc::ServerWriteReactor<v1::ReadObjectsResponse>* ReadObjects(
      Context*, const v1::ReadObjectsRequest*) override;
  grpc::ServerReadReactor<v1::UploadObjectsRequest>* UploadObjects(
      Context*, v1::UploadObjectsResponse*) override;
  grpc::ServerUnaryReactor* PlanPull(Context*, const v1::PlanPullRequest*,
                                     v1::PlanPullResponse*) override;

 private:
  Engine& engine_;
  const Calls calls_;
};

}  // namespace mig
