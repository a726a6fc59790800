#include "daemon/rpc/services.h"

#include "daemon/rpc/graph_service.h"
#include "daemon/rpc/history_service.h"
#include "daemon/rpc/messages.h"
#include "daemon/rpc/ref_service.h"
#include "daemon/rpc/run_service.h"
#include "daemon/rpc/store_service.h"
#include "daemon/rpc/target_service.h"

namespace mig {
namespace {

class EngineServices final : public Services {
 public:
  EngineServices(Engine& engine, StoreCare& care, const Calls& calls)
      : engine_(engine),
        graph_(engine, calls),
        history_(engine, calls),
        ref_(engine, calls),
        target_(engine, calls),
        run_(engine, calls),
        store_(engine, care, calls) {}

  std::vector<grpc::Service*> All() override {
    return {&graph_, &history_, &ref_, &target_, &run_, &store_};
  }
  int ActiveRuns() const override { return engine_.runs().active(); }
  bool AwaitRuns(std::chrono::steady_clock::time_point deadline) override {
    return engine_.runs().AwaitEnd(deadline);
  }
  void Drain(std::chrono::steady_clock::time_point deadline) override {
    store_.Stop();
    engine_.runs().Drain(deadline);
  }

 private:
  Engine& engine_;
  GraphService graph_;
  HistoryService history_;
  RefService ref_;
  TargetService target_;
  RunService run_;
  StoreService store_;
};

}  // namespace

std::string EncodeEvent(const Event& event) {
  v1::RunEvent message;
  ToMessage(event, &message);
  return message.SerializeAsString();
}

std::unique_ptr<Services> MakeServices(Engine& engine, StoreCare& care, const Calls& calls) {
  return std::make_unique<EngineServices>(engine, care, calls);
}

}  // namespace mig
