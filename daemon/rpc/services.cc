#include "daemon/rpc/services.h"

#include "daemon/rpc/graph_service.h"
#include "daemon/rpc/history_service.h"
#include "daemon/rpc/messages.h"
#include "daemon/rpc/ref_service.h"
#include "daemon/rpc/run_service.h"
#include "daemon/rpc/target_service.h"

namespace mig {
namespace {

class EngineServices final : public Services {
 public:
  EngineServices(Engine& engine, Pool& pool)
      : engine_(engine),
        graph_(engine, pool),
        history_(engine, pool),
        ref_(engine, pool),
        target_(engine, pool),
        run_(engine, pool) {}

  std::vector<grpc::Service*> All() override { return {&graph_, &history_, &ref_, &target_, &run_}; }
  int ActiveRuns() const override { return engine_.runs().active(); }
  void Drain(std::chrono::steady_clock::time_point deadline) override {
    engine_.runs().Drain(deadline);
  }

 private:
  Engine& engine_;
  GraphService graph_;
  HistoryService history_;
  RefService ref_;
  TargetService target_;
  RunService run_;
};

}  // namespace

std::string EncodeEvent(const Event& event) {
  v1::RunEvent message;
  ToMessage(event, &message);
  return message.SerializeAsString();
}

std::unique_ptr<Services> MakeServices(Engine& engine, Pool& pool) {
  return std::make_unique<EngineServices>(engine, pool);
}

}  // namespace mig
