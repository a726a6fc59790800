#include "drivers/mariadb_session.h"

#include <fmt/format.h>

#include <utility>

#include "drivers/file_state.h"
#include "drivers/mariadb_errors.h"
#include "drivers/mariadb_parameters.h"
#include "drivers/mariadb_user_locks.h"

namespace mig {
namespace {

constexpr char kMariadbSettings[] =
    "SET NAMES utf8mb4, autocommit = 1, completion_type = 0, foreign_key_checks = 1, "
    "unique_checks = 1, lc_messages = 'en_US', lock_wait_timeout = 5, "
    "innodb_lock_wait_timeout = 5, wait_timeout = 600, sql_mode = '{}', "
    "sql_select_limit = 18446744073709551615, sql_safe_updates = 0, "
    "session_track_schema = 1, session_track_state_change = 1";

// In a session that has the run lock. It does not count while a statement runs.
constexpr char kShortSilence[] = "SET wait_timeout = 30";

constexpr std::string_view kInterrupted = "70100";  // the SQLSTATE of kills and timeouts

// More than that goes alone: a message may not be longer than the server's max_allowed_packet.
constexpr std::size_t kTogether = 16'384;  // bytes

Result<bool> IsOne(MariadbConnection& connection, const std::string& sql) {
  MariadbConnection::Running running(connection);
  SqlResult result = TRY(connection.RunUnlimited(sql));
  return !result.rows.empty() && result.rows[0].at(0) == SqlValue(std::int64_t{1});
}

// Lets the server give the run lock of a machine that is gone back soon.
Result<void> ShortenSilence(MariadbConnection& connection) {
  const bool changed = connection.state_changed();
  MariadbConnection::Running running(connection);
  TRY(connection.Run(kShortSilence));
  if (!changed) connection.ForgetChanges();
  return {};
}

struct ServerSettings {
  std::string sql_mode;
  std::int64_t message_limit = 0;  // bytes
};

// Of two variables the server takes the larger one as its limit (net_buffer_length is 16 KiB,
// max_allowed_packet may be less).
Result<ServerSettings> AskSettings(MariadbConnection& connection) {
  MariadbConnection::Running running(connection);
  SqlResult answer =
      TRY(connection.Run("SELECT @@sql_mode, greatest(@@max_allowed_packet, @@net_buffer_length)"));
  if (answer.rows.size() == 1 && answer.rows[0].size() == 2) {
    const auto* mode = std::get_if<std::string>(&answer.rows[0][0]);
    const auto* limit = std::get_if<std::int64_t>(&answer.rows[0][1]);
    if (mode != nullptr && limit != nullptr) return ServerSettings{*mode, *limit};
  }
  return Error{Reason::kDatabaseRefused,
               "the server does not tell its sql_mode and max_allowed_packet"};
}

// One of `url`, or the server's own without the modes that change how text is read.
std::string ChooseSqlMode(const ServerSettings& settings, const TargetUrl& url) {
  auto chosen = url.parameters.find("sql_mode");
  return chosen == url.parameters.end() ? WithoutReadingModes(settings.sql_mode) : chosen->second;
}

}  // namespace

Result<std::unique_ptr<Session>> MariadbSession::Open(const TargetUrl& url) {
  std::unique_ptr<MariadbSession> session(new MariadbSession(url, nullptr));
  session->option_file_ = session->StateOfOptionFile();
  session->connection_ = TRY(session->Connect());
  session->version_ = session->connection_->server_version();
  return std::unique_ptr<Session>(std::move(session));
}

MariadbSession::MariadbSession(TargetUrl url, std::unique_ptr<MariadbConnection> connection)
    : url_(std::move(url)), connection_(std::move(connection)) {}

// A connection in the fixed state.
Result<std::unique_ptr<MariadbConnection>> MariadbSession::Connect() const {
  std::unique_ptr<MariadbConnection> connection = TRY(MariadbConnection::Open(url_));
  const ServerSettings settings = TRY(AskSettings(*connection));
  const std::string mode = ChooseSqlMode(settings, url_);
  connection->LimitMessages(static_cast<std::size_t>(settings.message_limit));
  {
    MariadbConnection::Running running(*connection);
    TRY(connection->Run(fmt::format(kMariadbSettings, mode)));
  }
  connection->ForgetChanges();
  connection->OnNotice(listener_);
  return connection;
}

Result<SqlResult> MariadbSession::Execute(const SqlCommand& command) {
  MariadbConnection::Running running(*connection_);
  return RunAlone(command);
}

Result<SqlResult> MariadbSession::RunAlone(const SqlCommand& command) {
  const std::string sql = TRY(TextOf(command));
  if (std::exchange(begin_pending_, false))
    TRY(connection_->RunUnlimited(std::string(BeginStatement())));
  return command.scripted ? connection_->Run(sql) : connection_->RunUnlimited(sql);
}

// Reads the text of a recurrent command once.
Result<std::string> MariadbSession::TextOf(const SqlCommand& command) {
  if (!command.recurrent) return WithMariadbLiterals(command);
  auto known = places_.find(command.sql);
  if (known == places_.end())
    known = places_.emplace(command.sql, TRY(FindParameters(command.sql))).first;
  return WithMariadbLiterals(command, known->second);
}

// A script may have made the session's transactions read-only; a server may refuse to be asked for
// another one.
std::string_view MariadbSession::BeginStatement() const {
  return connection_->state_changed() ? "START TRANSACTION READ WRITE" : "START TRANSACTION";
}

Result<void> MariadbSession::ExecuteAll(std::span<const SqlCommand> commands,
                                        const CommandDone& done) {
  MariadbConnection::Running running(*connection_);
  return RunGroups(commands, done);
}

// One group after the other, each in one round trip.
Result<void> MariadbSession::RunGroups(std::span<const SqlCommand> commands,
                                       const CommandDone& done) {
  for (std::size_t first = 0; first < commands.size();) {
    auto results = RunGroup(commands.subspan(first));
    if (!results) {
      results.error().details["command_index"] = std::to_string(first);
      return std::move(results).error();
    }
    for (const SqlResult& result : *results) {
      if (done) done(first, result);
      ++first;
    }
  }
  return {};
}

// Runs the first command alone where it is prompt or a script's, else our own up to a prompt one
// together; and answers a result for each that ran.
Result<std::vector<SqlResult>> MariadbSession::RunGroup(std::span<const SqlCommand> commands) {
  if (connection_->cancelled()) return Error{Reason::kCancelled, "interrupted"};
  if (commands[0].prompt || commands[0].scripted) {
    SqlResult result = TRY(RunAlone(commands[0]));
    return std::vector{std::move(result)};
  }
  std::vector<std::string> group;
  const bool begins = std::exchange(begin_pending_, false);
  if (begins) group.emplace_back(BeginStatement());
  std::size_t size = 0;
  for (const SqlCommand& command : commands) {
    std::string sql = TRY(TextOf(command));
    size += sql.size();
    if (command.scripted || (size > kTogether && size > sql.size())) break;
    group.push_back(std::move(sql));
    if (command.prompt) break;
  }
  auto ran = connection_->RunTogether(group);
  // A failure does not say whether the transaction is open now; the next answer does.
  if (!ran && begins) (void)connection_->Run("DO 0");
  std::vector<SqlResult> rows = TRY(std::move(ran));
  std::vector<SqlResult> results;
  std::size_t next = 0;
  for (const std::string& sql : group) {
    const bool gives_rows = sql.starts_with("SELECT") && next < rows.size();
    results.push_back(gives_rows ? std::move(rows[next++]) : SqlResult());
  }
  if (begins) results.erase(results.begin());
  return results;
}

Result<void> MariadbSession::RunOwn(const std::string& sql) {
  MariadbConnection::Running running(*connection_);
  TRY(connection_->RunUnlimited(sql));
  return {};
}

Result<void> MariadbSession::Begin() {
  begin_pending_ = true;
  return {};
}

Result<void> MariadbSession::Commit() {
  if (std::exchange(begin_pending_, false)) return {};
  TRY(CheckInTransaction());
  return RunOwn("COMMIT");
}

Result<void> MariadbSession::CheckInTransaction() const {
  if (InTransaction()) return {};
  return Error{Reason::kTransactionEscaped,
               "no transaction is open any more that could be committed"};
}

// The commit goes with the last of the commands, as one statement. Killed while it commits, that
// would be told as a failure although it took effect: so Interrupt() sends no kill, and after
// anybody else's the connection is given up, as nobody can tell.
Result<void> MariadbSession::CommitWith(std::vector<SqlCommand> commands) {
  if (commands.empty()) return Commit();
  TRY(CheckInTransaction());
  commands.push_back({"COMMIT"});
  MariadbConnection::Running running(*connection_, MariadbConnection::Kills::kNo);
  auto outcome = RunGroups(commands, {});
  if (outcome) return {};
  Error error = std::move(outcome).error();
  error.details.erase("command_index");
  const auto state = error.details.find("sqlstate");
  if (state != error.details.end() && state->second == kInterrupted) {
    connection_->GiveUp();
    error.reason = Reason::kDatabaseUnreachable;
  }
  const bool waited = error.reason == Reason::kDatabaseBusy && connection_->cancelled();
  return waited ? Error{Reason::kCancelled, "interrupted"} : std::move(error);
}

// A deadlock has rolled back by itself. Then ROLLBACK has nothing to say, and the warnings are
// still those of the deadlock.
Result<void> MariadbSession::Rollback() {
  if (std::exchange(begin_pending_, false) || !InTransaction()) return {};
  MariadbConnection::Running running(*connection_);
  TRY(connection_->RunUnlimited("ROLLBACK"));
  return CheckMariadbRollback(TRY(connection_->Run("SHOW WARNINGS")));
}

Result<void> MariadbSession::Reset() {
  if (!connection_->state_changed()) return {};
  std::unique_ptr<MariadbConnection> next = TRY(Connect());
  if (lock_) TRY(HandLockTo(*next));
  std::lock_guard lock(mutex_);
  connection_ = std::move(next);
  return {};
}

Result<void> MariadbSession::HandLockTo(MariadbConnection& next) {
  TRY(ShortenSilence(next));
  auto [first, second] = MariadbUserLocks(*lock_);
  TRY(IsOne(*connection_, fmt::format("SELECT RELEASE_LOCK('{}')", second)));
  bool second_taken = TRY(IsOne(next, fmt::format("SELECT GET_LOCK('{}', 0)", second)));
  TRY(IsOne(*connection_, fmt::format("SELECT RELEASE_LOCK('{}')", first)));
  // Somebody who tries to get the lock may have the first for a moment.
  bool first_taken = TRY(IsOne(next, fmt::format("SELECT GET_LOCK('{}', 10)", first)));
  if (first_taken && second_taken) return {};
  return Error{Reason::kLeaseLost, "the run lock was lost while the session was reset"};
}

Result<bool> MariadbSession::TryLock(std::string_view name) {
  if (lock_ == name) return true;
  auto [first, second] = MariadbUserLocks(name);
  bool taken = TRY(IsOne(
      *connection_,
      fmt::format(
          "SELECT IF(GET_LOCK('{0}', 0), IF(GET_LOCK('{1}', 0), 1, 0 * RELEASE_LOCK('{0}')), 0)",
          first, second)));
  if (!taken) return false;
  lock_ = name;
  TRY(ShortenSilence(*connection_));
  return true;
}

Result<void> MariadbSession::Unlock(std::string_view name) {
  auto [first, second] = MariadbUserLocks(name);
  lock_.reset();
  return RunOwn(fmt::format("DO RELEASE_LOCK('{}'), RELEASE_LOCK('{}')", second, first));
}

void MariadbSession::Interrupt() {
  std::lock_guard lock(mutex_);
  connection_->Cancel();
}

std::string MariadbSession::StateOfOptionFile() const {
  const auto file = url_.parameters.find("option_file");
  return file == url_.parameters.end() ? "" : StateOfFile(file->second);
}

bool MariadbSession::MayBeKept() {
  return StateOfOptionFile() == option_file_ && !InTransaction() && !lock_ &&
         connection_->IsQuiet();
}

// A database may be dropped, or closed to its user, while sessions are on it.
bool MariadbSession::MayServeAgain() { return MayBeKept() && connection_->ReturnToDatabase(); }

void MariadbSession::OnNotice(std::function<void(const SqlNotice&)> listener) {
  listener_ = std::move(listener);
  connection_->OnNotice(listener_);
}

}  // namespace mig
