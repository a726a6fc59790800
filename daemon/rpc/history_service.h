// HistoryService over the engine; the calls are described in proto/mig/v1/history.proto.
#pragma once

#include "daemon/engine.h"
#include "daemon/rpc/answer.h"
#include "mig/v1/history.grpc.pb.h"

namespace mig {

class HistoryService final : public v1::HistoryService::CallbackService {
 public:
  HistoryService(Engine& engine, const Calls& calls) : engine_(engine), calls_(calls) {}

  using Context = grpc::CallbackServerContext;
  grpc::ServerUnaryReactor* OpenWorkTree(Context*, const v1::OpenWorkTreeRequest*,
                                         v1::OpenWorkTreeResponse*) override;
  grpc::ServerReadReactor<v1::UploadFilesRequest>* UploadFiles(Context*,
                                                               v1::UploadFilesResponse*) override;
  grpc::ServerUnaryReactor* ListHistory(Context*, const v1::ListHistoryRequest*,
                                        v1::ListHistoryResponse*) override;
  grpc::ServerUnaryReactor* ListHeads(Context*, const v1::ListHeadsRequest*,
                                      v1::ListHeadsResponse*) override;
  grpc::ServerUnaryReactor* ListBranches(Context*, const v1::ListBranchesRequest*,
                                         v1::ListBranchesResponse*) override;
  grpc::ServerUnaryReactor* ShowRevisions(Context*, const v1::ShowRevisionsRequest*,
                                          v1::ShowRevisionsResponse*) override;
  grpc::ServerUnaryReactor* DraftRevision(Context*, const v1::DraftRevisionRequest*,
                                          v1::DraftRevisionResponse*) override;
  grpc::ServerUnaryReactor* GetStatus(Context*, const v1::GetStatusRequest*,
                                      v1::GetStatusResponse*) override;
  grpc::ServerUnaryReactor* GetObject(Context*, const v1::GetObjectRequest*,
                                      v1::GetObjectResponse*) override;

 private:
  Engine& engine_;
  const Calls calls_;
};

}  // namespace mig
