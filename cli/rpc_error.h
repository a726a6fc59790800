// gRPC's errors as ours: the one place where a grpc::Status becomes an Error. (daemon/rpc/status.h
// is the way there.)
#pragma once

#include <grpcpp/support/status.h>

#include "store/core/error.h"

namespace mig {

// The Error that the daemon returned, with the same reason, message, details and hint. A status
// without google.rpc details comes from gRPC itself, and is told by its code (of a certificate that
// is not trusted: by OpenSSL's): kDaemonUnreachable, kUnauthenticated, kCancelled, kLimitExceeded,
// kDaemonVersion (a call the daemon does not know), else kInternal. A reason that this client does
// not know (a newer daemon's) counts as the reason its code suggests, with the detail `reason`.
// REQUIRES: !status.ok().
Error ErrorOf(const grpc::Status& status);

// Whether the connection failed, or the daemon is stopping, and not the call: repeating it
// elsewhere may succeed.
bool IsConnectionFailure(const grpc::Status& status);

}  // namespace mig
