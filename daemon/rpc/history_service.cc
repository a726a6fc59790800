#include "daemon/rpc/history_service.h"

#include <fmt/format.h>

#include "daemon/rpc/messages.h"
#include "store/core/limits.h"

namespace mig {
namespace {

constexpr int kPageSize = 1000;

DraftSpec DraftSpecOf(const v1::DraftRevisionRequest& request) {
  DraftSpec spec;
  spec.message = request.message();
  spec.heads.assign(request.heads().begin(), request.heads().end());
  spec.splice = request.splice();
  spec.merge = request.merge();
  spec.labels.assign(request.labels().begin(), request.labels().end());
  spec.depends.assign(request.depends().begin(), request.depends().end());
  spec.name = request.name();
  spec.author = request.author();
  spec.created = request.created();
  spec.up = request.up();
  spec.down = request.down();
  return spec;
}

// Collects the chunks of one file after the other, if the caller may send them. gRPC calls it from
// one thread at a time.
class Upload final : public grpc::ServerReadReactor<v1::UploadFilesRequest> {
 public:
  Upload(const Result<Identity>& caller, Views& views, v1::UploadFilesResponse* response)
      : views_(views), response_(response) {
    if (caller) {
      caller_ = Describe(*caller);
      StartRead(&request_);
    } else {
      Finish(ToStatus(caller.error()));
    }
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok || request_.sha256() != sha256_) {
      if (const auto kept = KeepFile(); !kept) return Finish(ToStatus(kept.error()));
      sha256_ = request_.sha256();
    }
    if (!ok) return Finish(grpc::Status::OK);
    if (bytes_.size() + request_.chunk().size() > kMaxFileBytes) {
      return Finish(ToStatus({Reason::kLimitExceeded,
                              fmt::format("a revision file has at most {} bytes", kMaxFileBytes)}));
    }
    bytes_ += request_.chunk();
    StartRead(&request_);
  }

  Result<void> KeepFile() {
    if (sha256_.empty()) return {};
    response_->set_files(response_->files() + 1);
    return views_.AddContents(caller_, sha256_, std::exchange(bytes_, {}));
  }

  void OnDone() override { delete this; }

  Views& views_;
  std::string caller_;
  v1::UploadFilesResponse* response_;
  v1::UploadFilesRequest request_;
  std::string sha256_;  // of the file being collected
  std::string bytes_;
};

}  // namespace

grpc::ServerUnaryReactor* HistoryService::OpenWorkTree(Context* context,
                                                       const v1::OpenWorkTreeRequest* request,
                                                       v1::OpenWorkTreeResponse* response) {
  const auto open = [=, this](const Identity& caller) -> Result<v1::OpenWorkTreeResponse> {
    std::vector<ListedFile> listing;
    for (const v1::FileEntry& file : request->files())
      listing.push_back({file.path(), file.sha256()});
    const Views::Opened opened =
        TRY(engine_.views().Open(request->project(), listing, Describe(caller)));
    v1::OpenWorkTreeResponse answer;
    answer.mutable_missing()->Assign(opened.missing.begin(), opened.missing.end());
    if (opened.view == nullptr) return answer;
    answer.mutable_view()->set_project(request->project());
    answer.mutable_view()->set_work_tree(opened.view->name.work_tree);
    answer.mutable_warnings()->Assign(opened.view->warnings.begin(), opened.view->warnings.end());
    return answer;
  };
  return calls_.Read(context, request, response, open);
}

grpc::ServerReadReactor<v1::UploadFilesRequest>* HistoryService::UploadFiles(
    Context* context, v1::UploadFilesResponse* response) {
  const auto caller = calls_.AdmitAtAll(context, Access::kRead);
  return new Upload(caller, engine_.views(), response);
}

