// What a shared daemon's configuration file says (TOML). docs/migd.toml is an example with every
// key.
//
// Everything is checked when the file is read: a daemon with a mistake in its configuration does
// not start. `${NAME}` in a string is replaced by the daemon's own environment variable; `$$` is a
// dollar.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/log.h"
#include "daemon/plan/ref_policy.h"
#include "daemon/policy.h"
#include "daemon/tokens.h"
#include "store/core/result.h"

namespace mig {

// PEM files.
struct TlsConfig {
  std::string certificate;
  std::string key;
  std::string client_ca;  // authorities of client certificates; empty: none is asked for
};

// A target that callers name and whose url only the daemon knows.
struct ServedTarget {
  std::string project;
  std::string url;
  std::string schema;              // of the bookkeeping tables; empty: the engine's default
  TargetPolicy policy = {};        // but for applied_before...
  std::string require_applied_on;  // ...which is the target of this name; empty: none
  std::string compat;              // "alembic" or empty
  std::string alembic_table;
  std::map<std::string, std::string> placeholders = {};  // values, by name
  std::string placeholder_key = {};                      // of their digests; empty: the store's own
};

struct DaemonConfig {
  std::string store;                // absolute path of a folder
  std::vector<std::string> listen;  // "unix:PATH", "HOST:PORT"
  LogFormat log_format = LogFormat::kText;
  LogLevel log_level = LogLevel::kInfo;
  bool accept_urls = false;                 // of targets, from callers
  std::vector<std::uint32_t> allowed_uids;  // on Unix sockets, besides the daemon's own and root
  TlsConfig tls;
  std::vector<AccessToken> tokens;  // besides those of the file TOKENS (daemon/tokens.h)
  std::map<std::string, ServedTarget> targets;
  RefPolicies ref_policies;
};

// "unix:/ABSOLUTE/PATH" or "HOST:PORT".
bool IsListenAddress(std::string_view address);

// Errors: kConfigInvalid with the details file, line and key; a near miss is the hint of an unknown
// key.
Result<DaemonConfig> ParseDaemonConfig(std::string_view file, std::string_view text,
                                       const std::map<std::string, std::string>& environment);

// Errors: kFileUnreadable, as ParseDaemonConfig.
Result<DaemonConfig> LoadDaemonConfig(const std::string& file,
                                      const std::map<std::string, std::string>& environment);

// What must hold of a configuration as a whole, wherever its parts come from: a store, an address
// to listen on, and TLS for each address that is not a Unix socket: without TLS nobody can prove
// who calls. Errors: kConfigInvalid.
Result<void> CheckDaemonConfig(const DaemonConfig& config);

}  // namespace mig
