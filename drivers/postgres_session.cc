#include "drivers/postgres_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "drivers/postgres_errors.h"
#include "drivers/postgres_pipeline.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

struct Setting {
  const char* name;
  const char* value;
};
constexpr Setting kFixedSettings[] = {
    {"client_encoding", "UTF8"},   {"standard_conforming_strings", "on"},
    {"DateStyle", "ISO"},          {"IntervalStyle", "postgres"},
    {"bytea_output", "hex"},       {"client_min_messages", "notice"},
    {"lock_timeout", "0"},         {"statement_timeout", "0"},
    {"tcp_keepalives_idle", "3"},  {"tcp_keepalives_interval", "2"},
    {"tcp_keepalives_count", "2"}, {"idle_in_transaction_session_timeout", "60s"},
};
// Some systems cannot detect a vanished client and refuse these, as do servers before 14.
constexpr Setting kVanishedClients[] = {{"tcp_user_timeout", "7s"},
                                        {"client_connection_check_interval", "2s"}};
constexpr int kKnowsVanishedClients = 140000;

std::string SetQuery(std::span<const Setting> settings) {
  std::string values;
  for (const Setting& one : settings)
    values += fmt::format("{}('{}', '{}')", values.empty() ? "" : ", ", one.name, one.value);
  return fmt::format(
      "SELECT pg_catalog.set_config(s.name, s.value, false) FROM (VALUES {}) s(name, value)",
      values);
}

// The same for a connection's start. What it starts with, RESET ALL restores.
std::string StartOptions() {
  std::string options;
  const auto add = [&](const Setting& one) {
    options += fmt::format(" -c {}={}", one.name, one.value);
  };
  std::ranges::for_each(kFixedSettings, add);
  std::ranges::for_each(kVanishedClients, add);
  return options;
}

// Whether a connection that was refused so might be had without StartOptions(): poolers take none,
// and not every server takes all of them. No server translates the names.
bool RefusesStartOptions(const Error& error) {
  const auto says = [&](std::string_view text) {
    return error.message.find(text) != std::string::npos;
  };
  return error.reason == Reason::kDatabaseRefused &&
         (says("startup parameter") || says("options") || says(kVanishedClients[0].name) ||
          says(kVanishedClients[1].name));
}

// Sets nothing in the backend of another process id.
std::string SetWhereDirect(std::span<const Setting> settings, int backend) {
  return fmt::format("{} WHERE pg_catalog.pg_backend_pid() = {}", SetQuery(settings), backend);
}

// What DISCARD ALL does, less the release of advisory locks, and DISCARD PLANS, which nobody could
// tell.
constexpr const char* kDiscards[] = {"RESET SESSION AUTHORIZATION",
                                     "RESET ROLE",
                                     "RESET ALL",
                                     "CLOSE ALL",
                                     "UNLISTEN *",
                                     "DISCARD TEMP",
                                     "DISCARD SEQUENCES"};
constexpr char kDiscardPrepared[] = "DEALLOCATE ALL";
// A row, where PREPARE has been used.
constexpr char kFindPrepared[] =
    "SELECT FROM pg_catalog.pg_prepared_statement() WHERE from_sql LIMIT 1";

constexpr char kBegin[] = "BEGIN";

std::string VersionOf(PGconn* connection) {
  const char* reported = PQparameterStatus(connection, "server_version");
  std::string_view version = reported == nullptr ? "" : reported;
  return fmt::format("PostgreSQL {}", version.substr(0, version.find(' ')));
}

bool IsCopy(ExecStatusType status) {
  return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

// Ends a COPY that nobody feeds or reads, so that the session is usable after it.
Error RefuseCopy(PGconn* connection, ExecStatusType status) {
  if (status == PGRES_COPY_IN) PQputCopyEnd(connection, "COPY with the client is not supported");
  char* row = nullptr;
  while (status == PGRES_COPY_OUT && PQgetCopyData(connection, &row, 0) > 0) PQfreemem(row);
  return Error{Reason::kStatementFailed,
               "COPY to or from the client is not supported",
               {},
               "COPY a file of the server, or write INSERT statements"};
}

}  // namespace

std::int64_t PostgresLockKey(std::string_view name) {
  Digest digest = Sha256("mig-lock 1\n" + std::string(name));
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < 8; ++i) key = key << 8 | digest[i];
  return static_cast<std::int64_t>(key);
}

Result<std::unique_ptr<Session>> PostgresSession::Open(const TargetUrl& url) {
  auto connection = PostgresConnection::Open(url, StartOptions());
  if (connection) return std::unique_ptr<Session>(new PostgresSession(*std::move(connection)));
  if (!RefusesStartOptions(connection.error())) return std::move(connection).error();
  connection = PostgresConnection::Open(url);
  if (!connection) return std::move(connection).error();
  std::unique_ptr<PostgresSession> session(new PostgresSession(*std::move(connection)));
  TRY(session->Settle());
  return std::unique_ptr<Session>(std::move(session));
}

