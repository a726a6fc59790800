// What `mig login` keeps: tokens of daemons, by address, in a file that only its owner can read
// ($XDG_CONFIG_HOME/mig/credentials, else ~/.config/mig/credentials).
//
// A line of the file is `<address> <token>`, followed by ` <path>` where the daemon's certificate
// was checked against a file of authorities.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/channel.h"
#include "cli/config.h"
#include "store/core/result.h"

namespace mig {

struct Credential {
  std::string address;  // "https://HOST:PORT"
  std::string token;
  std::string ca_file = {};  // absolute; empty: the system's authorities
};

// Errors: kConfigInvalid where neither the environment nor the system knows a home folder.
Result<std::string> CredentialsFile(const Environment& environment);

// The one kept for the address. Errors: kFileUnreadable; kPermissionDenied when others can read the
// file.
Result<std::optional<Credential>> FindCredential(const Environment& environment,
                                                 std::string_view address);

// Adds to the address of a daemon what was kept for it, where it says nothing of who calls. Errors:
// as FindCredential.
Result<void> AddCredential(const Environment& environment, DaemonAddress& address);

// Keeps it in place of an earlier one. Errors: as CredentialsFile and FindCredential;
// kFileUnwritable.
Result<void> KeepCredential(const Environment& environment, const Credential& credential);

// Whether there was one. Errors: as KeepCredential.
Result<bool> ForgetCredential(const Environment& environment, std::string_view address);

}  // namespace mig
