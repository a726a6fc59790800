// The two streams of objects, with their work on the pool: gRPC's threads must not wait for a disk.
#pragma once

#include <grpcpp/support/server_callback.h>

#include "daemon/engine.h"
#include "daemon/rpc/pool.h"
#include "mig/v1/ref.pb.h"

namespace mig {

// Sends the texts that `request` asks for. It lives until the call is done.
grpc::ServerWriteReactor<v1::ReadObjectsResponse>* SendObjects(Engine& engine, Pool& pool,
                                                               const v1::ReadObjectsRequest& request);

// Stores what it is sent; `response` is filled in at the end.
grpc::ServerReadReactor<v1::UploadObjectsRequest>* ReceiveObjects(
    Engine& engine, Pool& pool, v1::UploadObjectsResponse* response);

}  // namespace mig
