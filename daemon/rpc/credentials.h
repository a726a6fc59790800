// TLS: how callers over TCP connect. Who they are is asked call by call (daemon/rpc/callers.h).
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "daemon/config.h"
#include "store/core/result.h"

namespace mig {

// Credentials for every port that is not a Unix socket. A client certificate is asked for where
// `client_ca` is configured, and refused in the handshake when it is of nobody there.
//
// Errors: kFileUnreadable, naming the key file or certificate. REQUIRES: CheckDaemonConfig passed.
Result<std::shared_ptr<grpc::ServerCredentials>> TlsCredentials(const DaemonConfig& config);

}  // namespace mig
