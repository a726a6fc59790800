// What the daemon serves besides itself: the services over the engine.
#pragma once

#include <grpcpp/impl/service_type.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "daemon/rpc/answer.h"

namespace mig {

class Engine;
class StoreCare;
struct Event;

// Services that the server registers, and what main must know of them to stop well. From any
// thread.
class Services {
 public:
  virtual ~Services() = default;

  // Owned by this; they live as long as it does.
  virtual std::vector<grpc::Service*> All() = 0;

  virtual int ActiveRuns() const = 0;

  // Refuses new runs with kDraining from now on, and waits for the active ones until the deadline.
  // Whether all have ended.
  virtual bool AwaitRuns(std::chrono::steady_clock::time_point deadline) = 0;

  // The same, but interrupts at the deadline what has not ended, and ends every watcher's log.
  // Afterwards nothing of the services waits for anything.
  virtual void Drain(std::chrono::steady_clock::time_point deadline) = 0;
};

// An event as the store keeps it: a RunEvent of the API, serialised.
std::string EncodeEvent(const Event& event);

std::unique_ptr<Services> MakeServices(Engine& engine, StoreCare& care, const Calls& calls);

}  // namespace mig
