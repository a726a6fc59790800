#include "daemon/rpc/store_service.h"

#include <utility>

#include "daemon/log.h"
#include "daemon/project_file.h"

namespace mig {
namespace {

void Fill(const CheckCounts& counts, v1::StoreCounts* message) {
  message->set_objects(counts.objects);
  message->set_names(counts.names);
  message->set_refs(counts.refs);
  message->set_moves(counts.moves);
  message->set_runs(counts.runs);
  message->set_leftovers(counts.leftovers);
}

void Fill(const Finding& finding, bool repaired, v1::StoreFinding* message) {
  message->set_key(finding.key);
  message->set_problem(finding.problem);
  message->set_remedy(finding.remedy);
  message->set_repaired(repaired);
}

void Fill(const Garbage& garbage, v1::CollectGarbageResponse::Garbage* message) {
  message->set_id(garbage.id.hex());
  message->set_name(garbage.name);
  message->set_stored(garbage.stored);
  message->set_bytes(garbage.bytes);
}

// What is about the whole store is for callers of every project.
Result<Identity> AdmitForAll(const Calls& calls, const grpc::CallbackServerContext* context,
                             Access access) {
  Identity caller = TRY(calls.AdmitAtAll(context, access));
  if (caller.projects.empty()) return caller;
  return Error{Reason::kPermissionDenied,
               Describe(caller) + " is for some projects, and this is about all of the store"};
}

// Passes the pieces of a file to its importer, with the work on the pool. gRPC calls it from one
// thread at a time.
class Import final : public grpc::ServerReadReactor<v1::ImportProjectRequest> {
 public:
  Import(const Result<Identity>& caller, SharedRefs& refs, Kv& kv, Objects::Clock clock, Pool& pool,
         v1::ImportProjectResponse* response)
      : pool_(pool),
        response_(response),
        objects_(kv, std::move(clock)),
        importer_(objects_, refs, [caller](const std::string& project) -> Result<Importer> {
          TRY(CheckAccess(*caller, Access::kWrite, project));
          const bool is_local = CheckAccess(*caller, Access::kAdminister, project).has_value();
          return Importer{{Describe(*caller), "", ""}, is_local};
        }) {
    if (caller) {
      StartRead(&request_);
    } else {
      Finish(ToStatus(caller.error()));
    }
  }

 private:
  void OnReadDone(bool ok) override {
    auto posted = pool_.Post([this, ok] { ok ? Take() : End(); });
    if (!posted) Finish(ToStatus(posted.error()));
  }

  void Take() {
    const auto taken = importer_.Feed(request_.chunk());
    if (!taken) return Finish(ToStatus(taken.error()));
    StartRead(&request_);
  }

  void End() {
    auto imported = importer_.Finish();
    if (!imported) return Finish(ToStatus(imported.error()));
    response_->set_project(imported->project);
    response_->set_objects(static_cast<std::int64_t>(imported->objects));
    const auto [adopted, pushed, diverged] = std::move(imported->refs);
    response_->mutable_moved()->Assign(adopted.begin(), adopted.end());
    response_->mutable_pushed()->Assign(pushed.begin(), pushed.end());
    response_->mutable_diverged()->Assign(diverged.begin(), diverged.end());
    Finish(grpc::Status::OK);
  }

  void OnDone() override { delete this; }

