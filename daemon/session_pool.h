// Sessions that only read, kept for a moment after use, so that the next small command needs no
// new connection. Why so, and what keeps this safe: docs/adr/0005-kept-sessions.md.
//
// A session goes to no other address than the one it was opened for, passwords and all; it is
// closed when it was idle for the time of keeping, when its connection or its database is not what
// it was (Session::MayServeAgain), or when a call failed. Whatever changes a target has a session
// of its own that never was in a pool.
//
// Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "daemon/target.h"
#include "drivers/session.h"
#include "drivers/target_url.h"
#include "store/core/result.h"

namespace mig {

class SessionPool {
 public:
  // `open` makes new sessions. At most `most` are kept, each for `keep` after its last use.
  SessionPool(SessionOpener open, std::chrono::milliseconds keep, std::size_t most);
  // REQUIRES: every session it lent is gone.
  ~SessionPool();

  // A session to read with: one that was kept, or a new one. It comes back when it is destroyed.
  // A kept one whose connection turns out to be lost is replaced by a new one within its first
  // call. Errors: those of OpenSession with IfMissing::kFail.
  Result<std::unique_ptr<Session>> Open(const TargetUrl& url);

  // Closes those of the address that are kept. False where there were none.
  bool Close(const TargetUrl& url);

 private:
  class Lent;
  struct Kept {
    TargetUrl url;
    std::unique_ptr<Session> session;
    std::chrono::steady_clock::time_point until;
  };

  std::unique_ptr<Session> TakeKept(const TargetUrl& url);
  void GiveBack(const TargetUrl& url, std::unique_ptr<Session> session);
  void CloseIdle();  // on thread_, until stopped_

  const SessionOpener open_;
  const std::chrono::milliseconds keep_;
  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Kept> kept_;  // the longest idle first
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace mig
