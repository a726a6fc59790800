// Answers the calls of gRPC's callback API: lets the caller in, does the work on the pool, sends
// what it gives.
//
//     grpc::ServerUnaryReactor* ListHeads(Context* context, const ListHeadsRequest* request,
//                                         ListHeadsResponse* response) override {
//       return calls_.Read(context, request, response, [=, this]() -> Result<ListHeadsResponse> {
//         ...
//       });
//     }
//
// Work that wants to know who calls takes a `const Identity&`.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <type_traits>
#include <utility>

#include "daemon/rpc/callers.h"
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
    if (auto fits = CheckAnswerSize(result->ByteSizeLong()); !fits)
      return reactor->Finish(ToStatus(fits.error()));
    *response_ = std::move(result).value();
    reactor->Finish(grpc::Status::OK);
  }

 private:
  grpc::ServerUnaryReactor* reactor_;
  Response* response_;
};

// Who may call, and where the work of calls is done. Both outlive it. Thread-safe.
class Calls {
 public:
  Calls(const Callers& callers, Pool& pool) : callers_(callers), pool_(pool) {}

  // Who calls, when it may do that. For streams, which are no work for the pool.
  template <typename Request>
  Result<Identity> Admit(const grpc::CallbackServerContext* context, Access access,
                         const Request& request) const {
    return callers_.Admit(*context, access, SubjectOf(request));
  }

  // The same before anything is known of what the call is about.
  Result<Identity> AdmitAtAll(const grpc::CallbackServerContext* context, Access access) const {
    return callers_.Admit(*context, access, {});
  }

  // Where work that is no unary call's is done.
  Pool& pool() const { return pool_; }

  // Runs `work`, a callable that gives Result<Response>, on the pool and sends what it gives. The
  // request and the response that gRPC handed to the handler live until then. Work whose caller is
  // gone before it starts is skipped.
  template <typename Request, typename Response, typename Work>
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, Access access,
                                   const Request* request, Response* response, Work work) const {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    auto reply = std::make_shared<Reply<Response>>(reactor, response);
    Result<Identity> caller = Admit(context, access, *request);
    if (!caller) {
      reply->Send(std::move(caller).error());
      return reactor;
    }
    Result<void> posted = pool_.Post(
        [context, reply, caller = std::move(caller).value(), work = std::move(work)]() mutable {
          if (context->IsCancelled()) {
            return reply->Send(Error{Reason::kCancelled, "the caller is gone"});
          }
          reply->Send(Do(work, caller));
        });
    if (!posted.has_value()) reply->Send(std::move(posted).error());
    return reactor;
  }

  // Answer() to what changes nothing, and to what does.
  template <typename Request, typename Response, typename Work>
  grpc::ServerUnaryReactor* Read(grpc::CallbackServerContext* context, const Request* request,
                                 Response* response, Work work) const {
    return Answer(context, Access::kRead, request, response, std::move(work));
  }
  template <typename Request, typename Response, typename Work>
  grpc::ServerUnaryReactor* Write(grpc::CallbackServerContext* context, const Request* request,
                                  Response* response, Work work) const {
    return Answer(context, Access::kWrite, request, response, std::move(work));
  }

  // The same at once, on gRPC's thread: for work that waits for nothing.
  template <typename Request, typename Response, typename Work>
  grpc::ServerUnaryReactor* AnswerAtOnce(grpc::CallbackServerContext* context, Access access,
                                         const Request* request, Response* response,
                                         Work work) const {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    Result<Identity> caller = Admit(context, access, *request);
    Reply<Response> reply(reactor, response);
    if (!caller) {
      reply.Send(std::move(caller).error());
    } else {
      reply.Send(Do(work, *caller));
    }
    return reactor;
  }

 private:
  template <typename Work>
  static auto Do(Work& work, const Identity& caller) {
    if constexpr (std::is_invocable_v<Work&, const Identity&>) {
      return work(caller);
    } else {
      return work();
    }
  }

  const Callers& callers_;
  Pool& pool_;
};

}  // namespace mig
