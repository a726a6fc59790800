#include "cli/channel.h"

#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/security/credentials.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>

#include "cli/local_daemon.h"
#include "cli/running_process.h"
#include "mig/v1/admin.grpc.pb.h"

namespace mig {
namespace {

// The API's number that this client speaks (GetDaemonResponse.api).
constexpr int kApi = 1;
constexpr int kCallAttempts = 4;
constexpr std::chrono::milliseconds kPause{100};
constexpr std::chrono::seconds kGreetingLimit{15};
constexpr std::chrono::milliseconds kEndLimit{30'000};
// A daemon whose machine is gone is noticed within the sum, while a call waits for it. The daemon
// takes a ping every ten seconds (daemon/rpc/server.cc).
constexpr int kKeepaliveMilliseconds = 60'000;
constexpr int kKeepaliveTimeoutMilliseconds = 20'000;
constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kHttps = "https://";

// No more than a call needs: what gRPC sets up per channel is most of a short command's time.
grpc::ChannelArguments ArgumentsOfChannels() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, -1);
  return arguments;
}

std::shared_ptr<grpc::Channel> OverSocket(int socket) {
  grpc::ChannelArguments arguments = ArgumentsOfChannels();
  arguments.SetInt(GRPC_ARG_MINIMAL_STACK, 1);
  return grpc::CreateCustomInsecureChannelFromFd("mig", socket, arguments);
}

Result<std::string> ReadPem(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return Error{Reason::kFileUnreadable, "cannot read " + path + " for TLS", {{"file", path}}};
  }
  return text.str();
}

// What a handshake fails of is in the call's status; gRPC would write it to stderr, too.
void KeepGrpcQuiet() {
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
}

Result<std::shared_ptr<grpc::Channel>> OverTls(const DaemonAddress& address) {
  KeepGrpcQuiet();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = TRY(ReadPem(address.ca_file));
  options.pem_cert_chain = TRY(ReadPem(address.certificate_file));
  options.pem_private_key = TRY(ReadPem(address.key_file));
  if (address.certificate_file.empty() != address.key_file.empty()) {
    return Error{Reason::kConfigInvalid,
                 address.key_file.empty() ? "there is a client certificate without its key"
                                          : "there is a key without its client certificate",
                 {},
                 "give `certificate_file` and `key_file` together"};
  }
  grpc::ChannelArguments arguments = ArgumentsOfChannels();
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMilliseconds);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // as many as it takes
  const std::string target = address.address.substr(kHttps.size());
  return grpc::CreateCustomChannel("dns:///" + target, grpc::SslCredentials(options), arguments);
}

void AddToken(grpc::ClientContext& context, const std::string& token) {
  if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
}

grpc::Status Greet(const std::shared_ptr<grpc::Channel>& channel, const std::string& token,
                   v1::GetDaemonResponse& daemon) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kGreetingLimit);
  AddToken(context, token);
  return v1::AdminService::Stub(channel).GetDaemon(&context, {}, &daemon);
}

// Whether it stops; it does not while runs are active. A connection that breaks says that it has
// stopped.
bool StopIfIdle(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kGreetingLimit);
  v1::StopDaemonRequest request;
  request.set_only_if_idle(true);
  v1::StopDaemonResponse response;
  const grpc::Status status =
      v1::AdminService::Stub(channel).StopDaemon(&context, request, &response);
  return status.ok() ? response.stopping() : IsConnectionFailure(status);
}

// Whether `daemon` runs another executable than the one that would be started now.
bool IsOutdated(const v1::GetDaemonResponse& daemon) {
  const Result<std::string> migd = FindMigd();
  return migd && daemon.binary() != BinaryIdentity(*migd);
}

Error NoAddress(const std::string& text) {
  return {Reason::kConfigInvalid,
          "`" + text + "` is no address of a daemon",
          {{"key", "address"}},
          "an address is local, unix:PATH or https://HOST:PORT"};
}

// `hint` empty: the reason's own.
Result<void> CheckApi(const v1::GetDaemonResponse& daemon, std::string hint) {
  if (daemon.api() == kApi) return {};
  return Error{Reason::kDaemonVersion,
               "the daemon (process " + std::to_string(daemon.pid()) + ", version " +
                   daemon.version() + ") speaks another API than this mig",
               {{"version", daemon.version()}},
               std::move(hint)};
}

// A daemon that we did not start is taken as it is, or not at all. Where it does not answer, the
// call that comes next says why.
Result<std::shared_ptr<grpc::Channel>> CheckShared(std::shared_ptr<grpc::Channel> channel,
                                                   const std::string& token) {
  v1::GetDaemonResponse daemon;
  if (Greet(channel, token, daemon).ok()) TRY(CheckApi(daemon, ""));
  return channel;
}

