#include "daemon/rpc/object_streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/limits.h"
#include "daemon/object_exchange.h"
#include "daemon/rpc/messages.h"
#include "daemon/rpc/status.h"
#include "store/core/limits.h"

namespace mig {
namespace {

// The largest canonical text: a file and what stands above it.
constexpr std::size_t kMaxObjectBytes = kMaxFileBytes + kMaxValueBytes;

// One task at a time makes the next message; the end of its write starts the next task.
class Sender final : public grpc::ServerWriteReactor<v1::ReadObjectsResponse> {
 public:
  Sender(const Result<Identity>& caller, Engine& engine, Pool& pool,
         const v1::ReadObjectsRequest& request)
      : engine_(engine), pool_(pool), request_(request) {
    if (caller) {
      Next();
    } else {
      Finish(ToStatus(caller.error()));
    }
  }

 private:
  void Next() {
    auto posted = pool_.Post([this] { Work(); });
    if (!posted) Finish(ToStatus(posted.error()));
  }

  void Work() {
    auto filled = Fill();
    if (!filled) return Finish(ToStatus(filled.error()));
    if (message_.chunks().empty()) return Finish(grpc::Status::OK);
    StartWrite(&message_);
  }

  Result<void> Fill() {
    message_.Clear();
    if (view_ == nullptr) view_ = TRY(engine_.views().Find(FromMessage(request_.view())));
    std::size_t bytes = 0;
    while (bytes < kObjectBytesPerMessage) {
      if (sent_ == text_.size()) {
        if (next_ == request_.ids_size()) return {};
        text_ = TRY(TextOf(request_.ids(next_++)));
        sent_ = 0;
      }
      v1::ObjectChunk* chunk = message_.add_chunks();
      chunk->set_id(request_.ids(next_ - 1));
      if (sent_ == 0) chunk->set_size(static_cast<std::int64_t>(text_.size()));
      chunk->set_bytes(text_.substr(sent_, kObjectBytesPerMessage - bytes));
      sent_ += chunk->bytes().size();
      bytes += chunk->bytes().size();
    }
    return {};
  }

  Result<std::string> TextOf(const std::string& hex) {
    const auto id = Id::FromHex(hex);
    const auto position = id ? view_->catalog.graph().FindId(*id) : std::nullopt;
    if (position) return CanonicalText(TRY(view_->catalog.Load(*position))->revision);
    return Error{
        Reason::kNoSuchObject, fmt::format("the view has no revision {}", hex), {{"id", hex}}};
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    Next();
  }
  void OnDone() override { delete this; }

  Engine& engine_;
  Pool& pool_;
  const v1::ReadObjectsRequest& request_;
  ViewPtr view_;
  int next_ = 0;  // of the ids
  std::string text_;
  std::size_t sent_ = 0;  // bytes of text_
  v1::ReadObjectsResponse message_;
};

// Puts the chunks of each object together. The end of a task starts the next read.
class Receiver final : public grpc::ServerReadReactor<v1::UploadObjectsRequest> {
 public:
  Receiver(Result<Identity> caller, Engine& engine, Pool& pool, v1::UploadObjectsResponse* response)
      : caller_(std::move(caller)), engine_(engine), pool_(pool), response_(response) {
    if (caller_) {
      StartRead(&request_);
    } else {
      Finish(ToStatus(caller_.error()));
    }
  }

 private:
  void OnReadDone(bool ok) override {
    auto posted = pool_.Post([this, ok] { Work(ok); });
    if (!posted) Finish(ToStatus(posted.error()));
  }

  void Work(bool more) {
    auto taken = more ? TakeMessage() : End();
    if (!taken) return Finish(ToStatus(taken.error()));
    if (!more) return Finish(grpc::Status::OK);
    StartRead(&request_);
  }

  Result<void> TakeMessage() {
    if (!receiver_) {
      TRY(CheckAccess(*caller_, Access::kWrite, request_.project()));
      receiver_.emplace(engine_.objects(), request_.project());
    }
    for (const v1::ObjectChunk& chunk : request_.chunks()) TRY(Take(chunk));
    return {};
  }

  Result<void> Take(const v1::ObjectChunk& chunk) {
    if (left_ == 0) {
      if (chunk.size() < 1 || static_cast<std::size_t>(chunk.size()) > kMaxObjectBytes) {
        return Error{Reason::kLimitExceeded,
                     fmt::format("object {} is sent with {} bytes: one has between 1 and {}",
                                 chunk.id(), chunk.size(), kMaxObjectBytes),
                     {{"id", chunk.id()}}};
      }
      id_ = chunk.id();
      text_.clear();
      left_ = static_cast<std::size_t>(chunk.size());
    }
    if (chunk.id() != id_ || chunk.bytes().empty() || chunk.bytes().size() > left_) {
      return Error{Reason::kInvalidArgument,
                   fmt::format("the parts of object {} do not make up its {} bytes", id_,
                               text_.size() + left_),
                   {{"id", id_}}};
    }
    text_ += chunk.bytes();
    left_ -= chunk.bytes().size();
    if (left_ > 0) return {};
    const auto id = Id::FromHex(id_);
    if (!id) return Error{Reason::kInvalidArgument, fmt::format("`{}` is no id", id_)};
    return receiver_->Add(*id, text_);
  }

  Result<void> End() {
    if (!receiver_) return {};
    if (left_ > 0) {
      return Error{Reason::kInvalidArgument,
                   fmt::format("the stream ends {} bytes before the end of object {}", left_, id_),
                   {{"id", id_}}};
    }
    TRY(receiver_->Finish());
    response_->set_objects(static_cast<std::int64_t>(receiver_->received()));
    return {};
  }

  void OnDone() override { delete this; }

  const Result<Identity> caller_;
  Engine& engine_;
  Pool& pool_;
  v1::UploadObjectsResponse* response_;
  v1::UploadObjectsRequest request_;
  std::optional<ObjectReceiver> receiver_;
  std::string id_;  // of the object that is being put together
  std::string text_;
  std::size_t left_ = 0;  // bytes that are still to come
};

}  // namespace

grpc::ServerWriteReactor<v1::ReadObjectsResponse>* SendObjects(
    Engine& engine, const Calls& calls, const grpc::CallbackServerContext* context,
    const v1::ReadObjectsRequest& request) {
  return new Sender(calls.Admit(context, Access::kRead, request), engine, calls.pool(), request);
}

// Which project the objects are for is said with them.
grpc::ServerReadReactor<v1::UploadObjectsRequest>* ReceiveObjects(
    Engine& engine, const Calls& calls, const grpc::CallbackServerContext* context,
    v1::UploadObjectsResponse* response) {
  return new Receiver(calls.AdmitAtAll(context, Access::kWrite), engine, calls.pool(), response);
}

}  // namespace mig
