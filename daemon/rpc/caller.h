// Who calls, as far as the daemon can tell by itself.
#pragma once

#include <grpcpp/server_context.h>

#include <string>

namespace mig {

// Under what the check of a token leaves its name with the call.
inline constexpr char kTokenProperty[] = "mig_token";

// "token NAME", "certificate NAME" or, on a Unix socket, "user NAME" (its number where it has no
// name); "unknown" when the connection is gone already.
std::string CallerOf(const grpc::ServerContextBase& context);

}  // namespace mig
