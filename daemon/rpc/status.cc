#include "daemon/rpc/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "daemon/excerpt.h"
#include "daemon/limits.h"
#include "drivers/target_url.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace mig {
namespace {

constexpr int kUnavailable = 14;
constexpr int kAborted = 10;
constexpr std::int32_t kRetryNanoseconds = 200'000'000;

// Shortens the longest values until all fit, so that short facts (line, sqlstate) survive a long
// statement.
void FitDetails(std::map<std::string, std::string>& details) {
  while (true) {
    std::size_t total = 0;
    for (const auto& [key, value] : details) total += key.size() + value.size();
    if (total <= kMaxErrorDetailBytes || details.empty()) return;
    auto longest = std::max_element(
        details.begin(), details.end(),
        [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    if (longest->second.size() < 8) return;
    longest->second = Excerpt(std::move(longest->second), longest->second.size() / 2 + 3);
  }
}

google::rpc::ErrorInfo InfoMessage(const Error& error) {
  std::map<std::string, std::string> details;
  for (const auto& [key, value] : error.details) details[key] = RedactSecrets(value);
  if (std::string hint = HintOf(error); !hint.empty()) details["hint"] = RedactSecrets(hint);
  FitDetails(details);
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(InfoOf(error.reason).text));
  info.set_domain("mig");
  info.mutable_metadata()->insert(details.begin(), details.end());
  return info;
}

}  // namespace

grpc::Status ToStatus(const Error& error) {
  const int code = InfoOf(error.reason).grpc_code;
  const std::string message = Excerpt(RedactSecrets(error.message), kMaxStatusMessageBytes);
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  status.add_details()->PackFrom(InfoMessage(error));
  if (code == kUnavailable || code == kAborted) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_nanos(kRetryNanoseconds);
    status.add_details()->PackFrom(retry);
  }
  return {static_cast<grpc::StatusCode>(code), message, status.SerializeAsString()};
}

Result<void> CheckAnswerSize(std::size_t bytes) {
  if (bytes <= kMaxResponseBytes) return {};
  return Error{
      Reason::kLimitExceeded,
      fmt::format("the answer has {} bytes, more than the {} MiB that one may have", bytes,
                  kMaxResponseBytes >> 20),
      {{"limit", "response_bytes"}},
      "ask about fewer revisions at once, as in `mig plan upgrade +10`; scripts of `--sql` "
      "may have any length"};
}

}  // namespace mig