  Pool& pool_;
  v1::ImportProjectResponse* response_;
  v1::ImportProjectRequest request_;
  Objects objects_;
  ProjectImporter importer_;
};

}  // namespace

grpc::ServerWriteReactor<v1::CheckStoreResponse>* StoreService::CheckStore(
    Context* context, const v1::CheckStoreRequest* request) {
  using Response = v1::CheckStoreResponse;
  const bool repair = request->repair();
  const auto caller = AdmitForAll(calls_, context, repair ? Access::kWrite : Access::kRead);
  if (!caller) return EventStream<Response>::Fail(caller.error());
  return jobs_.Start<Response>([this, repair](const Send<Response>& send) -> Result<void> {
    const auto found = [&](const Finding& finding, bool repaired) {
      Response message;
      Fill(finding, repaired, message.mutable_finding());
      send(std::move(message));
    };
    const auto progress = [&](const CheckCounts& counts) {
      Response message;
      Fill(counts, message.mutable_counts());
      return send(std::move(message));
    };
    Response last;
    const CheckCounts counts = TRY(care_.Check(repair, found, progress));
    Fill(counts, last.mutable_counts());
    last.set_done(true);
    send(std::move(last));
    return {};
  });
}

grpc::ServerWriteReactor<v1::CollectGarbageResponse>* StoreService::CollectGarbage(
    Context* context, const v1::CollectGarbageRequest* request) {
  using Response = v1::CollectGarbageResponse;
  const bool prune = request->prune();
  const std::chrono::seconds grace(request->grace_seconds());
  const auto caller = AdmitForAll(calls_, context, prune ? Access::kWrite : Access::kRead);
  if (!caller) return EventStream<Response>::Fail(caller.error());
  const std::string actor = Describe(*caller);
  return jobs_.Start<Response>([=, this](const Send<Response>& send) -> Result<void> {
    const GcObserver observer = {[&](const Garbage& garbage) {
                                   Response message;
                                   Fill(garbage, message.mutable_garbage());
                                   send(std::move(message));
                                 },
                                 [&](std::int64_t seen) {
                                   Response message;
                                   message.set_seen(seen);
                                   return send(std::move(message));
                                 }};
    const GcCounts counts = TRY(care_.Collect(prune, grace, observer));
    if (prune) {
      Log(LogLevel::kInfo, "collected garbage",
          {{"actor", actor}, {"removed", std::to_string(counts.removed)}});
    }
    Response last;
    last.mutable_counts()->set_kept(counts.kept);
    last.mutable_counts()->set_removed(counts.removed);
    last.mutable_counts()->set_bytes(counts.bytes);
    last.mutable_counts()->set_leftovers(counts.leftovers);
    last.set_done(true);
    send(std::move(last));
    return {};
  });
}

grpc::ServerWriteReactor<v1::BackUpStoreResponse>* StoreService::BackUpStore(
    Context* context, const v1::BackUpStoreRequest* request) {
  using Response = v1::BackUpStoreResponse;
  const auto caller = AdmitForAll(calls_, context, Access::kAdminister);
  if (!caller) return EventStream<Response>::Fail(caller.error());
  const std::string actor = Describe(*caller);
  return jobs_.Start<Response>(
      [this, actor, folder = request->folder()](const Send<Response>& send) -> Result<void> {
        const auto progress = [&](const CheckCounts& counts) {
          Response message;
          Fill(counts, message.mutable_counts());
          return send(std::move(message));
        };
        const CopiedStore copied = TRY(care_.BackUp(folder, progress));
        Log(LogLevel::kInfo, "backed up", {{"actor", actor}, {"folder", folder}});
        Response last;
        Fill(copied.counts, last.mutable_counts());
        last.set_done(true);
        send(std::move(last));
        return {};
      });
}

grpc::ServerWriteReactor<v1::ExportProjectResponse>* StoreService::ExportProject(
    Context* context, const v1::ExportProjectRequest* request) {
  using Response = v1::ExportProjectResponse;
  const auto caller = calls_.Admit(context, Access::kRead, *request);
  if (!caller) return EventStream<Response>::Fail(caller.error());
  return jobs_.Start<Response>(
      [this, project = request->project()](const Send<Response>& send) -> Result<void> {
        return mig::ExportProject(care_.kv(), project, [&](std::string piece) {
          Response message;
          message.set_chunk(std::move(piece));
          return send(std::move(message));
        });
      });
}

// Which project it is, is in the file.
grpc::ServerReadReactor<v1::ImportProjectRequest>* StoreService::ImportProject(
    Context* context, v1::ImportProjectResponse* response) {
  return new Import(calls_.AdmitAtAll(context, Access::kWrite), engine_.shared_refs(), care_.kv(),
                    care_.clock(), calls_.pool(), response);
}

}  // namespace mig
