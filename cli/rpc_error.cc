#include "cli/rpc_error.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace mig {
namespace {

// The daemon's own ErrorInfo, if the status carries one.
std::optional<google::rpc::ErrorInfo> InfoIn(const google::rpc::Status& status) {
  for (const auto& detail : status.details()) {
    google::rpc::ErrorInfo info;
    if (detail.UnpackTo(&info) && info.domain() == "mig") return info;
  }
  return std::nullopt;
}

std::optional<google::rpc::ErrorInfo> InfoIn(const grpc::Status& status,
                                             std::string* message = nullptr) {
  google::rpc::Status details;
  if (status.error_details().empty() || !details.ParseFromString(status.error_details()))
    return std::nullopt;
  if (message != nullptr) *message = details.message();
  return InfoIn(details);
}

Reason ReasonOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Reason::kDaemonUnreachable;
    case grpc::StatusCode::UNAUTHENTICATED:
      return Reason::kUnauthenticated;
    case grpc::StatusCode::PERMISSION_DENIED:
      return Reason::kPermissionDenied;
    case grpc::StatusCode::CANCELLED:
      return Reason::kCancelled;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return Reason::kLimitExceeded;
    case grpc::StatusCode::UNIMPLEMENTED:
      return Reason::kDaemonVersion;
    case grpc::StatusCode::INVALID_ARGUMENT:
      return Reason::kInvalidArgument;
    default:
      return Reason::kInternal;
  }
}

// gRPC tells of a failed handshake in words alone; OpenSSL's code is among them, with the number of
// its function where it is older than 3.0 (SSL_R_CERTIFICATE_VERIFY_FAILED).
bool IsUntrusted(const grpc::Status& status) {
  const std::string& message = status.error_message();
  return status.error_code() == grpc::StatusCode::UNAVAILABLE &&
         (message.find("error:0A000086:") != message.npos ||
          message.find("error:1416F086:") != message.npos);
}

// Where gRPC can use no file for TLS it has nothing to connect to, and says no more than that.
bool HasUnusableFiles(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE &&
         status.error_message().find("empty address list") != std::string::npos;
}

// gRPC tells of all it tried, and of the last try its status and what the system said: "failed to
// connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: ...".
std::string_view LastTry(std::string_view message) {
  constexpr std::string_view kLast = "last error: ";
  const std::size_t last = message.rfind(kLast);
  if (last == message.npos) return message;
  message.remove_prefix(last + kLast.size());
  const std::size_t status = message.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
  if (status > 0 && message.substr(std::min(status, message.size())).starts_with(": "))
    message.remove_prefix(status + 2);
  return message;
}

Error ErrorOfTransport(const grpc::Status& status) {
  if (IsUntrusted(status)) {
    return {
        Reason::kDaemonUnreachable,
        "the daemon's certificate is not one that is trusted here",
        {},
        "name the certificate of its authority: `mig login ADDRESS --ca-file FILE` keeps it with "
        "the token, and so does `ca_file` beside `address` in mig.toml"};
  }
  if (HasUnusableFiles(status)) {
    return {Reason::kDaemonUnreachable,
            "no connection to the daemon can be made with these files for TLS",
            {},
            "`ca_file`, `certificate_file` and `key_file` have to be PEM, and the key that of the "
            "certificate"};
  }
  const Reason reason = ReasonOf(status.error_code());
  std::string message = status.error_message();
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    message = "the daemon did not answer in time";
  } else if (reason == Reason::kDaemonUnreachable) {
    message = "the connection to the daemon failed: " + std::string(LastTry(message));
  } else if (reason == Reason::kDaemonVersion) {
    message = "the daemon does not know this call: it is of another version";
  }
  return {reason, std::move(message)};
}

}  // namespace

Error ErrorOf(const grpc::Status& status) {
  std::string message;
  const auto info = InfoIn(status, &message);
  if (!info) return ErrorOfTransport(status);
  Error error{ReasonOf(status.error_code()), std::move(message)};
  for (const auto& [key, value] : info->metadata()) {
    if (key == "hint") {
      error.hint = value;
    } else {
      error.details[key] = value;
    }
  }
  if (const auto known = ReasonFromText(info->reason())) {
    error.reason = *known;
  } else {
    error.details["reason"] = info->reason();
  }
  return error;
}

bool IsConnectionFailure(const grpc::Status& status) {
  if (status.error_code() != grpc::StatusCode::UNAVAILABLE) return false;
  if (IsUntrusted(status)) return false;
  const auto info = InfoIn(status);
  return !info || info->reason() == InfoOf(Reason::kDraining).text;
}

}  // namespace mig
