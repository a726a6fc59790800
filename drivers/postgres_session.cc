#include "drivers/postgres_session.h"

#include <fmt/format.h>

#include <utility>

#include "drivers/postgres_errors.h"
#include "drivers/postgres_pipeline.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

constexpr char kFixedSettings[] =
    "SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; SET DateStyle = 'ISO'; "
    "SET IntervalStyle = 'postgres'; SET bytea_output = 'hex'; SET client_min_messages = notice; "
    "SET lock_timeout = 0; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";

// What DISCARD ALL does, less the release of advisory locks; as one message it is one round trip.
constexpr char kDiscard[] =
    "SET SESSION AUTHORIZATION DEFAULT; RESET ROLE; RESET ALL; DEALLOCATE ALL; CLOSE ALL; UNLISTEN "
    "*; "
    "DISCARD PLANS; DISCARD TEMP; DISCARD SEQUENCES; ";

constexpr char kBegin[] = "BEGIN";
constexpr char kCheckClient[] = "; SET client_connection_check_interval = '2s'";

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
  std::unique_ptr<PostgresConnection> connection = TRY(PostgresConnection::Open(url));
  std::unique_ptr<PostgresSession> session(new PostgresSession(std::move(connection)));
  TRY(session->RunScript(session->settings_));
  TRY(session->NoticeVanishedClients());
  return std::unique_ptr<Session>(std::move(session));
}

PostgresSession::PostgresSession(std::unique_ptr<PostgresConnection> connection)
    : connection_(std::move(connection)),
      version_(VersionOf(connection_->get())),
      settings_(kFixedSettings) {}

// Servers before 14 do not have the setting, and some systems cannot detect it: there TCP
// keepalives have to do.
Result<void> PostgresSession::NoticeVanishedClients() {
  if (PQserverVersion(connection_->get()) < 140000) return {};
  Result<void> set = RunScript(settings_ + kCheckClient);
  if (set) settings_ += kCheckClient;
  if (!set && set.error().reason == Reason::kDatabaseUnreachable) return set;
  return {};
}

Result<SqlResult> PostgresSession::Execute(const SqlCommand& command) {
  PostgresArguments arguments = TRY(PostgresArguments::Of(command));
  TRY(SendBegin());
  reset_ = false;
  PostgresConnection::Running running(*connection_);
  if (!arguments.Send(connection_->get())) return PostgresConnectionLost(connection_->get());
  PostgresResult result = TRY(ReadAnswer());
  return ReadPostgresResult(result.get());
}

Result<void> PostgresSession::RunScript(const std::string& sql) {
  PostgresConnection::Running running(*connection_);
  if (PQsendQuery(connection_->get(), sql.c_str()) != 1) {
    return PostgresConnectionLost(connection_->get());
  }
  TRY(ReadAnswer());
  return {};
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
  return RunPostgresPipeline(*connection_, begin, commands, done);
}

Result<void> PostgresSession::Begin() {
  if (PQstatus(connection_->get()) != CONNECTION_OK) {
    return PostgresConnectionLost(connection_->get());
  }
  begin_pending_ = true;
  return {};
}

Result<void> PostgresSession::SendBegin() {
  if (!begin_pending_) return {};
  begin_pending_ = false;
  return RunScript(kBegin);
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
    reset_ = ReadAnswer().has_value();
    if (std::string_view(PQcmdStatus(committed.get())) == "COMMIT") return {};
    return Error{Reason::kStatementFailed,
                 "the transaction had failed before, so that COMMIT rolled it back",
                 {{"sqlstate", "25P02"}}};
  }
  TRY(ReadAnswer(std::move(committed)));
  return PostgresConnectionLost(connection_->get());
}

Result<void> PostgresSession::Rollback() {
  if (std::exchange(begin_pending_, false) || !InTransaction()) return {};
  return RunScript("ROLLBACK");
}

bool PostgresSession::InTransaction() const {
  PGTransactionStatusType status = PQtransactionStatus(connection_->get());
  return begin_pending_ || status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

std::string PostgresSession::ResetScript() const { return kDiscard + settings_; }

Result<void> PostgresSession::Reset() {
  if (reset_ && PQstatus(connection_->get()) == CONNECTION_OK) return {};
  TRY(RunScript(ResetScript()));
  reset_ = true;
  return {};
}

Result<bool> PostgresSession::TryLock(std::string_view name) {
  SqlResult result =
      TRY(Execute({"SELECT pg_catalog.pg_try_advisory_lock($1)", {PostgresLockKey(name)}}));
  return result.rows[0][0] == SqlValue("t");
}

Result<void> PostgresSession::Unlock(std::string_view name) {
  TRY(Execute({"SELECT pg_catalog.pg_advisory_unlock($1)", {PostgresLockKey(name)}}));
  return {};
}

}  // namespace mig
