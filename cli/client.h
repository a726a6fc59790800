// The API's calls, one function each, so that commands need none of gRPC's headers.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/work_tree.h"
#include "mig/v1/admin.pb.h"
#include "mig/v1/graph.pb.h"
#include "mig/v1/history.pb.h"
#include "mig/v1/ref.pb.h"
#include "mig/v1/run.pb.h"
#include "mig/v1/store.pb.h"
#include "mig/v1/target.pb.h"
#include "store/core/result.h"

namespace mig {

class Channel;

// Thread-safe: a run's events are read in one thread and it is cancelled from another.
class Client {
 public:
  explicit Client(std::unique_ptr<Channel> channel);
  ~Client();

#define MIG_CALL(Verb) Result<v1::Verb##Response> Call(const v1::Verb##Request& request);
  MIG_CALL(OpenWorkTree)
  MIG_CALL(ListHistory)
  MIG_CALL(ListHeads)
  MIG_CALL(ListBranches)
  MIG_CALL(ShowRevisions)
  MIG_CALL(DraftRevision)
  MIG_CALL(GetStatus)
  MIG_CALL(GetObject)
  MIG_CALL(FindMergeBases)
  MIG_CALL(ListRevisions)
  MIG_CALL(CompareHistories)
  MIG_CALL(ListRefs)
  MIG_CALL(GetRef)
  MIG_CALL(CreateRef)
  MIG_CALL(DeleteRef)
  MIG_CALL(ListMoves)
  MIG_CALL(RestoreRef)
  MIG_CALL(ProtectRef)
  MIG_CALL(PushRef)
  MIG_CALL(TrackRef)
  MIG_CALL(ListObjects)
  MIG_CALL(ListMissing)
  MIG_CALL(PlanPull)
  MIG_CALL(GetCurrent)
  MIG_CALL(EnsureVersion)
  MIG_CALL(DescribeTarget)
  MIG_CALL(DumpSchema)
  MIG_CALL(VerifyAudit)
  MIG_CALL(ListLog)
  MIG_CALL(AdoptTarget)
  MIG_CALL(RecoverHistory)
  MIG_CALL(CancelRun)
  MIG_CALL(ListRuns)
  MIG_CALL(PlanRun)
  MIG_CALL(GetUnfinished)
  MIG_CALL(GetDaemon)
  MIG_CALL(StopDaemon)
#undef MIG_CALL

  // Streams: `each` gets every message in order.
#define MIG_STREAM(Verb)                              \
  Result<void> Call(const v1::Verb##Request& request, \
                    const std::function<void(const v1::Verb##Response&)>& each);
  MIG_STREAM(CheckStore)
  MIG_STREAM(CollectGarbage)
  MIG_STREAM(BackUpStore)
  MIG_STREAM(ExportProject)
  MIG_STREAM(RenderScript)
#undef MIG_STREAM

  // Sends the pieces that `next` gives until it gives an empty one. `next` begins anew when it is
  // called after that: the call may be repeated.
  Result<v1::ImportProjectResponse> ImportProject(const std::function<Result<std::string>()>& next);

  // For people: which daemon this is.
  const std::string& description() const;

  // The process that listens at the daemon's address now; 0 when none is to be seen from here.
  pid_t ListeningProcess() const;

  // Sends the contents of `files` in chunks, each read when its turn comes. False when there was
  // nothing to read (nullopt): a file has changed since it was listed.
  using ReadContent = std::function<Result<std::optional<std::string>>(const WorkTreeFile&)>;
  Result<bool> Upload(const std::vector<const WorkTreeFile*>& files, const ReadContent& read);

  Result<void> ReadObjects(const v1::ReadObjectsRequest& request,
                           const std::function<void(const v1::ReadObjectsResponse&)>& each);
  // `write` sends all messages by the function it is given, which answers false when the daemon
  // takes no more. It may be called again.
  using SendObjects = std::function<bool(const v1::UploadObjectsRequest&)>;
  Result<v1::UploadObjectsResponse> UploadObjects(
      const std::function<void(const SendObjects&)>& write);

  // Answers whether to go on: after a false the stream is left, and the run goes on without us.
  using OnEvent = std::function<bool(const v1::RunEvent&)>;
  // Returns when the run has ended or the stream was left, or with the error that ended the stream.
  Result<void> StartRun(const v1::StartRunRequest& request, const OnEvent& on_event);
  Result<void> WatchRun(const v1::WatchRunRequest& request, const OnEvent& on_event);

 private:
  std::unique_ptr<Channel> channel_;
};

}  // namespace mig
