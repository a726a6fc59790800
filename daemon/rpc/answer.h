// Answers a unary call of gRPC's callback API from the pool.
//
//     grpc::ServerUnaryReactor* ListHeads(grpc::CallbackServerContext* context, const
//     ListHeadsRequest* request,
//                                         ListHeadsResponse* response) override {
//       return Answer(context, pool_, response, [=, this]() -> Result<ListHeadsResponse> { ... });
//     }
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <utility>

#include "daemon/rpc/pool.h"
#include "daemon/rpc/status.h"
#include "store/core/result.h"

namespace mig {

// The duty to answer one call. Whoever lets go of it unanswered finishes the call with kDraining: a
// call that is never finished would hang the server's shutdown.
template <typename Response>
class Reply {
 public:
  Reply(grpc::ServerUnaryReactor* reactor, Response* response)
      : reactor_(reactor), response_(response) {}
  ~Reply() {
    if (reactor_ != nullptr) Send(Error{Reason::kDraining, "the daemon dropped the call"});
  }

  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  // At most once.
  void Send(Result<Response> result) {
    grpc::ServerUnaryReactor* reactor = std::exchange(reactor_, nullptr);
    if (!result.has_value()) return reactor->Finish(ToStatus(result.error()));
    *response_ = std::move(result).value();
    reactor->Finish(grpc::Status::OK);
  }

 private:
  grpc::ServerUnaryReactor* reactor_;
  Response* response_;
};

// Runs `work`, a callable that gives Result<Response>, on the pool and sends what it gives. The
// request and the response that gRPC handed to the handler live until then. Work whose caller is
// gone before it starts is skipped.
template <typename Response, typename Work>
grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, Pool& pool,
                                 Response* response, Work work) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  auto reply = std::make_shared<Reply<Response>>(reactor, response);
  Result<void> posted = pool.Post([context, reply, work = std::move(work)]() mutable {
    if (context->IsCancelled()) {
      return reply->Send(Error{Reason::kCancelled, "the caller is gone"});
    }
    reply->Send(work());
  });
  if (!posted.has_value()) reply->Send(std::move(posted).error());
  return reactor;
}

}  // namespace mig
