// Which user of this machine each connection of a Unix socket belongs to.
//
// gRPC tells a handler the peer of a call as "fd:12", the descriptor it was handed. A call may
// outlive its connection, and the system gives a closed descriptor's number to the next one. So a
// number belongs to one user for as long as the daemon lives: a connection of another user that
// gets it is moved to a number of its own.
//
// Thread-safe.
#pragma once

#include <sys/types.h>

#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace mig {

struct UnixUser {
  uid_t uid = 0;
  std::string name;  // "uid 1000" where the system knows no name
};

class UnixUsers {
 public:
  // Takes over an accepted connection of `uid` and returns the descriptor to use from now on; -1
  // when there is none left.
  int Claim(int descriptor, uid_t uid);

  // Whose connection a call's peer is; nullopt when it is none of a Unix socket.
  std::optional<UnixUser> UserOf(const std::string& peer) const;

 private:
  mutable std::mutex mutex_;
  std::map<int, uid_t> uid_of_number_;
  std::map<uid_t, std::string> names_;
};

}  // namespace mig
