// The two streams of objects, with their work on the pool: gRPC's threads must not wait for a disk.
#pragma once

#include <grpcpp/support/server_callback.h>

#include "daemon/engine.h"
#include "daemon/rpc/answer.h"
#include "mig/v1/ref.pb.h"

namespace mig {

// Sends the texts that `request` asks for, if the caller may have them. It lives until the call is
// done.
grpc::ServerWriteReactor<v1::ReadObjectsResponse>* SendObjects(
    Engine& engine, const Calls& calls, const grpc::CallbackServerContext* context,
    const v1::ReadObjectsRequest& request);

// Stores what it is sent, if the caller may send it; `response` is filled in at the end.
grpc::ServerReadReactor<v1::UploadObjectsRequest>* ReceiveObjects(
    Engine& engine, const Calls& calls, const grpc::CallbackServerContext* context,
    v1::UploadObjectsResponse* response);

}  // namespace mig
