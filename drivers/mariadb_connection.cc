#include "drivers/mariadb_connection.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <functional>

#include "drivers/mariadb_errors.h"
#include "drivers/mariadb_result.h"
#include "drivers/sql/lexer.h"
#include "drivers/sql/quoted_name.h"

namespace mig {
namespace {

constexpr unsigned kConnectSeconds = 10;
// A kill that arrives before the server began with the statement is lost; so it is repeated until
// something ends.
constexpr int kRepeatKillMilliseconds = 100;
constexpr std::chrono::seconds kMariadbPatience{60};
constexpr std::chrono::seconds kMariadbPatienceWithTheSilent{10};
constexpr unsigned kKillSeconds = 5;  // for the server to take it
constexpr int kReturnMilliseconds = 1000;

constexpr std::string_view kUnlimited =
    "SET STATEMENT sql_select_limit = 18446744073709551615, max_statement_time = 0, "
    "sql_safe_updates = 0 FOR ";

const char* Find(const TargetUrl& url, const char* key) {
  auto found = url.parameters.find(key);
  return found == url.parameters.end() ? nullptr : found->second.c_str();
}

unsigned Number(const char* text, unsigned otherwise) {
  if (text == nullptr) return otherwise;
  std::string_view digits = text;
  unsigned number = otherwise;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

bool IsOn(const char* text) {
  return text != nullptr && std::string_view(text) != "0" && std::string_view(text) != "false";
}

// The environment's values: a file's replace them, and the url's replace those.
void SetDefaults(MYSQL* mysql, const TargetUrl& url) {
  constexpr std::pair<const char*, mysql_option> kDefaults[] = {
      {"default_host", MARIADB_OPT_HOST},
      {"default_unix_socket", MARIADB_OPT_UNIXSOCKET},
      {"default_password", MARIADB_OPT_PASSWORD}};
  for (auto [key, option] : kDefaults) {
    if (const char* value = Find(url, key)) mysql_optionsv(mysql, option, value);
  }
  if (const char* port = Find(url, "default_port")) {
    unsigned number = Number(port, 0);
    mysql_optionsv(mysql, MARIADB_OPT_PORT, &number);
  }
  const char* file = Find(url, "option_file");
  if (file != nullptr && access(file, R_OK) == 0)
    mysql_optionsv(mysql, MYSQL_READ_DEFAULT_FILE, file);
}

void SetTls(MYSQL* mysql, const TargetUrl& url) {
  constexpr std::pair<const char*, mysql_option> kFiles[] = {{"ssl_ca", MYSQL_OPT_SSL_CA},
                                                             {"ssl_capath", MYSQL_OPT_SSL_CAPATH},
                                                             {"ssl_cert", MYSQL_OPT_SSL_CERT},
                                                             {"ssl_key", MYSQL_OPT_SSL_KEY},
                                                             {"ssl_cipher", MYSQL_OPT_SSL_CIPHER}};
  bool wanted = IsOn(Find(url, "ssl"));
  for (auto [key, option] : kFiles) {
    const char* value = Find(url, key);
    if (value == nullptr) continue;
    mysql_optionsv(mysql, option, value);
    wanted = true;
  }
  my_bool verify = IsOn(Find(url, "ssl_verify_server_cert"));
  my_bool enforce = wanted || verify;
  if (enforce) mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
  if (verify) mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

void SetOptions(MYSQL* mysql, const TargetUrl& url, unsigned answer_seconds) {
  unsigned seconds = Number(Find(url, "connect_timeout"), kConnectSeconds);
  unsigned no_local_files = 0;
  unsigned long packet = 1UL << 30;  // the server's own limit decides
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
  if (answer_seconds > 0) mysql_optionsv(mysql, MYSQL_OPT_READ_TIMEOUT, &answer_seconds);
  mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &no_local_files);
  mysql_optionsv(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
  mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "mig");
  SetDefaults(mysql, url);
  SetTls(mysql, url);
}

// Does nothing to a Unix socket.
void NoticeVanishedServers(int socket) {
  constexpr std::pair<int, int> kTcp[] = {
      {TCP_KEEPIDLE, 5}, {TCP_KEEPINTVL, 2}, {TCP_KEEPCNT, 3}, {TCP_USER_TIMEOUT, 10'000}};
  int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  for (auto [option, value] : kTcp) setsockopt(socket, IPPROTO_TCP, option, &value, sizeof value);
}

bool HasColumns(const SqlResult& result) { return !result.columns.empty(); }

// What the server does not report as a change of state: user variables that an expression assigns,
// and the next transaction's characteristics.
bool MayChangeStateUnseen(std::string_view sql) {
  Lexer lexer(Dialect::kMariadb, sql);
  Result<Token> token = lexer.Next();
  if (!token) return true;
  if (IsWord(*token, sql, "set") || IsWord(*token, sql, "handler")) return true;
  if (sql.find('@') == sql.npos) return false;
  while (token && token->kind != TokenKind::kEnd && !IsSymbol(*token, sql, "@"))
    token = lexer.Next();
  return !token || token->kind != TokenKind::kEnd;
}

}  // namespace

Result<std::unique_ptr<MariadbConnection>> MariadbConnection::Open(const TargetUrl& url) {
  return Open(url, 0);
}

Result<std::unique_ptr<MariadbConnection>> MariadbConnection::Open(const TargetUrl& url,
                                                                   unsigned answer_seconds) {
  static const int initialised = mysql_library_init(0, nullptr, nullptr);
  (void)initialised;
  std::unique_ptr<MariadbConnection> opened(new MariadbConnection(url));
  MYSQL* mysql = opened->mysql_.get();
  SetOptions(mysql, url, answer_seconds);
  if (mysql_real_connect(mysql, Find(url, "host"), Find(url, "user"), Find(url, "password"),
                         Find(url, "dbname"), Number(Find(url, "port"), 0),
                         Find(url, "unix_socket"),
                         CLIENT_FOUND_ROWS | CLIENT_MULTI_RESULTS) == nullptr) {
    return MariadbConnectError(mysql, url.redacted);
  }
  NoticeVanishedServers(static_cast<int>(mysql_get_socket(mysql)));
  return opened;
}

MariadbConnection::MariadbConnection(TargetUrl url)
    : url_(std::move(url)), mysql_(mysql_init(nullptr)) {}

MariadbConnection::Running::Running(MariadbConnection& connection, Kills kills)
    : connection_(connection) {
  std::lock_guard lock(connection_.mutex_);
  connection_.kills_ = kills;
  connection_.cancelled_ = false;
  connection_.running_ = true;
}

MariadbConnection::Running::~Running() {
  std::lock_guard lock(connection_.mutex_);
  connection_.running_ = false;
  if (connection_.killer_ != nullptr) connection_.AbsorbKill();
}

void MariadbConnection::Cancel() {
  std::lock_guard lock(mutex_);
  if (!running_) return;
  if (!cancelled_) cancelled_at_ = std::chrono::steady_clock::now();
  cancelled_ = true;
  if (executing_ && kills_ == Kills::kYes) SendKill();
}

void MariadbConnection::GiveUp() {
  shutdown(static_cast<int>(mysql_get_socket(mysql_.get())), SHUT_RDWR);
}

bool MariadbConnection::SendKill() {
  if (killer_ == nullptr) {
    auto opened = Open(url_, kKillSeconds);
    if (!opened) return false;  // the next repetition tries again
    killer_ = *std::move(opened);
  }
  const std::string kill = fmt::format("KILL QUERY {}", server_id());
  if (mysql_real_query(killer_->mysql_.get(), kill.data(), kill.size()) == 0) return true;
  killer_.reset();
  return false;
}

// A kill that came too late for its statement ends the next one: so that is one of ours.
void MariadbConnection::AbsorbKill() {
  constexpr std::string_view kNothing = "DO 0";
  killer_.reset();
  for (int tries = 0; tries < 3; ++tries) {
    if (mysql_real_query(mysql_.get(), kNothing.data(), kNothing.size()) == 0) return;
  }
}

Result<SqlResult> MariadbConnection::Run(const std::string& sql) {
  auto answer = Ask(sql);
  if (MayChangeStateUnseen(sql)) state_changed_ = true;
  std::vector<SqlResult> results = TRY(std::move(answer));
  const auto last = std::ranges::find_if(results.rbegin(), results.rend(), HasColumns);
  return std::move(last == results.rend() ? results.back() : *last);
}

Result<SqlResult> MariadbConnection::RunUnlimited(const std::string& sql) {
  return Run(Unlimited(sql));
}

// Costs nothing where no script was.
std::string MariadbConnection::Unlimited(std::string sql) const {
  return state_changed_ && is_mariadb() ? sql.insert(0, kUnlimited) : std::move(sql);
}

Result<std::vector<SqlResult>> MariadbConnection::RunTogether(
    std::span<const std::string> statements) {
  std::vector<SqlResult> results;
  if (is_mariadb() && statements.size() > 1) {
    results =
        TRY(Ask(Unlimited(fmt::format("BEGIN NOT ATOMIC {}; END", fmt::join(statements, "; ")))));
  } else {
    for (const std::string& sql : statements) results.push_back(TRY(RunUnlimited(sql)));
  }
  std::erase_if(results, std::not_fn(HasColumns));
  return results;
}

// One result at least. A message is the statement behind a byte that says that it is one.
Result<std::vector<SqlResult>> MariadbConnection::Ask(const std::string& sql) {
  if (sql.size() + 1 >= message_limit_) return MariadbTooLong(sql.size(), message_limit_);
  SetExecuting(true);
  const bool sent = mysql_send_query(mysql_.get(), sql.data(), sql.size()) == 0;
  const bool answered = sent && AwaitAnswer() && mysql_read_query_result(mysql_.get()) == 0;
  auto results = answered ? ReadResults(sql) : MariadbError(mysql_.get(), sql, cancelled_);
  if (sent) NoteChanges();
  SetExecuting(false);
  if (results && listener_ && mysql_warning_count(mysql_.get()) > 0) PassNotices();
  return results;
}

void MariadbConnection::SetExecuting(bool executing) {
  std::lock_guard lock(mutex_);
  executing_ = executing;
}

bool MariadbConnection::AwaitAnswer() {
  pollfd socket = {static_cast<int>(mysql_get_socket(mysql_.get())), POLLIN, 0};
  for (;;) {
    int ready = poll(&socket, 1, kRepeatKillMilliseconds);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;  // reading says what it is
    if (ready == 0 && cancelled_) {
      std::lock_guard lock(mutex_);
      const bool killed = kills_ == Kills::kYes && SendKill();
      const auto patience = killed ? kMariadbPatience : kMariadbPatienceWithTheSilent;
      if (std::chrono::steady_clock::now() - cancelled_at_.load() > patience) GiveUp();
    }
  }
}

Result<std::vector<SqlResult>> MariadbConnection::ReadResults(const std::string& sql) {
  MYSQL* mysql = mysql_.get();
  std::vector<SqlResult> results;
  for (;;) {
    std::unique_ptr<MYSQL_RES, FreeMariadbResult> rows(mysql_store_result(mysql));
    if (rows != nullptr) {
      results.push_back(ReadMariadbRows(rows.get()));
    } else if (mysql_errno(mysql) != 0) {
      return MariadbError(mysql, sql, cancelled_);
    } else {
      results.emplace_back().rows_affected = static_cast<std::int64_t>(mysql_affected_rows(mysql));
    }
    int more = mysql_next_result(mysql);
    if (more < 0) return results;
    if (more > 0) return MariadbError(mysql, sql, cancelled_);
  }
}

void MariadbConnection::NoteChanges() {
  const char* text = nullptr;
  std::size_t size = 0;
  // What an earlier answer told stays in the connection's list; the flag is this one's.
  if ((mysql_->server_status & SERVER_SESSION_STATE_CHANGED) != 0 &&
      mysql_session_track_get_first(mysql_.get(), SESSION_TRACK_STATE_CHANGE, &text, &size) == 0)
    state_changed_ = true;
}

void MariadbConnection::PassNotices() {
  constexpr std::string_view kShow = "SHOW WARNINGS";
  MYSQL* mysql = mysql_.get();
  if (mysql_real_query(mysql, kShow.data(), kShow.size()) != 0) return;
  std::unique_ptr<MYSQL_RES, FreeMariadbResult> rows(mysql_store_result(mysql));
  if (rows == nullptr) return;
  while (MYSQL_ROW row = mysql_fetch_row(rows.get())) {
    std::string severity = row[0];
    std::ranges::transform(severity, severity.begin(),
                           [](unsigned char c) { return std::toupper(c); });
    listener_({severity, row[2]});
  }
}

bool MariadbConnection::in_transaction() const {
  return (mysql_->server_status & SERVER_STATUS_IN_TRANS) != 0;
}

bool MariadbConnection::IsQuiet() const {
  pollfd socket = {static_cast<int>(mysql_get_socket(mysql_.get())), POLLIN, 0};
  return poll(&socket, 1, 0) == 0;
}

bool MariadbConnection::ReturnToDatabase() {
  const char* database = Find(url_, "dbname");
  if (database == nullptr) return true;
  const std::string use = "USE " + QuoteName(database, Dialect::kMariadb);
  pollfd socket = {static_cast<int>(mysql_get_socket(mysql_.get())), POLLIN, 0};
  return mysql_send_query(mysql_.get(), use.data(), use.size()) == 0 &&
         poll(&socket, 1, kReturnMilliseconds) == 1 && mysql_read_query_result(mysql_.get()) == 0;
}

bool MariadbConnection::is_mariadb() const { return mariadb_connection(mysql_.get()) != 0; }

std::int64_t MariadbConnection::server_id() const {
  return static_cast<std::int64_t>(mysql_thread_id(mysql_.get()));
}

// "10.11.19-MariaDB-0+deb12u1"
std::string MariadbConnection::server_version() const {
  std::string_view version = mysql_get_server_info(mysql_.get());
  return fmt::format("{} {}", is_mariadb() ? "MariaDB" : "MySQL",
                     version.substr(0, version.find('-')));
}

}  // namespace mig
