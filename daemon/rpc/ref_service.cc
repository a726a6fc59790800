#include "daemon/rpc/ref_service.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/limits.h"
#include "daemon/object_exchange.h"
#include "daemon/rpc/messages.h"
#include "daemon/rpc/object_streams.h"

namespace mig {
namespace {

constexpr std::size_t kMovesPerPage = 1000;

using IdField = google::protobuf::RepeatedPtrField<std::string>;

Result<std::vector<Id>> IdsOf(const IdField& field, std::size_t most) {
  if (static_cast<std::size_t>(field.size()) > most) {
    return Error{
        Reason::kLimitExceeded,
        fmt::format("the call names {} ids, and {} at most are taken", field.size(), most)};
  }
  std::vector<Id> ids;
  for (const std::string& hex : field) {
    const auto id = Id::FromHex(hex);
    if (!id) {
      return Error{Reason::kInvalidArgument,
                   fmt::format("`{}` is no id: 64 lower-case hex digits", hex.substr(0, 80))};
    }
    ids.push_back(*id);
  }
  return ids;
}

void AddHex(const std::vector<Id>& ids, IdField* field) {
  for (const Id& id : ids) *field->Add() = id.hex();
}

template <typename Request>
RefName NameOf(const Request& request) {
  return {request.project(), request.ref()};
}

template <typename Request>
Caller CallerFor(const Identity& identity, const Request& request) {
  return {Describe(identity), request.author(), request.request_id()};
}

v1::RefPolicy ToMessage(RefPolicy policy) {
  return policy == RefPolicy::kHeads ? v1::REF_POLICY_HEADS : v1::REF_POLICY_FAST_FORWARD;
}

std::optional<RefPolicy> PolicyOf(v1::RefPolicy policy) {
  if (policy == v1::REF_POLICY_HEADS) return RefPolicy::kHeads;
  if (policy == v1::REF_POLICY_FAST_FORWARD) return RefPolicy::kFastForward;
  return std::nullopt;
}

template <typename Field>
void ToMessage(const std::vector<RefHead>& heads, Field* field) {
  for (const RefHead& head : heads) {
    v1::RefHead* message = field->Add();
    message->set_id(head.id.hex());
    message->set_name(head.name);
    message->set_message(head.message);
    message->set_author(head.author);
  }
}

void ToMessage(const SharedRef& shared, v1::Ref* message) {
  message->set_name(shared.ref.name);
  ToMessage(shared.heads, message->mutable_heads());
  message->set_moves(static_cast<std::int64_t>(shared.ref.move_number));
  message->set_policy(ToMessage(shared.policy));
  message->set_is_protected(shared.ref.is_protected);
}

v1::RefMove::Kind KindOf(const RefMove& move) {
  if (move.from.empty()) return v1::RefMove::KIND_CREATED;
  if (move.to.empty()) return v1::RefMove::KIND_DELETED;
  if (move.from != move.to) return v1::RefMove::KIND_MOVED;
  return move.is_protected ? v1::RefMove::KIND_PROTECTED : v1::RefMove::KIND_UNPROTECTED;
}

void ToMessage(const LoggedMove& logged, v1::RefMove* message) {
  message->set_number(static_cast<std::int64_t>(logged.move.number));
  message->set_kind(KindOf(logged.move));
  message->set_time(logged.move.by.at);
  message->set_actor(logged.move.by.actor);
  message->set_author(logged.move.by.author);
  ToMessage(logged.from, message->mutable_from());
  ToMessage(logged.to, message->mutable_to());
}

v1::PushRefResponse::Outcome ToMessage(PushPlan::Outcome outcome) {
  switch (outcome) {
    case PushPlan::Outcome::kUpToDate:
      return v1::PushRefResponse::OUTCOME_UP_TO_DATE;
    case PushPlan::Outcome::kCreated:
      return v1::PushRefResponse::OUTCOME_CREATED;
    case PushPlan::Outcome::kFastForward:
      return v1::PushRefResponse::OUTCOME_FAST_FORWARD;
  }
  return v1::PushRefResponse::OUTCOME_UNSPECIFIED;
}

}  // namespace

grpc::ServerUnaryReactor* RefService::ListRefs(Context* context, const v1::ListRefsRequest* request,
                                               v1::ListRefsResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::ListRefsResponse> {
    const auto ids = TRY(IdsOf(request->containing_ids(), kMaxIdsPerCall));
    v1::ListRefsResponse answer;
    for (const SharedRef& ref :
         TRY(engine_.shared_refs().List(request->project(), request->prefix(), ids)))
      ToMessage(ref, answer.add_refs());
    return answer;
  });
}

