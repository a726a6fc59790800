// Tells who keeps a run's statement waiting, once it has taken 0.3 s, or at once where the step is
// repeated because it met a lock: a thread beside the run asks the server over a connection of its
// own, which is opened only then.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "daemon/event.h"
#include "drivers/session.h"
#include "store/core/result.h"

namespace mig {

class BlockWatch {
 public:
  using Opener = std::function<Result<std::unique_ptr<Session>>()>;

  // Watches `session`, which Note asks for its server's id of it; does nothing when there is none,
  // or when there is no thread to be had, which `observe` is told at once. Else it is called from
  // the watch's thread.
  BlockWatch(const Session& session, Opener open, Observer observe);
  ~BlockWatch();
  BlockWatch(const BlockWatch&) = delete;

  // What the run tells of itself: which statement runs now. From the run's thread. REQUIRES: the
  // session is there while statements run.
  void Note(const EventBody& event);
  // Whom a statement of the step under way was last seen to wait for; empty: for nobody.
  std::string LastHolder();

 private:
  void Work();
  // Tells who keeps the statement waiting that runs since then, unless another one runs by now.
  void Look(std::int64_t server_id, std::chrono::steady_clock::time_point since);

  const Session& session_;  // of the run's thread
  const Opener open_;
  const Observer observe_;
  std::mutex mutex_;
  // Used by the watch's thread; made and dropped under the lock.
  std::unique_ptr<Session> observer_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::string verb_;            // of the statement that runs; empty: none
  std::int64_t server_id_ = 0;  // of the session that runs it
  std::string told_;            // who was named last as keeping it waiting
  std::string holder_;          // see LastHolder()
  bool repeated_ = false;       // the step is, for a lock
  std::chrono::steady_clock::time_point since_;
  std::thread thread_;
};

}  // namespace mig