PostgresSession::PostgresSession(std::unique_ptr<PostgresConnection> connection)
    : connection_(std::move(connection)), version_(VersionOf(connection_->get())) {}

Result<void> PostgresSession::Settle() {
  const int backend = PQbackendPID(connection_->get());
  if (PQserverVersion(connection_->get()) >= kKnowsVanishedClients) {
    std::vector<Setting> all(std::begin(kFixedSettings), std::end(kFixedSettings));
    all.insert(all.end(), std::begin(kVanishedClients), std::end(kVanishedClients));
    auto set = RunScript(SetWhereDirect(all, backend));
    if (set) settings_ = SetQuery(all);
    if (set) return {};
    if (set.error().reason == Reason::kDatabaseUnreachable) return std::move(set).error();
  }
  TRY(RunScript(SetWhereDirect(kFixedSettings, backend)));
  settings_ = SetQuery(kFixedSettings);
  return {};
}

Result<SqlResult> PostgresSession::Execute(const SqlCommand& command) {
  if (begin_pending_) return ExecuteFirst(command);
  PostgresArguments arguments = TRY(PostgresArguments::Of(command));
  reset_ = false;
  PostgresConnection::Running running(*connection_);
  if (!arguments.Send(connection_->get())) return PostgresConnectionLost(connection_->get());
  PostgresResult result = TRY(ReadAnswer());
  prepared_.Saw(PQcmdStatus(result.get()));
  return ReadPostgresResult(result.get());
}

Result<SqlResult> PostgresSession::ExecuteFirst(const SqlCommand& command) {
  SqlResult answer;
  auto executed = ExecuteAll(std::span(&command, 1),
                             [&](std::size_t, const SqlResult& result) { answer = result; });
  if (executed) return answer;
  executed.error().details.erase("command_index");
  return std::move(executed).error();
}

Result<PostgresResult> PostgresSession::RunScript(const std::string& sql) {
  PostgresConnection::Running running(*connection_);
  if (PQsendQuery(connection_->get(), sql.c_str()) != 1) {
    return PostgresConnectionLost(connection_->get());
  }
  return ReadAnswer();
}

Result<PostgresResult> PostgresSession::ReadAnswer(PostgresResult first) {
  PostgresResult last;
  std::optional<Error> error;
  for (PostgresResult result = first ? std::move(first) : connection_->NextResult(); result;
       result = connection_->NextResult()) {
    ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_FATAL_ERROR && !error) {
      error = PostgresError(result.get(), connection_->cancelled());
    } else if (IsCopy(status)) {
      error = RefuseCopy(connection_->get(), status);
    }
    last = std::move(result);
  }
  if (PQstatus(connection_->get()) != CONNECTION_OK) {
    if (error && error->details.contains("sqlstate")) {
      error->reason = Reason::kDatabaseUnreachable;
      return *std::move(error);
    }
    return PostgresConnectionLost(connection_->get());
  }
  if (error) return *std::move(error);
  if (last == nullptr) return PostgresConnectionLost(connection_->get());
  return last;
}

Result<void> PostgresSession::ExecuteAll(std::span<const SqlCommand> commands,
                                         const CommandDone& done) {
  if (commands.empty()) return {};
  PostgresConnection::Running running(*connection_);
  reset_ = false;
  std::vector<SqlCommand> begin;
  if (std::exchange(begin_pending_, false)) begin.push_back({kBegin});
  auto outcome = RunPostgresPipeline(*connection_, begin, commands, prepared_, done);
  if (!outcome && prepared_.GivesUpAfter(outcome.error(), commands))
    outcome.error().reason = Reason::kDatabaseBusy;
  return outcome;
}

Result<void> PostgresSession::Begin() {
  if (PQstatus(connection_->get()) != CONNECTION_OK) {
    return PostgresConnectionLost(connection_->get());
  }
  begin_pending_ = true;
  return {};
}

// The first answer is COMMIT's: a failed transaction answers with ROLLBACK and no error. What comes
// behind it is the reset's, which is repeated if it failed.
Result<void> PostgresSession::Commit() {
  if (std::exchange(begin_pending_, false)) return {};
  if (PQstatus(connection_->get()) == CONNECTION_OK && !InTransaction()) {
    return Error{Reason::kTransactionEscaped,
                 "no transaction is open any more that could be committed"};
  }
  PostgresConnection::Running running(*connection_);
  if (PQsendQuery(connection_->get(), ("COMMIT; " + ResetScript()).c_str()) != 1) {
    return PostgresConnectionLost(connection_->get());
  }
  PostgresResult committed = connection_->NextResult();
  if (PQresultStatus(committed.get()) == PGRES_COMMAND_OK) {
    const auto answer = ReadAnswer();
    reset_ = answer && EndReset(PQntuples(answer->get()) != 0);
    if (std::string_view(PQcmdStatus(committed.get())) == "COMMIT") return {};
    return Error{Reason::kStatementFailed,
                 "the transaction had failed before, so that COMMIT rolled it back",
                 {{"sqlstate", "25P02"}}};
  }
  TRY(ReadAnswer(std::move(committed)));
  return PostgresConnectionLost(connection_->get());
}

