#include "daemon/rpc/credentials.h"

#include <grpcpp/security/auth_metadata_processor.h>
#include <openssl/crypto.h>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "daemon/rpc/caller.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

constexpr char kHeader[] = "authorization";

Result<std::string> ReadPem(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return Error{Reason::kFileUnreadable, "cannot read " + path + " for TLS", {{"file", path}}};
  }
  return text.str();
}

class TokenCheck final : public grpc::AuthMetadataProcessor {
 public:
  explicit TokenCheck(std::vector<TokenConfig> tokens) : tokens_(std::move(tokens)) {}

  bool IsBlocking() const override { return false; }

  grpc::Status Process(const InputMetadata& headers, grpc::AuthContext* context,
                       OutputMetadata* consumed, OutputMetadata*) override {
    const auto header = headers.find(kHeader);
    if (header != headers.end()) {
      const std::string value(header->second.data(), header->second.size());
      const TokenConfig* token = TokenOf(value, tokens_);
      if (token == nullptr) {
        return {grpc::StatusCode::UNAUTHENTICATED, "the token is not one this daemon knows"};
      }
      context->AddProperty(kTokenProperty, token->name);
      consumed->emplace(kHeader, value);
      return grpc::Status::OK;
    }
    if (context->IsPeerAuthenticated()) return grpc::Status::OK;
    return {grpc::StatusCode::UNAUTHENTICATED, "the call carries no token"};
  }

 private:
  const std::vector<TokenConfig> tokens_;
};

grpc_ssl_client_certificate_request_type CertificateRule(const DaemonConfig& config) {
  if (config.tls.client_ca.empty()) return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
  return config.tokens.empty() ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                               : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
}

}  // namespace

const TokenConfig* TokenOf(std::string_view authorization, const std::vector<TokenConfig>& tokens) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!authorization.starts_with(kScheme)) return nullptr;
  const std::string digest = Hex(Sha256(authorization.substr(kScheme.size())));
  const TokenConfig* found = nullptr;
  for (const TokenConfig& token : tokens) {
    const bool equal = token.sha256.size() == digest.size() &&
                       CRYPTO_memcmp(token.sha256.data(), digest.data(), digest.size()) == 0;
    if (equal) found = &token;
  }
  return found;
}

Result<std::shared_ptr<grpc::ServerCredentials>> TlsCredentials(const DaemonConfig& config) {
  grpc::SslServerCredentialsOptions options(CertificateRule(config));
  grpc::SslServerCredentialsOptions::PemKeyCertPair pair;
  pair.private_key = TRY(ReadPem(config.tls.key));
  pair.cert_chain = TRY(ReadPem(config.tls.certificate));
  options.pem_key_cert_pairs.push_back(std::move(pair));
  if (!config.tls.client_ca.empty()) options.pem_root_certs = TRY(ReadPem(config.tls.client_ca));
  auto credentials = grpc::SslServerCredentials(options);
  if (!config.tokens.empty()) {
    credentials->SetAuthMetadataProcessor(std::make_shared<TokenCheck>(config.tokens));
  }
  return credentials;
}

}  // namespace mig