// One connection to the private daemon, or nothing when it went away or was told to.
Result<std::shared_ptr<grpc::Channel>> TryLocal(const LocalDaemon& local, bool may_start) {
  const std::shared_ptr<grpc::Channel> none;
  const int socket = TRY(may_start ? local.Connect() : local.ConnectRunning());
  const bool as_it_is = !may_start || local.IsKnown(socket, kApi);
  const std::shared_ptr<grpc::Channel> channel = OverSocket(socket);
  if (as_it_is) return channel;
  v1::GetDaemonResponse daemon;
  const grpc::Status greeted = Greet(channel, "", daemon);
  if (!greeted.ok()) {
    if (IsConnectionFailure(greeted)) return none;
    return ErrorOf(greeted);
  }
  // It would close its store by the paths that the next one opens, and its lock is gone, too.
  const auto lost = RunningProcess::Find(local.HasLostItsState() ? ListenerOf(socket) : 0);
  const bool to_replace = lost.has_value() || IsOutdated(daemon);
  const bool stopping = daemon.draining() || (to_replace && StopIfIdle(channel));
  if (stopping) {
    local.AwaitGone();
    if (lost) lost->AwaitEnd(kEndLimit);
    return none;
  }
  TRY(CheckApi(daemon, "it is busy with a run: wait for that, then repeat the command"));
  return channel;
}

Result<std::shared_ptr<grpc::Channel>> ConnectLocal(const std::string& work_tree, bool may_start) {
  const LocalDaemon local(TRY(PlacesOf(work_tree)));
  for (int attempt = 1; attempt <= kCallAttempts; ++attempt) {
    auto channel = TRY(TryLocal(local, may_start));
    if (channel != nullptr) return channel;
  }
  return Error{Reason::kDaemonUnreachable,
               "the private daemon of " + work_tree + " goes away each time it is asked",
               {},
               "look into " + local.places().log()};
}

Result<std::shared_ptr<grpc::Channel>> ConnectTo(const DaemonAddress& address, bool may_start) {
  const std::string& text = address.address;
  if (text == "local") return ConnectLocal(address.work_tree, may_start);
  if (text.starts_with(kUnix)) {
    const int socket = TRY(ConnectUnix(text.substr(kUnix.size())));
    return CheckShared(OverSocket(socket), address.token);
  }
  if (text.starts_with(kHttps)) return CheckShared(TRY(OverTls(address)), address.token);
  return NoAddress(text);
}

}  // namespace

Result<std::string> NormalAddress(const std::string& address) {
  if (!address.starts_with(kHttps)) return address;
  std::string place = address.substr(kHttps.size());
  while (place.ends_with('/')) place.pop_back();
  const bool is_place =
      !place.empty() && place.front() != ':' && place.find_first_of("/?#@ \t\r\n") == place.npos;
  if (!is_place) return NoAddress(address);
  return std::string(kHttps) + place;
}

Channel::Channel(DaemonAddress address, bool may_start)
    : address_(std::move(address)),
      may_start_(may_start),
      description_(address_.address == "local" ? "the private daemon of " + address_.work_tree
                                               : address_.address) {}

Result<std::unique_ptr<Channel>> Channel::Open(DaemonAddress address) {
  std::unique_ptr<Channel> channel(new Channel(std::move(address), true));
  TRY(channel->Connected());
  return channel;
}

Result<std::unique_ptr<Channel>> Channel::OpenRunning(DaemonAddress address) {
  std::unique_ptr<Channel> channel(new Channel(std::move(address), false));
  TRY(channel->Connected());
  return channel;
}

void Channel::Prepare(grpc::ClientContext& context, std::chrono::seconds limit) const {
  if (limit.count() > 0) context.set_deadline(std::chrono::system_clock::now() + limit);
  AddToken(context, address_.token);
}

pid_t Channel::ListeningProcess() const {
  std::string path;
  if (address_.address.starts_with(kUnix)) path = address_.address.substr(kUnix.size());
  if (address_.address == "local") {
    if (const Result<LocalPlaces> places = PlacesOf(address_.work_tree)) path = places->socket();
  }
  if (path.empty()) return 0;
  const Result<int> socket = ConnectUnix(path);
  if (!socket) return 0;
  const pid_t listener = ListenerOf(*socket);
  ::close(*socket);
  return listener;
}

Result<void> Channel::Repeat(const Attempt& attempt) {
  for (int count = 1;; ++count) {
    const std::shared_ptr<grpc::Channel> channel = TRY(Connected());
    const Outcome outcome = attempt(channel);
    if (outcome.status.ok()) return {};
    if (!IsConnectionFailure(outcome.status)) return ErrorOf(outcome.status);
    Forget(channel);
    if (outcome.accepted || count == kCallAttempts) return ErrorOf(outcome.status);
    std::this_thread::sleep_for(kPause * (count - 1));
  }
}

Result<std::shared_ptr<grpc::Channel>> Channel::Connected() {
  const std::lock_guard lock(mutex_);
  if (channel_ == nullptr) channel_ = TRY(ConnectTo(address_, may_start_));
  return channel_;
}

void Channel::Forget(const std::shared_ptr<grpc::Channel>& channel) {
  const std::lock_guard lock(mutex_);
  if (channel_ == channel) channel_ = nullptr;
}

}  // namespace mig
