#include "daemon/rpc/target_service.h"

#include "daemon/rpc/answer.h"
#include "daemon/rpc/messages.h"

namespace mig {

grpc::ServerUnaryReactor* TargetService::GetCurrent(Context* context,
                                                    const v1::GetCurrentRequest* request,
                                                    v1::GetCurrentResponse* response) {
  return Answer(context, pool_, response, [=, this]() -> Result<v1::GetCurrentResponse> {
    const Listing listing = TRY(engine_.Current(
        FromMessage(request->view()), FromMessage(request->target()), request->check_heads()));
    v1::GetCurrentResponse answer;
    for (const Position p : listing.revisions) ToMessage(listing.marked, p, answer.add_revisions());
    answer.set_target_url(listing.marked.target_url);
    return answer;
  });
}

grpc::ServerUnaryReactor* TargetService::EnsureVersion(Context* context,
                                                       const v1::EnsureVersionRequest* request,
                                                       v1::EnsureVersionResponse* response) {
  return Answer(context, pool_, response, [=, this]() -> Result<v1::EnsureVersionResponse> {
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
  return Answer(context, pool_, response, [=, this]() -> Result<v1::DescribeTargetResponse> {
    const TargetDescription description = TRY(engine_.Describe(FromMessage(request->target())));
    v1::DescribeTargetResponse answer;
    ToMessage(description, &answer);
    return answer;
  });
}

grpc::ServerUnaryReactor* TargetService::DumpSchema(Context* context,
                                                    const v1::DumpSchemaRequest* request,
                                                    v1::DumpSchemaResponse* response) {
  return Answer(context, pool_, response, [=, this]() -> Result<v1::DumpSchemaResponse> {
    const Engine::SchemaDump dump = TRY(engine_.DumpSchema(FromMessage(request->target())));
    v1::DumpSchemaResponse answer;
    answer.set_dialect(std::string(NameOf(dump.dialect)));
    answer.set_sql(dump.sql);
    answer.set_target_url(dump.target_url);
    return answer;
  });
}

}  // namespace mig
