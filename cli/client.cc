#include "cli/client.h"

#include <algorithm>

#include "cli/channel.h"
#include "mig/v1/admin.grpc.pb.h"
#include "mig/v1/history.grpc.pb.h"
#include "mig/v1/run.grpc.pb.h"
#include "mig/v1/target.grpc.pb.h"

namespace mig {
namespace {

// Well under gRPC's limit of 4 MiB a message.
constexpr std::size_t kChunkBytes = std::size_t{256} << 10;

bool SendInChunks(const WorkTreeFile& file,
                  const std::function<bool(const v1::UploadFilesRequest&)>& send) {
  std::size_t offset = 0;
  do {
    v1::UploadFilesRequest request;
    request.set_sha256(file.sha256);
    request.set_chunk(file.bytes.substr(offset, kChunkBytes));
    if (!send(request)) return false;
    offset += kChunkBytes;
  } while (offset < file.bytes.size());
  return true;
}

}  // namespace

Client::Client(std::unique_ptr<Channel> channel) : channel_(std::move(channel)) {}
Client::~Client() = default;

const std::string& Client::description() const { return channel_->description(); }

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
MIG_CALL(Target, GetCurrent)
MIG_CALL(Target, EnsureVersion)
MIG_CALL(Target, DescribeTarget)
MIG_CALL(Target, DumpSchema)
MIG_CALL(Run, CancelRun)
MIG_CALL(Run, ListRuns)
MIG_CALL(Run, PlanRun)
MIG_CALL(Run, RenderScript)
MIG_CALL(Admin, GetDaemon)
MIG_CALL(Admin, StopDaemon)
#undef MIG_CALL

Result<void> Client::Upload(const std::vector<const WorkTreeFile*>& files) {
  TRY(channel_->Upload(&v1::HistoryService::Stub::UploadFiles,
                       [&](const std::function<bool(const v1::UploadFilesRequest&)>& send) {
                         std::ranges::all_of(files, [&](const WorkTreeFile* file) {
                           return SendInChunks(*file, send);
                         });
                       }));
  return {};
}

Result<void> Client::StartRun(const v1::StartRunRequest& request, const OnEvent& on_event) {
  return channel_->Stream(&v1::RunService::Stub::StartRun, request,
                          [&](const v1::StartRunResponse& answer) { on_event(answer.event()); });
}

Result<void> Client::WatchRun(const v1::WatchRunRequest& request, const OnEvent& on_event) {
  return channel_->Stream(&v1::RunService::Stub::WatchRun, request,
                          [&](const v1::WatchRunResponse& answer) { on_event(answer.event()); });
}

}  // namespace mig
