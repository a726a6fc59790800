// grpc.reflection: what the daemon serves and what its messages are made of, for clients without
// its proto files (grpcurl). Under two names, since clients differ in which they ask for.
#pragma once

#include <grpc/reflection/v1/reflection.grpc.pb.h>
#include <grpc/reflection/v1alpha/reflection.grpc.pb.h>
#include <grpcpp/support/server_callback.h>

#include <string>
#include <vector>

#include "daemon/rpc/callers.h"
#include "daemon/rpc/status.h"

namespace mig {

// The full names of all services: "mig.v1.RunService".
const std::vector<std::string>& ServedNames();

// What is answered to one question.
grpc::reflection::v1::ServerReflectionResponse Reflect(
    const grpc::reflection::v1::ServerReflectionRequest& request);

// `Request` and `Response` are those of v1, or the same on the wire. Thread-safe.
template <typename Api, typename Request, typename Response>
class ReflectionOf final : public Api::CallbackService {
 public:
  // `callers` outlives it.
  explicit ReflectionOf(const Callers& callers) : callers_(callers) {}

  grpc::ServerBidiReactor<Request, Response>* ServerReflectionInfo(
      grpc::CallbackServerContext* context) override {
    return new Conversation(callers_.Admit(*context, Access::kRead, {}));
  }

 private:
  // Deletes itself when gRPC is done with it.
  class Conversation final : public grpc::ServerBidiReactor<Request, Response> {
   public:
    explicit Conversation(const Result<Identity>& caller) {
      if (caller) {
        this->StartRead(&request_);
      } else {
        this->Finish(ToStatus(caller.error()));
      }
    }

   private:
    void OnReadDone(bool ok) override {
      if (!ok) return this->Finish(grpc::Status::OK);
      grpc::reflection::v1::ServerReflectionRequest asked;
      asked.ParseFromString(request_.SerializeAsString());
      response_.ParseFromString(Reflect(asked).SerializeAsString());
      this->StartWrite(&response_);
    }
    void OnWriteDone(bool ok) override {
      if (!ok) return this->Finish(grpc::Status::CANCELLED);
      this->StartRead(&request_);
    }
    void OnDone() override { delete this; }

    Request request_;
    Response response_;
  };

  const Callers& callers_;
};

using ReflectionService = ReflectionOf<grpc::reflection::v1::ServerReflection,
                                       grpc::reflection::v1::ServerReflectionRequest,
                                       grpc::reflection::v1::ServerReflectionResponse>;
using ReflectionServiceAlpha = ReflectionOf<grpc::reflection::v1alpha::ServerReflection,
                                            grpc::reflection::v1alpha::ServerReflectionRequest,
                                            grpc::reflection::v1alpha::ServerReflectionResponse>;

}  // namespace mig
