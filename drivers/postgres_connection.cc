#include "drivers/postgres_connection.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <map>
#include <string>
#include <vector>

#include "drivers/postgres_errors.h"

namespace mig {
namespace {

// A cancellation that arrives between two messages is lost on the server; so it is repeated until
// the Running ends, however many answers come meanwhile.
constexpr std::chrono::milliseconds kRepeatCancel{100};
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kPatienceWithTheSilent{10};

// For what the url leaves open, and client_encoding whatever it says: all our text is UTF-8.
std::map<std::string, std::string> WithDefaults(std::map<std::string, std::string> parameters) {
  const std::map<std::string, std::string> defaults = {
      {"application_name", "mig"},   {"connect_timeout", "10"},    {"keepalives", "1"},
      {"keepalives_idle", "5"},      {"keepalives_interval", "2"}, {"keepalives_count", "3"},
      {"tcp_user_timeout", "10000"},
  };
  parameters.insert(defaults.begin(), defaults.end());
  parameters["client_encoding"] = "UTF8";
  return parameters;
}

// libpq's arrays, which point into the parameters.
struct Arrays {
  explicit Arrays(const std::map<std::string, std::string>& parameters) {
    for (const auto& [keyword, value] : parameters) {
      keywords.push_back(keyword.c_str());
      values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
  }

  std::vector<const char*> keywords;
  std::vector<const char*> values;
};

Error OpenFailed(PGconn* connection, std::map<std::string, std::string> parameters,
                 const std::string& url) {
  parameters["connect_timeout"] = "2";
  Arrays arrays(parameters);
  PGPing server = PQpingParams(arrays.keywords.data(), arrays.values.data(), 0);
  Error error = PostgresConnectError(connection, server, url);
  std::string mode = parameters["sslmode"];
  if (server == PQPING_NO_RESPONSE && (mode == "require" || mode.starts_with("verify"))) {
    error.hint =
        "check that the server runs at that host and port, and offers TLS with a certificate "
        "that sslmode=" +
        mode + " accepts";
  }
  return error;
}

}  // namespace

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::Open(const TargetUrl& url,
                                                                     const std::string& options) {
  std::map<std::string, std::string> parameters = WithDefaults(url.parameters);
  if (!options.empty()) parameters["options"] += " " + options;
  Arrays arrays(parameters);
  std::unique_ptr<PostgresConnection> opened(
      new PostgresConnection(PQconnectdbParams(arrays.keywords.data(), arrays.values.data(), 0)));
  if (PQstatus(opened->get()) != CONNECTION_OK) {
    return OpenFailed(opened->get(), std::move(parameters), url.redacted);
  }
  opened->cancel_.reset(PQgetCancel(opened->get()));
  PQsetNoticeReceiver(opened->get(), &ReceiveNotice, opened.get());
  return opened;
}

PostgresConnection::PostgresConnection(PGconn* connection) : connection_(connection) {}

PostgresConnection::Running::Running(PostgresConnection& connection) : connection_(connection) {
  std::lock_guard lock(connection_.mutex_);
  connection_.cancelled_ = false;
  connection_.running_ = true;
}

PostgresConnection::Running::~Running() {
  std::lock_guard lock(connection_.mutex_);
  connection_.running_ = false;
}

void PostgresConnection::Cancel() {
  std::lock_guard lock(mutex_);
  if (!running_) return;
  const auto now = std::chrono::steady_clock::now();
  if (!cancelled_) cancelled_at_ = now;
  repeat_at_ = now + kRepeatCancel;
  cancelled_ = true;
  SendCancel();
}

// PQcancel waits for as long as the server is silent, so whether it talks is asked first.
bool PostgresConnection::SendCancel() {
  const std::map<std::string, std::string> where = {{"connect_timeout", "2"},
                                                    {"host", PQhost(get())},
                                                    {"hostaddr", PQhostaddr(get())},
                                                    {"port", PQport(get())}};
  Arrays arrays(where);
  if (PQpingParams(arrays.keywords.data(), arrays.values.data(), 0) == PQPING_NO_RESPONSE)
    return false;
  char message[256];
  PQcancel(cancel_.get(), message, sizeof message);
  return true;
}

bool PostgresConnection::Wait(bool for_writing) {
  pollfd socket = {PQsocket(get()), POLLIN, 0};
  if (for_writing) socket.events |= POLLOUT;
  for (;;) {
    int ready = poll(&socket, 1, static_cast<int>(kRepeatCancel.count()));
    if (ready < 0 && errno != EINTR) return false;
    if (cancelled_ && std::chrono::steady_clock::now() >= repeat_at_.load()) RepeatCancel();
    if (ready > 0) return (socket.revents & ~POLLOUT) == 0 || PQconsumeInput(get()) == 1;
  }
}

void PostgresConnection::RepeatCancel() {
  const auto patience = SendCancel() ? kPatience : kPatienceWithTheSilent;
  const auto now = std::chrono::steady_clock::now();
  if (now - cancelled_at_.load() > patience) shutdown(PQsocket(get()), SHUT_RDWR);
  repeat_at_ = now + kRepeatCancel;
}

bool PostgresConnection::IsQuiet() const {
  pollfd socket = {PQsocket(get()), POLLIN, 0};
  return PQstatus(get()) == CONNECTION_OK && poll(&socket, 1, 0) == 0;
}

PostgresResult PostgresConnection::NextResult() {
  while (PQisBusy(get()) && Wait(false)) {
  }
  return PostgresResult(PQgetResult(get()));
}

void PostgresConnection::ReceiveNotice(void* connection, const PGresult* notice) {
  auto* self = static_cast<PostgresConnection*>(connection);
  const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  const char* message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
  if (self->listener_ && severity != nullptr && message != nullptr) {
    const char* detail = PQresultErrorField(notice, PG_DIAG_MESSAGE_DETAIL);
    self->listener_(
        {severity, detail == nullptr ? message : fmt::format("{}\n{}", message, detail)});
  }
}

}  // namespace mig
