#include "daemon/rpc/reflection_service.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpc/health/v1/health.pb.h>

#include <set>

#include "mig/v1/admin.pb.h"
#include "mig/v1/graph.pb.h"
#include "mig/v1/history.pb.h"
#include "mig/v1/ref.pb.h"
#include "mig/v1/run.pb.h"
#include "mig/v1/store.pb.h"
#include "mig/v1/target.pb.h"

namespace mig {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

// A message of each file that has services, since the generated code names no files.
std::vector<const FileDescriptor*> ServedFiles() {
  return {v1::GetDaemonRequest::descriptor()->file(),
          v1::FindMergeBasesRequest::descriptor()->file(),
          v1::ListHeadsRequest::descriptor()->file(),
          v1::ListRefsRequest::descriptor()->file(),
          v1::StartRunRequest::descriptor()->file(),
          v1::CheckStoreRequest::descriptor()->file(),
          v1::GetCurrentRequest::descriptor()->file(),
          grpc::health::v1::HealthCheckRequest::descriptor()->file(),
          ServerReflectionRequest::descriptor()->file(),
          grpc::reflection::v1alpha::ServerReflectionRequest::descriptor()->file()};
}

// The file behind those it imports.
void AddFile(const FileDescriptor& file, std::set<const FileDescriptor*>& added,
             ServerReflectionResponse& response) {
  if (!added.insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i), added, response);
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  response.mutable_file_descriptor_response()->add_file_descriptor_proto(proto.SerializeAsString());
}

void AnswerFile(const FileDescriptor* file, const std::string& asked,
                ServerReflectionResponse& response) {
  if (file == nullptr) {
    response.mutable_error_response()->set_error_code(grpc::StatusCode::NOT_FOUND);
    response.mutable_error_response()->set_error_message("there is no " + asked);
    return;
  }
  std::set<const FileDescriptor*> added;
  AddFile(*file, added, response);
}

// The API's messages have no extensions.
void AnswerUnextended(const std::string& type, ServerReflectionResponse& response) {
  if (DescriptorPool::generated_pool()->FindMessageTypeByName(type) == nullptr)
    return AnswerFile(nullptr, type, response);
  response.mutable_all_extension_numbers_response()->set_base_type_name(type);
}

}  // namespace

const std::vector<std::string>& ServedNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const FileDescriptor* file : ServedFiles()) {
      for (int i = 0; i < file->service_count(); ++i) all.push_back(file->service(i)->full_name());
    }
    return all;
  }();
  return names;
}

ServerReflectionResponse Reflect(const ServerReflectionRequest& request) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      AnswerFile(pool.FindFileByName(request.file_by_filename()), request.file_by_filename(),
                 response);
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      AnswerFile(pool.FindFileContainingSymbol(request.file_containing_symbol()),
                 request.file_containing_symbol(), response);
      break;
    case ServerReflectionRequest::kFileContainingExtension:
      AnswerFile(nullptr, "extension of " + request.file_containing_extension().containing_type(),
                 response);
      break;
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      AnswerUnextended(request.all_extension_numbers_of_type(), response);
      break;
    case ServerReflectionRequest::kListServices:
      for (const std::string& name : ServedNames())
        response.mutable_list_services_response()->add_service()->set_name(name);
      break;
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      response.mutable_error_response()->set_error_code(grpc::StatusCode::INVALID_ARGUMENT);
      response.mutable_error_response()->set_error_message("nothing is asked");
      break;
  }
  return response;
}

}  // namespace mig
