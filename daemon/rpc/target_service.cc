#include "daemon/rpc/target_service.h"

#include "daemon/limits.h"
#include "daemon/rpc/messages.h"

namespace mig {

grpc::ServerUnaryReactor* TargetService::GetCurrent(Context* context,
                                                    const v1::GetCurrentRequest* request,
                                                    v1::GetCurrentResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::GetCurrentResponse> {
    const Listing listing = TRY(engine_.Current(
        FromMessage(request->view()), FromMessage(request->target()), request->check_heads()));
    v1::GetCurrentResponse answer;
    for (const Position p : listing.revisions)
      TRY(ToMessage(listing.marked, p, answer.add_revisions()));
    answer.set_target_url(listing.marked.target_url);
    return answer;
  });
}

grpc::ServerUnaryReactor* TargetService::EnsureVersion(Context* context,
                                                       const v1::EnsureVersionRequest* request,
                                                       v1::EnsureVersionResponse* response) {
  return calls_.Write(context, request, response, [=, this]() -> Result<v1::EnsureVersionResponse> {
    const TargetSpec target = FromMessage(request->target());
    v1::EnsureVersionResponse answer;
    answer.set_created(TRY(engine_.EnsureVersion(target)));
    const TargetAddress address = TRY(engine_.AddressOf(target));
    answer.set_target_url(address.url.redacted);
    return answer;
  });
}

grpc::ServerUnaryReactor* TargetService::DescribeTarget(Context* context,
                                                        const v1::DescribeTargetRequest* request,
                                                        v1::DescribeTargetResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::DescribeTargetResponse> {
    const TargetDescription description = TRY(engine_.Describe(FromMessage(request->target())));
    v1::DescribeTargetResponse answer;
    ToMessage(description, &answer);
    return answer;
  });
}

grpc::ServerUnaryReactor* TargetService::DumpSchema(Context* context,
                                                    const v1::DumpSchemaRequest* request,
                                                    v1::DumpSchemaResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::DumpSchemaResponse> {
    const Engine::SchemaDump dump = TRY(engine_.DumpSchema(FromMessage(request->target())));
    v1::DumpSchemaResponse answer;
    answer.set_dialect(std::string(NameOf(dump.dialect)));
    answer.set_sql(dump.sql);
    answer.set_target_url(dump.target_url);
    return answer;
  });
}

grpc::ServerUnaryReactor* TargetService::VerifyAudit(Context* context,
                                                     const v1::VerifyAuditRequest* request,
                                                     v1::VerifyAuditResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::VerifyAuditResponse> {
    const AuditReport report = TRY(engine_.Audit(FromMessage(request->target())));
    v1::VerifyAuditResponse answer;
    ToMessage(report, &answer);
    return answer;
  });
}

grpc::ServerUnaryReactor* TargetService::ListLog(Context* context,
                                                 const v1::ListLogRequest* request,
                                                 v1::ListLogResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::ListLogResponse> {
    const auto before = static_cast<std::int64_t>(TRY(PageOffsetOf(request->page_token())));
    const int asked = request->page_size();
    const int size = asked > 0 && asked < kMaxLogPage ? asked : kMaxLogPage;
    const auto rows = TRY(engine_.ReadLog(FromMessage(request->target()), before, size));
    v1::ListLogResponse answer;
    for (const LogRow& row : rows) ToMessage(row, answer.add_entries());
    const bool more = rows.size() == static_cast<std::size_t>(size);
    if (more) answer.set_next_page_token(std::to_string(rows.back().entry.sequence));
    return answer;
  });
}

grpc::ServerUnaryReactor* TargetService::AdoptTarget(Context* context,
                                                     const v1::AdoptTargetRequest* request,
                                                     v1::AdoptTargetResponse* response) {
  const auto adopt = [=, this](const Identity& caller) -> Result<v1::AdoptTargetResponse> {
    const AdoptedTarget adopted = TRY(engine_.Adopt(
        FromMessage(request->target()), request->new_id(), ActorOf(caller, request->actor())));
    v1::AdoptTargetResponse answer;
    answer.set_target_url(adopted.target_url);
    answer.set_target_id(adopted.target_id);
    answer.set_was(adopted.was);
    return answer;
  };
  return calls_.Write(context, request, response, adopt);
}

grpc::ServerUnaryReactor* TargetService::RecoverHistory(Context* context,
                                                        const v1::RecoverHistoryRequest* request,
                                                        v1::RecoverHistoryResponse* response) {
  const auto recover = [=, this](const Identity& caller) -> Result<v1::RecoverHistoryResponse> {
    const RecoveredHistory history =
        TRY(engine_.Recover(FromMessage(request->target()), request->project(), request->ref(),
                            ActorOf(caller, request->actor())));
    v1::RecoverHistoryResponse answer;
    answer.set_target_url(history.target_url);
    answer.set_ref(history.ref);
    for (const std::string& lost : history.lost) answer.add_lost(lost);
    for (const RecoveredRevision& revision : history.revisions) {
      auto* message = answer.add_revisions();
      message->set_id(revision.id.hex());
      message->set_name(revision.name);
      message->set_applied(revision.applied);
      message->set_named(revision.named);
    }
    return answer;
  };
  return calls_.Write(context, request, response, recover);
}

}  // namespace mig
