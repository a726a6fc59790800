// GraphService over the engine; the calls are described in proto/mig/v1/graph.proto.
#pragma once

#include "daemon/engine.h"
#include "daemon/rpc/answer.h"
#include "mig/v1/graph.grpc.pb.h"

namespace mig {

class GraphService final : public v1::GraphService::CallbackService {
 public:
  GraphService(Engine& engine, const Calls& calls) : engine_(engine), calls_(calls) {}

  using Context = grpc::CallbackServerContext;
  grpc::ServerUnaryReactor* FindMergeBases(Context*, const v1::FindMergeBasesRequest*,
                                           v1::FindMergeBasesResponse*) override;
  grpc::ServerUnaryReactor* ListRevisions(Context*, const v1::ListRevisionsRequest*,
                                          v1::ListRevisionsResponse*) override;
  grpc::ServerUnaryReactor* CompareHistories(Context*, const v1::CompareHistoriesRequest*,
                                             v1::CompareHistoriesResponse*) override;

 private:
  Engine& engine_;
  const Calls& calls_;
};

}  // namespace mig
