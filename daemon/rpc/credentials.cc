#include "daemon/rpc/credentials.h"

#include <grpcpp/security/auth_metadata_processor.h>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>

namespace mig {
namespace {

Result<std::string> ReadPem(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return Error{Reason::kFileUnreadable, "cannot read " + path + " for TLS", {{"file", path}}};
  }
  return text.str();
}

// gRPC drops the details of a processor's error. So the calls of our own services pass, and are
// checked again where they arrive; what a processor refuses carries its code alone.
class ForeignServices final : public grpc::AuthMetadataProcessor {
 public:
  explicit ForeignServices(const Callers& callers) : callers_(callers) {}

  bool IsBlocking() const override { return false; }

  grpc::Status Process(const InputMetadata& headers, grpc::AuthContext* context, OutputMetadata*,
                       OutputMetadata*) override {
    const auto path = headers.find(":path");
    if (path != headers.end() && path->second.starts_with(kOwnServices)) return grpc::Status::OK;
    const auto header = headers.find("authorization");
    if (header == headers.end() && context->IsPeerAuthenticated()) return grpc::Status::OK;
    const std::string value =
        header == headers.end() ? "" : std::string(header->second.data(), header->second.size());
    const Result<Identity> caller = callers_.OfToken(value);
    if (caller) return grpc::Status::OK;
    return {grpc::StatusCode::UNAUTHENTICATED, caller.error().message};
  }

 private:
  static constexpr char kOwnServices[] = "/mig.v1.";

  const Callers& callers_;
};

}  // namespace

Result<std::shared_ptr<grpc::ServerCredentials>> TlsCredentials(const DaemonConfig& config,
                                                                const Callers& callers) {
  grpc::SslServerCredentialsOptions options(config.tls.client_ca.empty()
                                                ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                                : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  grpc::SslServerCredentialsOptions::PemKeyCertPair pair;
  pair.private_key = TRY(ReadPem(config.tls.key));
  pair.cert_chain = TRY(ReadPem(config.tls.certificate));
  options.pem_key_cert_pairs.push_back(std::move(pair));
  if (!config.tls.client_ca.empty()) options.pem_root_certs = TRY(ReadPem(config.tls.client_ca));
  auto credentials = grpc::SslServerCredentials(options);
  credentials->SetAuthMetadataProcessor(std::make_shared<ForeignServices>(callers));
  return credentials;
}

}  // namespace mig
