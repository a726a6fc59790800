// Reaches a work tree's private daemon, and starts one where none answers.
//
// A plain connect comes first: it costs nothing when a daemon runs. Otherwise one client at a time
// (start.lock) connects again and, still refused, starts migd and waits for its word. The daemon
// holds daemon.lock for life, so that there are never two on one store, whatever dies when.
#pragma once

#include <sys/types.h>

#include <string>

#include "cli/local_places.h"
#include "store/core/result.h"

namespace mig {

// A connected Unix socket: non-blocking, not inherited; the caller closes it. Errors:
// kDaemonUnreachable (the detail `absent` tells that nobody listens), kPermissionDenied,
// kConfigInvalid (too long a path).
Result<int> ConnectUnix(const std::string& path);

// The process that listens at the other end of a connected Unix socket; 0 when it is not to be seen
// from here: it is in another container.
pid_t ListenerOf(int socket);

class LocalDaemon {
 public:
  explicit LocalDaemon(LocalPlaces places) : places_(std::move(places)) {}

  // A connection to the daemon, which is started where none answers. The daemon runs as our user.
  //
  // Errors: kDaemonUnreachable, kConfigInvalid (MIG_IDLE), and what migd says when it cannot start
  // (kStoreLocked, kStoreFormat, kCorruption, ...).
  Result<int> Connect() const;

  // The same, but only to a daemon that runs.
  Result<int> ConnectRunning() const;

  // Whether the daemon behind a connection is of the migd that would be started now and speaks the
  // API of this number, as far as the file daemon.identity tells: that saves asking it. False when
  // the file is not that of the process which listens.
  bool IsKnown(int socket, int api) const;

  // Whether the folder of its state is gone, and the store with it: `git clean -fdx` takes it away.
  bool HasLostItsState() const;

  // Waits until nobody listens any more, after a daemon was told to stop; not for long.
  void AwaitGone() const;

  // The process that holds the daemon's lock, also while it does not listen yet, or not any more; 0
  // when there is none.
  pid_t LockHolder() const;

  const LocalPlaces& places() const { return places_; }

 private:
  Result<int> ConnectOrStart() const;

  LocalPlaces places_;
};

}  // namespace mig
