// Our errors as gRPC's: the one place where an Error becomes a grpc::Status. (cli/rpc_error.h is
// the way back.)
#pragma once

#include <grpcpp/support/status.h>

#include <cstddef>

#include "store/core/error.h"
#include "store/core/result.h"

namespace mig {

// The code of the reason's table and the message, with a google.rpc.Status in the details that
// holds
//   ErrorInfo {reason, domain "mig", metadata: the error's details, and `hint` when there is one}
//   RetryInfo, where repeating the same call may succeed (UNAVAILABLE, ABORTED).
// Passwords are redacted from every text, and long texts end in "...": see daemon/limits.h.
grpc::Status ToStatus(const Error& error);

// Whether an answer of so many bytes may be sent. Errors: kLimitExceeded, beyond kMaxResponseBytes;
// gRPC would refuse it in its own words.
Result<void> CheckAnswerSize(std::size_t bytes);

}  // namespace mig
