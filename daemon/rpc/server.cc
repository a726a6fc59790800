#include "daemon/rpc/server.h"

#include <grpc/support/log.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>

#include <initializer_list>
#include <mutex>
#include <utility>

#include "daemon/limits.h"
#include "daemon/log.h"
#include "daemon/rpc/credentials.h"

namespace mig {
namespace {

constexpr std::string_view kUnix = "unix:";

// Both ends of an idle connection through a firewall that forgets: a ping after two minutes, dead
// after 20 seconds more.
constexpr int kKeepaliveMilliseconds = 120'000;
constexpr int kKeepaliveTimeoutMilliseconds = 20'000;
// Clients may ping as often as once in ten seconds before they are told to go away.
constexpr int kClientPingMilliseconds = 10'000;

void LogFromGrpc(gpr_log_func_args* args) {
  if (args->severity != GPR_LOG_SEVERITY_ERROR) return;
  Log(LogLevel::kWarning, "gRPC reports", {{"error", args->message}});
}

// Settings of the whole process, made before the first server.
void SetUpGrpc() {
  static std::once_flag once;
  std::call_once(once, [] { gpr_set_log_function(LogFromGrpc); });
}

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
  builder.SetMaxSendMessageSize(static_cast<int>(kMaxResponseBytes));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kClientPingMilliseconds);
  // A second daemon on a port must fail, not share it.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Bind(const DaemonConfig& config, Callers& callers) {
  std::unique_ptr<Server> server(new Server(config, callers));
  for (const std::string& address : config.listen) {
    if (!address.starts_with(kUnix)) continue;
    server->listeners_.push_back(TRY(
        UnixListener::Bind(address.substr(kUnix.size()), config.allowed_uids, callers.users())));
  }
  return server;
}

Server::~Server() {
  StopListening();
  Shutdown(std::chrono::system_clock::now());
}

Result<void> Server::Serve(const std::vector<grpc::Service*>& services,
                           std::optional<IdleRule> idle) {
  SetUpGrpc();
  TRY(Build(services));
  for (const auto& listener : listeners_) {
    TRY(listener->Start(
        [this](int descriptor) { grpc::AddInsecureChannelFromFd(server_.get(), descriptor); },
        idle));
  }
  for (const std::string& address : config_.listen)
    Log(LogLevel::kInfo, "listening", {{"address", address}});
  return {};
}

Result<void> Server::Build(const std::vector<grpc::Service*>& services) {
  grpc::ServerBuilder builder;
  SetLimits(builder);
  for (grpc::Service* service : services) builder.RegisterService(service);
  for (grpc::Service* service :
       std::initializer_list<grpc::Service*>{&health_, &reflection_, &reflection_alpha_})
    builder.RegisterService(service);
  std::shared_ptr<grpc::ServerCredentials> tls;
  std::vector<std::pair<std::string, int>> ports;
  ports.reserve(config_.listen.size());
  for (const std::string& address : config_.listen) {
    if (address.starts_with(kUnix)) continue;
    if (tls == nullptr) tls = TRY(TlsCredentials(config_));
    ports.emplace_back(address, 0);
    builder.AddListeningPort(address, tls, &ports.back().second);
  }
  server_ = builder.BuildAndStart();
  for (const auto& [address, port] : ports) {
    if (server_ != nullptr && port != 0) continue;
    return Error{
        Reason::kConfigInvalid,
        "cannot listen on " + address,
        {{"address", address}, {"key", "listen"}},
        "check that the port is free, the host is this machine's, and the TLS files fit together"};
  }
  if (server_ == nullptr) return Error{Reason::kInternal, "gRPC could not start its server"};
  return {};
}

void Server::StopListening() {
  for (const auto& listener : listeners_) listener->Close();
  health_.StopServing();
}

void Server::Shutdown(std::chrono::system_clock::time_point deadline) {
  if (server_ == nullptr) return;
  server_->Shutdown(deadline);
  server_->Wait();
  server_ = nullptr;
  listeners_.clear();
}

}  // namespace mig