// As the statements behind COMMIT are the reset's, their failure only means that it is repeated.
Result<void> PostgresSession::CommitWith(std::vector<SqlCommand> commands) {
  if (begin_pending_ || PQtransactionStatus(connection_->get()) != PQTRANS_INTRANS)
    return Session::CommitWith(std::move(commands));
  commands.push_back({"COMMIT"});
  bool committed = false;
  auto outcome = ExecuteAndReset(std::move(commands), committed);
  return committed ? Result<void>() : outcome;
}

Result<void> PostgresSession::ExecuteBeforeReset(std::vector<SqlCommand> commands) {
  if (begin_pending_) return Session::ExecuteBeforeReset(std::move(commands));
  bool ended = false;
  return ExecuteAndReset(std::move(commands), ended);
}

// The text of what comes last is UTF-8, whatever a script has chosen for its own.
Result<void> PostgresSession::ExecuteAndReset(std::vector<SqlCommand> commands, bool& ended) {
  const char* encoding = PQparameterStatus(connection_->get(), "client_encoding");
  if (encoding != nullptr && std::string_view(encoding) != "UTF8")
    commands.insert(commands.begin(), {"SET LOCAL client_encoding = 'UTF8'"});
  const std::size_t last = commands.size() - 1;
  const auto reset = [&](const std::string& sql) {
    commands.push_back({.sql = sql, .recurrent = true});
  };
  std::ranges::for_each(kDiscards, reset);
  if (!settings_.empty()) reset(settings_);
  if (prepared_.may_be_others()) reset(kFindPrepared);
  bool found = false;
  PostgresConnection::Running running(*connection_);
  reset_ = false;
  auto outcome = RunPostgresPipeline(*connection_, {}, commands, prepared_,
                                     [&](std::size_t index, const SqlResult& result) {
                                       ended = ended || index == last;
                                       found = !result.rows.empty();  // in the end, the last one's
                                     });
  if (outcome) {
    reset_ = EndReset(found).has_value();
    return outcome;
  }
  if (prepared_.GivesUpAfter(outcome.error(), commands))
    outcome.error().reason = Reason::kDatabaseBusy;
  outcome.error().details.erase("command_index");
  return outcome;
}

Result<void> PostgresSession::Rollback() {
  if (std::exchange(begin_pending_, false) || !InTransaction()) return {};
  TRY(RunScript("ROLLBACK"));
  return {};
}

bool PostgresSession::InTransaction() const {
  PGTransactionStatusType status = PQtransactionStatus(connection_->get());
  return begin_pending_ || status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

std::string PostgresSession::ResetScript() const {
  std::string script;
  for (const char* statement : kDiscards) script += fmt::format("{}; ", statement);
  if (!settings_.empty()) script += settings_ + "; ";
  if (prepared_.may_be_others()) script += prepared_.empty() ? kDiscardPrepared : kFindPrepared;
  return script;
}

Result<void> PostgresSession::EndReset(bool found) {
  if (found && prepared_.may_be_others()) {
    TRY(RunScript(kDiscardPrepared));
    prepared_.Forget();
  }
  prepared_.NoOthers();
  return {};
}

Result<void> PostgresSession::Reset() {
  if (reset_ && PQstatus(connection_->get()) == CONNECTION_OK) return {};
  const auto answer = TRY(RunScript(ResetScript()));
  TRY(EndReset(PQntuples(answer.get()) != 0));
  reset_ = true;
  return {};
}

Result<bool> PostgresSession::TryLock(std::string_view name) {
  const SqlResult result =
      TRY(Execute({"SELECT CASE WHEN pg_catalog.pg_backend_pid() = $2 THEN "
                   "pg_catalog.pg_try_advisory_lock($1) END",
                   {PostgresLockKey(name), server_id()}}));
  if (!std::holds_alternative<std::nullptr_t>(result.rows[0][0]))
    return result.rows[0][0] == SqlValue("t");
  return Error{Reason::kUnsupported,
               "a pooler such as pgbouncer stands between mig and the PostgreSQL server, where the "
               "lock and the session of a run do not hold",
               {},
               "give the url of the server itself, with its own host and port, for runs"};
}

Result<void> PostgresSession::Unlock(std::string_view name) {
  TRY(Execute({"SELECT pg_catalog.pg_advisory_unlock($1)", {PostgresLockKey(name)}}));
  return {};
}

}  // namespace mig
