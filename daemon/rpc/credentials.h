// Who may call over TCP: TLS, and a bearer token or a client certificate.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string_view>
#include <vector>

#include "daemon/config.h"
#include "store/core/result.h"

namespace mig {

// Credentials for every port that is not a Unix socket. With tokens, a call needs `authorization:
// Bearer TOKEN`, or a client certificate where those are configured too; without tokens every
// connection needs a client certificate. Health and reflection are no exceptions.
//
// Errors: kFileUnreadable, naming the key file or certificate. REQUIRES: CheckDaemonConfig passed.
Result<std::shared_ptr<grpc::ServerCredentials>> TlsCredentials(const DaemonConfig& config);

// The configured token that the value of an `authorization` header proves, or nullptr. Takes the
// same time wherever a wrong token differs.
const TokenConfig* TokenOf(std::string_view authorization, const std::vector<TokenConfig>& tokens);

}  // namespace mig
