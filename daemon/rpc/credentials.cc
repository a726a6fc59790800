#include "daemon/rpc/credentials.h"

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

}  // namespace

Result<std::shared_ptr<grpc::ServerCredentials>> TlsCredentials(const DaemonConfig& config) {
  grpc::SslServerCredentialsOptions options(config.tls.client_ca.empty()
                                                ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                                : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  grpc::SslServerCredentialsOptions::PemKeyCertPair pair;
  pair.private_key = TRY(ReadPem(config.tls.key));
  pair.cert_chain = TRY(ReadPem(config.tls.certificate));
  options.pem_key_cert_pairs.push_back(std::move(pair));
  if (!config.tls.client_ca.empty()) options.pem_root_certs = TRY(ReadPem(config.tls.client_ca));
  return grpc::SslServerCredentials(options);
}

}  // namespace mig
