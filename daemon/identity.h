// Who calls, how that was proved, and what it may do: one value that every handler of the API is
// given.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/result.h"

namespace mig {

// What a call asks for.
enum class Access {
  kRead,        // moves no ref, stores no revision, runs nothing on a target
  kWrite,       // moves refs, runs on targets
  kAdminister,  // stops the daemon, backs its store up, imports logs: for callers on this machine
                // alone
};

struct Identity {
  enum class Proof {
    kOwner,        // on a Unix socket: the daemon's own user, or root
    kUser,         // on a Unix socket: another user of this machine
    kToken,        // over TLS, with a bearer token
    kCertificate,  // over TLS, with a client certificate
  };
  Proof proof = Proof::kOwner;
  std::string name;                        // the user's, the token's, the certificate's subject
  std::vector<std::string> projects = {};  // the only ones it may name; empty: every one
  bool read_only = false;

  friend bool operator==(const Identity&, const Identity&) = default;
};

// "user ann", "token team-a", "certificate ann@example.com".
std::string Describe(const Identity& caller);

// What a caller calls itself, or is called, as logs keep it: one line of UTF-8, of a text above
// kMaxCallerBytes the beginning.
std::string LineForLog(std::string_view text);

// What logs say of who asked: what the caller calls itself ("Ann <ann@example.com>"), followed by
// who it proved to be unless that is the daemon's own user: "Ann <ann@example.com> (token team-a)".
std::string ActorOf(const Identity& caller, std::string_view claimed);

// Whether the caller may do that, to `project` where the call is about one.
// Errors: kPermissionDenied, saying why.
Result<void> CheckAccess(const Identity& caller, Access access,
                         const std::optional<std::string>& project);

}  // namespace mig
