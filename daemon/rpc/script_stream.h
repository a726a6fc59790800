// The stream of a script: however long it is, no message holds more than a piece of it.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <string>

#include "daemon/rpc/callers.h"
#include "daemon/rpc/pool.h"
#include "mig/v1/run.pb.h"
#include "store/core/result.h"

namespace mig {

// Renders the script on the pool, if `caller` was let in, and sends it in pieces of at most
// kScriptBytesPerMessage, each of whole characters.
grpc::ServerWriteReactor<v1::RenderScriptResponse>* SendScript(
    Result<Identity> caller, Pool& pool, std::function<Result<std::string>()> render);

}  // namespace mig
