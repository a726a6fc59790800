// Where a work tree's private daemon keeps its things, and which executable it is.
#pragma once

#include <string>

#include "store/core/result.h"

namespace mig {

struct LocalPlaces {
  // Canonical path of the state folder: the store, the locks, the log. `.mig` in the work tree, or
  // a folder of the user's runtime directory where the work tree is read-only.
  std::string state;
  // Where a daemon that is started now listens: at most 107 bytes, in a folder that only the user
  // can open.
  std::string own_socket;

  // Where the daemon that is there listens: it may have been started from a session with another
  // runtime directory (cron, CI, sudo). Without one, that is `own_socket`.
  std::string socket() const;
  std::string log() const { return state + "/daemon.log"; }
  std::string start_lock() const { return state + "/start.lock"; }
  // The daemon holds it for life; its process's id is in it.
  std::string daemon_lock() const { return state + "/daemon.lock"; }
  // Who the daemon is: its process's id, its API's number, its binary, its socket.
  std::string identity() const { return state + "/daemon.identity"; }
};

// Canonical path of `.mig` in the work tree, which is made, hidden from Git, where it is missing;
// empty when we cannot write there.
std::string StateInWorkTree(const std::string& work_tree);

// Makes the folders that are missing. Errors: kPermissionDenied for a runtime folder that others
// can open, kFileUnwritable.
Result<LocalPlaces> PlacesOf(const std::string& work_tree);

// Absolute path of migd: $MIG_MIGD; else beside this executable, or in libexec next to its folder;
// else in PATH. Errors: kDaemonUnreachable when there is none.
Result<std::string> FindMigd();

// "device:inode:mtime_ns:size" of an executable, as a daemon reports its own; empty when it cannot
// be read.
std::string BinaryIdentity(const std::string& path);

}  // namespace mig
