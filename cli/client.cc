#include "cli/client.h"

#include <algorithm>
#include <optional>

#include "cli/channel.h"
#include "mig/v1/admin.grpc.pb.h"
#include "mig/v1/graph.grpc.pb.h"
#include "mig/v1/history.grpc.pb.h"
#include "mig/v1/ref.grpc.pb.h"
#include "mig/v1/run.grpc.pb.h"
#include "mig/v1/store.grpc.pb.h"
#include "mig/v1/target.grpc.pb.h"

namespace mig {
namespace {

// Well under gRPC's limit of 4 MiB a message.
constexpr std::size_t kChunkBytes = std::size_t{256} << 10;

using Send = std::function<bool(const v1::UploadFilesRequest&)>;

bool SendInChunks(const std::string& sha256, const std::string& bytes, const Send& send) {
  std::size_t offset = 0;
  do {
    v1::UploadFilesRequest request;
    request.set_sha256(sha256);
    request.set_chunk(bytes.substr(offset, kChunkBytes));
    if (!send(request)) return false;
    offset += kChunkBytes;
  } while (offset < bytes.size());
  return true;
}

template <typename Request, typename Response>
Result<void> Follow(Channel& channel,
                    std::unique_ptr<grpc::ClientReader<Response>> (v1::RunService::Stub::*method)(
                        grpc::ClientContext*, const Request&),
                    const Request& request, const Client::OnEvent& on_event) {
  grpc::ClientContext* stream = nullptr;
  bool left = false;
  Result<void> ended = channel.Stream(
      method, request,
      [&](const Response& answer) {
        if (left || std::ranges::all_of(answer.events(), on_event)) return;
        left = true;
        stream->TryCancel();
      },
      [&](grpc::ClientContext& context) { stream = &context; });
  if (left) return {};
  return ended;
}

}  // namespace

Client::Client(std::unique_ptr<Channel> channel) : channel_(std::move(channel)) {}
Client::~Client() = default;

const std::string& Client::description() const { return channel_->description(); }
pid_t Client::ListeningProcess() const { return channel_->ListeningProcess(); }

#define MIG_CALL(Family, Verb)                                                \
  Result<v1::Verb##Response> Client::Call(const v1::Verb##Request& request) { \
    return channel_->Call(&v1::Family##Service::Stub::Verb, request);         \
  }
MIG_CALL(History, OpenWorkTree)
MIG_CALL(History, ListHistory)
MIG_CALL(History, ListHeads)
MIG_CALL(History, ListBranches)
MIG_CALL(History, ShowRevisions)
MIG_CALL(History, DraftRevision)
MIG_CALL(History, GetStatus)
MIG_CALL(History, GetObject)
MIG_CALL(Graph, FindMergeBases)
MIG_CALL(Graph, ListRevisions)
MIG_CALL(Graph, CompareHistories)
MIG_CALL(Ref, ListRefs)
MIG_CALL(Ref, GetRef)
MIG_CALL(Ref, CreateRef)
MIG_CALL(Ref, DeleteRef)
MIG_CALL(Ref, ListMoves)
MIG_CALL(Ref, RestoreRef)
MIG_CALL(Ref, ProtectRef)
MIG_CALL(Ref, PushRef)
MIG_CALL(Ref, TrackRef)
MIG_CALL(Ref, ListObjects)
MIG_CALL(Ref, ListMissing)
MIG_CALL(Ref, PlanPull)
MIG_CALL(Target, GetCurrent)
MIG_CALL(Target, EnsureVersion)
MIG_CALL(Target, DescribeTarget)
MIG_CALL(Target, ListLog)
MIG_CALL(Target, AdoptTarget)
MIG_CALL(Run, CancelRun)
MIG_CALL(Run, ListRuns)
MIG_CALL(Run, PlanRun)
MIG_CALL(Run, GetUnfinished)
MIG_CALL(Admin, GetDaemon)
MIG_CALL(Admin, StopDaemon)
#undef MIG_CALL

// They take as long as the target has tables or a past.
#define MIG_LONG_CALL(Family, Verb)                                                            \
  Result<v1::Verb##Response> Client::Call(const v1::Verb##Request& request) {                  \
    return channel_->Call(&v1::Family##Service::Stub::Verb, request, std::chrono::seconds(0)); \
  }
MIG_LONG_CALL(Target, DumpSchema)
MIG_LONG_CALL(Target, VerifyAudit)
MIG_LONG_CALL(Target, RecoverHistory)
#undef MIG_LONG_CALL

#define MIG_STREAM(Family, Verb)                                                          \
  Result<void> Client::Call(const v1::Verb##Request& request,                             \
                            const std::function<void(const v1::Verb##Response&)>& each) { \
    return channel_->Stream(&v1::Family##Service::Stub::Verb, request, each);             \
  }
MIG_STREAM(Store, CheckStore)
MIG_STREAM(Store, CollectGarbage)
MIG_STREAM(Store, BackUpStore)
MIG_STREAM(Store, ExportProject)
MIG_STREAM(Run, RenderScript)
#undef MIG_STREAM

Result<v1::ImportProjectResponse> Client::ImportProject(
    const std::function<Result<std::string>()>& next) {
  std::optional<Error> unreadable;
  const auto send = [&](const std::function<bool(const v1::ImportProjectRequest&)>& write) {
    while (true) {
      Result<std::string> piece = next();
      if (!piece) unreadable = std::move(piece).error();
      if (!piece || piece->empty()) return;
      v1::ImportProjectRequest request;
      request.set_chunk(*std::move(piece));
      if (!write(request)) return;
    }
  };
  auto answer = channel_->Upload(&v1::StoreService::Stub::ImportProject, send);
  if (unreadable) return *std::move(unreadable);
  return answer;
}

Result<bool> Client::Upload(const std::vector<const WorkTreeFile*>& files,
                            const ReadContent& read) {
  Result<void> reading;
  bool complete = true;
  const auto write = [&](const Send& send) {
    reading = {};
    for (const WorkTreeFile* file : files) {
      const auto bytes = read(*file);
      if (!bytes) reading = bytes.error();
      complete = bytes && bytes->has_value();
      // A daemon that takes no more says why when the call ends.
      if (!complete || !SendInChunks(file->sha256, **bytes, send)) return;
    }
  };
  const auto answer = channel_->Upload(&v1::HistoryService::Stub::UploadFiles, write);
  TRY(std::move(reading));
  if (complete) TRY(answer);
  return complete;
}

Result<void> Client::ReadObjects(const v1::ReadObjectsRequest& request,
                                 const std::function<void(const v1::ReadObjectsResponse&)>& each) {
  return channel_->Stream(&v1::RefService::Stub::ReadObjects, request, each);
}

Result<v1::UploadObjectsResponse> Client::UploadObjects(
    const std::function<void(const SendObjects&)>& write) {
  return channel_->Upload(&v1::RefService::Stub::UploadObjects, write);
}

Result<void> Client::StartRun(const v1::StartRunRequest& request, const OnEvent& on_event) {
  return Follow(*channel_, &v1::RunService::Stub::StartRun, request, on_event);
}

Result<void> Client::WatchRun(const v1::WatchRunRequest& request, const OnEvent& on_event) {
  return Follow(*channel_, &v1::RunService::Stub::WatchRun, request, on_event);
}

}  // namespace mig