grpc::ServerUnaryReactor* RefService::GetRef(Context* context, const v1::GetRefRequest* request,
                                             v1::GetRefResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::GetRefResponse> {
    const SharedRef ref = TRY(engine_.shared_refs().Get(NameOf(*request)));
    v1::GetRefResponse answer;
    ToMessage(ref, answer.mutable_ref());
    return answer;
  });
}

grpc::ServerUnaryReactor* RefService::CreateRef(Context* context,
                                                const v1::CreateRefRequest* request,
                                                v1::CreateRefResponse* response) {
  return calls_.Write(context, request, response,
                      [=, this](const Identity& caller) -> Result<v1::CreateRefResponse> {
                        const auto heads = TRY(IdsOf(request->heads(), kMaxRefHeads));
                        const SharedRef ref = TRY(engine_.shared_refs().Create(
                            NameOf(*request), heads, CallerFor(caller, *request)));
                        v1::CreateRefResponse answer;
                        ToMessage(ref, answer.mutable_ref());
                        return answer;
                      });
}

grpc::ServerUnaryReactor* RefService::DeleteRef(Context* context,
                                                const v1::DeleteRefRequest* request,
                                                v1::DeleteRefResponse* response) {
  return calls_.Write(context, request, response,
                      [=, this](const Identity& caller) -> Result<v1::DeleteRefResponse> {
                        const SharedRef was = TRY(engine_.shared_refs().Delete(
                            NameOf(*request), CallerFor(caller, *request)));
                        v1::DeleteRefResponse answer;
                        ToMessage(was.heads, answer.mutable_heads());
                        return answer;
                      });
}

grpc::ServerUnaryReactor* RefService::ListMoves(Context* context,
                                                const v1::ListMovesRequest* request,
                                                v1::ListMovesResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::ListMovesResponse> {
    const std::size_t limit =
        request->page_size() > 0
            ? std::min(static_cast<std::size_t>(request->page_size()), kMovesPerPage)
            : kMovesPerPage;
    const auto before = static_cast<std::uint64_t>(std::max<std::int64_t>(request->before(), 0));
    v1::ListMovesResponse answer;
    for (const LoggedMove& move : TRY(engine_.shared_refs().Log(NameOf(*request), before, limit)))
      ToMessage(move, answer.add_moves());
    return answer;
  });
}

grpc::ServerUnaryReactor* RefService::RestoreRef(Context* context,
                                                 const v1::RestoreRefRequest* request,
                                                 v1::RestoreRefResponse* response) {
  return calls_.Write(context, request, response,
                      [=, this](const Identity& caller) -> Result<v1::RestoreRefResponse> {
                        const auto number =
                            static_cast<std::uint64_t>(std::max<std::int64_t>(request->move(), 0));
                        const SharedRef ref = TRY(engine_.shared_refs().Restore(
                            NameOf(*request), number, CallerFor(caller, *request)));
                        v1::RestoreRefResponse answer;
                        ToMessage(ref, answer.mutable_ref());
                        return answer;
                      });
}

grpc::ServerUnaryReactor* RefService::ProtectRef(Context* context,
                                                 const v1::ProtectRefRequest* request,
                                                 v1::ProtectRefResponse* response) {
  return calls_.Write(
      context, request, response,
      [=, this](const Identity& caller) -> Result<v1::ProtectRefResponse> {
        if (request->protection() == v1::ProtectRefRequest::PROTECTION_UNSPECIFIED)
          return Error{Reason::kInvalidArgument, "the request says neither on nor off"};
        const bool on = request->protection() == v1::ProtectRefRequest::PROTECTION_ON;
        const SharedRef ref = TRY(
            engine_.shared_refs().SetProtection(NameOf(*request), on, CallerFor(caller, *request)));
        v1::ProtectRefResponse answer;
        ToMessage(ref, answer.mutable_ref());
        return answer;
      });
}

