// Listens on a Unix socket, lets in whom it may, and knows who is there.
//
// gRPC's own listener would take a living server's socket away, look at no caller's credentials and
// not tell who is connected. So connections are accepted here and handed over as file descriptors.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/rpc/unix_users.h"
#include "store/core/result.h"

namespace mig {

// When nobody has been connected for so long, and `busy` says no, `quit` is called, once. Counts
// from the start too, but then no less than 10 seconds: whoever starts a daemon must have time to
// connect. Where `lost`, which is asked every few seconds, says that nobody can come any more,
// there is nothing to wait for.
struct IdleRule {
  std::chrono::seconds limit{0};
  std::function<bool()> busy;
  std::function<void()> quit;
  std::function<bool()> lost = [] { return false; };
};

class UnixListener {
 public:
  // Takes over what a dead daemon left at `path`, and listens: from here on connections wait for
  // Start. The socket can be opened by its owner alone (mode 0600), unless `allowed_uids` names
  // others: then by all, and who is not named is turned away. REQUIRES: the caller holds a lock
  // that keeps other daemons from `path`. `users` learns who each connection is, and outlives this.
  //
  // Errors: kConfigInvalid (too long a path), kFileUnwritable.
  static Result<std::unique_ptr<UnixListener>> Bind(const std::string& path,
                                                    std::vector<std::uint32_t> allowed_uids,
                                                    UnixUsers& users);

  ~UnixListener();  // Close()

  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  // Hands each connection of a permitted user (the daemon's own, root, the allowed ones) to
  // `accept`, which owns the descriptor. On a thread of its own. Errors: kLimitExceeded when there
  // is none to be had.
  Result<void> Start(std::function<void(int descriptor)> accept, std::optional<IdleRule> idle);

  // Removes the socket and accepts no more; connections that waited are reset. What was accepted
  // lives on.
  void Close();

  const std::string& path() const { return path_; }

 private:
  UnixListener(std::string path, int socket, int wake, std::vector<std::uint32_t> allowed_uids,
               UnixUsers& users);

  void Run();
  void Accept();
  // Returns when Close() was called, or after this time.
  void AwaitClose(std::chrono::milliseconds time) const;
  // The user at the other end, if it may connect.
  std::optional<uid_t> PermittedUser(int descriptor) const;
  void ForgetClosed(const std::vector<bool>& closed);
  int WaitMilliseconds() const;
  void QuitIfIdle();

  const std::string path_;
  const int socket_;
  const int wake_;  // an eventfd: Close() was called
  const std::vector<std::uint32_t> allowed_uids_;
  UnixUsers& users_;
  std::function<void(int)> accept_;
  std::optional<IdleRule> idle_;
  // A duplicate of each connection's descriptor: only its hanging up is looked for.
  std::vector<int> connections_;
  std::chrono::steady_clock::time_point quiet_since_;
  bool ever_connected_ = false;
  std::atomic<bool> closed_ = false;
  std::thread thread_;
};

}  // namespace mig
