// StoreService over the care of the store; the calls are described in proto/mig/v1/store.proto.
#pragma once

#include "daemon/engine.h"
#include "daemon/rpc/answer.h"
#include "daemon/rpc/jobs.h"
#include "daemon/store_care.h"
#include "mig/v1/store.grpc.pb.h"

namespace mig {

class StoreService final : public v1::StoreService::CallbackService {
 public:
  StoreService(Engine& engine, StoreCare& care, const Calls& calls)
      : engine_(engine), care_(care), calls_(calls) {}

  // Ends the jobs that are at work; from now on there are none.
  void Stop() { jobs_.Stop(); }

  using Context = grpc::CallbackServerContext;
  grpc::ServerWriteReactor<v1::CheckStoreResponse>* CheckStore(
      Context*, const v1::CheckStoreRequest*) override;
  grpc::ServerWriteReactor<v1::CollectGarbageResponse>* CollectGarbage(
      Context*, const v1::CollectGarbageRequest*) override;
  grpc::ServerWriteReactor<v1::BackUpStoreResponse>* BackUpStore(
      Context*, const v1::BackUpStoreRequest*) override;
  grpc::ServerWriteReactor<v1::ExportProjectResponse>* ExportProject(
      Context*, const v1::ExportProjectRequest*) override;
  grpc::ServerReadReactor<v1::ImportProjectRequest>* ImportProject(
      Context*, v1::ImportProjectResponse*) override;

 private:
  Engine& engine_;
  StoreCare& care_;
  const Calls calls_;
  Jobs jobs_;
};

}  // namespace mig