grpc::ServerUnaryReactor* RefService::PushRef(Context* context, const v1::PushRefRequest* request,
                                              v1::PushRefResponse* response) {
  return calls_.Write(context, request, response,
                      [=, this](const Identity& caller) -> Result<v1::PushRefResponse> {
                        PushSpec spec;
                        spec.ref = NameOf(*request);
                        spec.heads = TRY(IdsOf(request->heads(), kMaxRefHeads));
                        if (request->has_view())
                          spec.view = TRY(engine_.views().Find(FromMessage(request->view())));
                        spec.caller = CallerFor(caller, *request);
                        spec.validate_only = request->validate_only();
                        if (spec.validate_only) spec.policy = PolicyOf(request->policy());
                        const Pushed pushed = TRY(engine_.shared_refs().Push(spec));
                        v1::PushRefResponse answer;
                        answer.set_outcome(ToMessage(pushed.outcome));
                        ToMessage(pushed.ref, answer.mutable_ref());
                        ToMessage(pushed.old_heads, answer.mutable_old_heads());
                        answer.set_revisions(pushed.revisions);
                        return answer;
                      });
}

grpc::ServerUnaryReactor* RefService::TrackRef(Context* context, const v1::TrackRefRequest* request,
                                               v1::TrackRefResponse* response) {
  return calls_.Write(context, request, response,
                      [=, this](const Identity& caller) -> Result<v1::TrackRefResponse> {
                        auto heads = TRY(IdsOf(request->heads(), kMaxRefHeads));
                        ViewPtr view;
                        if (request->has_view())
                          view = TRY(engine_.views().Find(FromMessage(request->view())));
                        const auto old = TRY(engine_.shared_refs().Track(
                            NameOf(*request), std::move(heads), view, CallerFor(caller, *request)));
                        v1::TrackRefResponse answer;
                        ToMessage(old, answer.mutable_old_heads());
                        return answer;
                      });
}

grpc::ServerUnaryReactor* RefService::ListObjects(Context* context,
                                                  const v1::ListObjectsRequest* request,
                                                  v1::ListObjectsResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::ListObjectsResponse> {
    const std::size_t offset = TRY(PageOffsetOf(request->page_token()));
    const auto haves = TRY(IdsOf(request->haves(), kMaxIdsPerCall));
    const ViewPtr view = TRY(engine_.views().Find(FromMessage(request->view())));
    const std::vector<Id> ids = ObjectsOf(*view, haves);
    v1::ListObjectsResponse answer;
    AddHex(MaximalObjectsOf(*view), answer.mutable_heads());
    const std::size_t end = std::min(ids.size(), offset + kMaxIdsPerCall);
    for (std::size_t i = offset; i < end; ++i) answer.add_ids(ids[i].hex());
    if (end < ids.size()) answer.set_next_page_token(std::to_string(end));
    return answer;
  });
}

grpc::ServerUnaryReactor* RefService::ListMissing(Context* context,
                                                  const v1::ListMissingRequest* request,
                                                  v1::ListMissingResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::ListMissingResponse> {
    const auto ids = TRY(IdsOf(request->ids(), kMaxIdsPerCall));
    const std::vector<bool> has = TRY(engine_.objects().Has(request->project(), ids));
    v1::ListMissingResponse answer;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!has[i]) answer.add_ids(request->ids(static_cast<int>(i)));
    }
    return answer;
  });
}

grpc::ServerWriteReactor<v1::ReadObjectsResponse>* RefService::ReadObjects(
    Context* context, const v1::ReadObjectsRequest* request) {
  return SendObjects(engine_, calls_, context, *request);
}

grpc::ServerReadReactor<v1::UploadObjectsRequest>* RefService::UploadObjects(
    Context* context, v1::UploadObjectsResponse* response) {
  return ReceiveObjects(engine_, calls_, context, response);
}

grpc::ServerUnaryReactor* RefService::PlanPull(Context* context, const v1::PlanPullRequest* request,
                                               v1::PlanPullResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::PlanPullResponse> {
    PullSpec spec;
    spec.view = FromMessage(request->view());
    spec.ref = request->ref();
    spec.rebase = request->rebase();
    spec.shared = TRY(IdsOf(request->shared_ids(), kMaxIdsPerCall));
    for (const v1::Target& target : request->targets()) spec.targets.push_back(FromMessage(target));
    PullPlan plan = TRY(engine_.PlanPull(spec));
    v1::PlanPullResponse answer;
    for (PulledFile& file : plan.new_files) {
      v1::PlanPullResponse::NewFile* message = answer.add_new_files();
      message->set_file_name(file.name + ".sql");
      message->set_beside(file.beside);
      message->set_id(file.id.hex());
    }
    for (ReparentedFile& file : plan.changed_files) {
      v1::PlanPullResponse::ChangedFile* message = answer.add_changed_files();
      message->set_path(file.path);
      message->set_text(std::move(file.text));
    }
    answer.mutable_own()->Assign(plan.own.begin(), plan.own.end());
    return answer;
  });
}

}  // namespace mig