grpc::ServerUnaryReactor* HistoryService::ListHistory(Context* context,
                                                      const v1::ListHistoryRequest* request,
                                                      v1::ListHistoryResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::ListHistoryResponse> {
    // A token is the position of the last revision before the page, and positions stay.
    std::optional<Position> below;
    if (!request->page_token().empty())
      below = static_cast<Position>(TRY(PageOffsetOf(request->page_token())));
    const int wanted =
        request->page_size() > 0 ? std::min(request->page_size(), kPageSize) : kPageSize;
    const Listing listing =
        TRY(engine_.ListHistory(FromMessage(request->view()), request->range(), below,
                                static_cast<std::size_t>(wanted), TargetOf(*request)));
    v1::ListHistoryResponse answer;
    for (const Position p : listing.revisions)
      TRY(ToMessage(listing.marked, p, answer.add_revisions()));
    if (!listing.last) answer.set_next_page_token(std::to_string(listing.revisions.back()));
    return answer;
  });
}

grpc::ServerUnaryReactor* HistoryService::ListHeads(Context* context,
                                                    const v1::ListHeadsRequest* request,
                                                    v1::ListHeadsResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::ListHeadsResponse> {
    const Listing listing = TRY(engine_.ListHeads(
        FromMessage(request->view()), request->resolve_dependencies(), TargetOf(*request)));
    v1::ListHeadsResponse answer;
    for (const Position p : listing.revisions)
      TRY(ToMessage(listing.marked, p, answer.add_heads()));
    return answer;
  });
}

grpc::ServerUnaryReactor* HistoryService::ListBranches(Context* context,
                                                       const v1::ListBranchesRequest* request,
                                                       v1::ListBranchesResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::ListBranchesResponse> {
    const BranchListing listing = TRY(engine_.ListBranches(FromMessage(request->view())));
    v1::ListBranchesResponse answer;
    for (const BranchPoint& point : listing.branch_points) {
      auto* branch = answer.add_branches();
      TRY(ToMessage(listing.marked, point.revision, branch->mutable_branch_point()));
      for (const Position child : point.children)
        TRY(ToMessage(listing.marked, child, branch->add_children()));
    }
    return answer;
  });
}

grpc::ServerUnaryReactor* HistoryService::ShowRevisions(Context* context,
                                                        const v1::ShowRevisionsRequest* request,
                                                        v1::ShowRevisionsResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::ShowRevisionsResponse> {
    const Listing listing =
        TRY(engine_.Show(FromMessage(request->view()), request->revision(), TargetOf(*request)));
    v1::ShowRevisionsResponse answer;
    for (const Position p : listing.revisions) {
      auto* shown = answer.add_revisions();
      TRY(ToMessage(listing.marked, p, shown->mutable_revision()));
      shown->set_body(TRY(listing.marked.catalog.Load(p))->revision.body);
    }
    return answer;
  });
}

grpc::ServerUnaryReactor* HistoryService::DraftRevision(Context* context,
                                                        const v1::DraftRevisionRequest* request,
                                                        v1::DraftRevisionResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::DraftRevisionResponse> {
    const DraftText draft = TRY(engine_.Draft(FromMessage(request->view()), DraftSpecOf(*request)));
    v1::DraftRevisionResponse answer;
    answer.set_name(draft.name);
    answer.set_file_name(draft.name + ".sql");
    answer.set_text(draft.text);
    answer.set_id(draft.id.hex());
    return answer;
  });
}

grpc::ServerUnaryReactor* HistoryService::GetStatus(Context* context,
                                                    const v1::GetStatusRequest* request,
                                                    v1::GetStatusResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::GetStatusResponse> {
    const WorkTreeStatus status =
        TRY(engine_.Status(FromMessage(request->view()), TargetOf(*request)));
    v1::GetStatusResponse answer;
    ToMessage(status, &answer);
    return answer;
  });
}

grpc::ServerUnaryReactor* HistoryService::GetObject(Context* context,
                                                    const v1::GetObjectRequest* request,
                                                    v1::GetObjectResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::GetObjectResponse> {
    const RevisionPtr found = TRY(
        engine_.FindObject(FromMessage(request->view()), request->object(), TargetOf(*request)));
    v1::GetObjectResponse answer;
    answer.set_id(found->id.hex());
    answer.set_name(found->revision.name);
    answer.set_canonical_text(CanonicalText(found->revision));
    answer.set_body(found->revision.body);
    return answer;
  });
}

}  // namespace mig
