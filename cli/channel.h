// The client's connection to a daemon: one call in, one answer or one Error out.
//
//     auto channel = TRY(Channel::Open({.address = "local", .work_tree = root}));
//     auto heads = TRY(channel->Call(&HistoryService::Stub::ListHeads, request));
//     TRY(channel->Stream(&RunService::Stub::WatchRun, request,
//                         [&](const WatchRunResponse& answer) { ... }));
//
// A daemon that was killed, replaced or is stopping is met transparently: a call that it did not
// accept is repeated on a new connection, up to three times, with a new private daemon where the
// address is local. All calls of the API are idempotent (StartRun by its request_id), which makes
// repeating them sound.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>

#include "cli/request_text.h"
#include "cli/rpc_error.h"
#include "store/core/result.h"

namespace mig {

// Which daemon, and how it may be talked to.
struct DaemonAddress {
  // "local", "unix:PATH" or "https://HOST:PORT".
  std::string address = "local";
  // Absolute path of the folder that holds mig.toml: "local" keeps its state in .mig/ beside it.
  std::string work_tree = {};
  // https only. PEM file of the authorities to trust; empty: the system's.
  std::string ca_file = {};
  // https only. The bearer token; empty: none.
  std::string token = {};
  // https only. PEM files of a client certificate; empty: none.
  std::string certificate_file = {};
  std::string key_file = {};
};

// The address as it is compared and kept: one of https ends with its port, not with a slash.
// Errors: kConfigInvalid where that says more than HOST:PORT, or less.
Result<std::string> NormalAddress(const std::string& address);

// From any thread.
class Channel {
 public:
  // Connects, starting a private daemon when the address is local and none runs.
  //
  // Errors: kDaemonUnreachable, kDaemonVersion, kUnauthenticated, kConfigInvalid (the address), and
  // what a private daemon says when it cannot start (kStoreFormat, kStoreLocked, kCorruption, ...).
  static Result<std::unique_ptr<Channel>> Open(DaemonAddress address);

  // Connects to what already runs: never starts a daemon, never replaces one. kDaemonUnreachable
  // when none runs.
  static Result<std::unique_ptr<Channel>> OpenRunning(DaemonAddress address);

  // One unary call. `limit` bounds each attempt, 0: nothing does; short calls keep the default.
  // Errors: those of the daemon and of the connection; those of CheckUtf8.
  template <typename Stub, typename Request, typename Response>
  Result<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                     Response*),
                        const std::type_identity_t<Request>& request,
                        std::chrono::seconds limit = kCallLimit) {
    Response response;
    const auto attempt = [&](const std::shared_ptr<grpc::Channel>& channel) {
      grpc::ClientContext context;
      Prepare(context, limit);
      response.Clear();
      return Outcome{(Stub(channel).*method)(&context, request, &response), false};
    };
    TRY(Explained(Repeat(attempt), request));
    return response;
  }

  // One server-streaming call without a time limit: `each` gets every message in order. A stream
  // that breaks after its first message is not repeated: kDaemonUnreachable. `started`, when given,
  // gets the context to TryCancel() from another thread; it is valid until Stream returns or
  // `started` is called again.
  template <typename Stub, typename Request, typename Response>
  Result<void> Stream(std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(
                          grpc::ClientContext*, const Request&),
                      const std::type_identity_t<Request>& request,
                      const std::function<void(const std::type_identity_t<Response>&)>& each,
                      const std::function<void(grpc::ClientContext&)>& started = {}) {
    const auto attempt = [&](const std::shared_ptr<grpc::Channel>& channel) {
      grpc::ClientContext context;
      Prepare(context, std::chrono::seconds::zero());
      if (started) started(context);
      Stub stub(channel);
      auto reader = (stub.*method)(&context, request);
      Response message;
      bool accepted = false;
      while (reader->Read(&message)) {
        accepted = true;
        each(message);
      }
      return Outcome{reader->Finish(), accepted};
    };
    return Explained(Repeat(attempt), request);
  }

  // One client-streaming call without a time limit, for a line may be slow: `write` writes all
  // messages by the function it is given, which answers false when the daemon takes no more. It is
  // called again when the call is repeated.
  template <typename Stub, typename Request, typename Response>
  Result<Response> Upload(
      std::unique_ptr<grpc::ClientWriter<Request>> (Stub::*method)(grpc::ClientContext*, Response*),
      const std::function<void(const std::function<bool(const std::type_identity_t<Request>&)>&)>&
          write) {
    Response response;
    const auto attempt = [&](const std::shared_ptr<grpc::Channel>& channel) {
      grpc::ClientContext context;
      Prepare(context, std::chrono::seconds::zero());
      response.Clear();
      Stub stub(channel);
      auto writer = (stub.*method)(&context, &response);
      write([&](const Request& message) { return writer->Write(message); });
      writer->WritesDone();
      return Outcome{writer->Finish(), false};
    };
    TRY(Repeat(attempt));
    return response;
  }

  // For people: "the private daemon of /srv/shop", "unix:/run/mig/migd.sock".
  const std::string& description() const { return description_; }

  // The process that listens at the address now; 0 when none is to be seen from here.
  pid_t ListeningProcess() const;

 private:
  // Reading a work tree of thousands of files and asking a database over a slow line take seconds,
  // not minutes.
  static constexpr std::chrono::seconds kCallLimit{60};

  struct Outcome {
    grpc::Status status;
    bool accepted = false;  // the daemon answered something: never repeat
  };
  using Attempt = std::function<Outcome(const std::shared_ptr<grpc::Channel>&)>;

  Channel(DaemonAddress address, bool may_start);

  // What a request cannot be read for, where the daemon did not know the call.
  static Result<void> Explained(Result<void> ended, const google::protobuf::Message& request) {
    if (!ended && ended.error().reason == Reason::kDaemonVersion) TRY(CheckUtf8(request));
    return ended;
  }

  void Prepare(grpc::ClientContext& context, std::chrono::seconds limit) const;
  Result<void> Repeat(const Attempt& attempt);
  Result<std::shared_ptr<grpc::Channel>> Connected();
  void Forget(const std::shared_ptr<grpc::Channel>& channel);

  const DaemonAddress address_;
  const bool may_start_;
  std::string description_;
  std::mutex mutex_;
  std::shared_ptr<grpc::Channel> channel_;  // null: to be connected
};

}  // namespace mig
