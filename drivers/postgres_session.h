// A session on PostgreSQL, and what it means by the seam's words.
//
// Every statement goes by the extended protocol, which runs exactly one: a script cannot smuggle a
// second one past the splitter. Cells are in text format; types of parameters are inferred by the
// server.
//
// The fixed state Reset() restores is that of a fresh connection of the same role (ALTER ROLE and
// PGOPTIONS settings included) with standard strings, ISO dates, hex bytea and no time limits, but
// that a transaction in which nothing happens for a minute is ended. The server notices a client
// that vanished: within 2 s where it knows client_connection_check_interval (PostgreSQL 14), within
// 10 s when the client's machine is gone, too (TCP keepalives).
//
// Statements that recur stay prepared (PostgresPrepared) across Reset(), which takes back those
// that a script prepared, but for what a trigger or a rule might prepare. Should a script drop
// ours, ExecuteAll fails once with kDatabaseBusy.
//
// A transaction costs as few round trips as its steps allow: BEGIN goes with its first statement,
// and the reset that a next transaction would begin with goes with COMMIT.
//
// Behind a pooler (the process id that libpq was told is not the backend's) nothing is set, since
// it might be another client's session next: such a session can read, and never gets the run lock.
#pragma once

#include <memory>
#include <string>

#include "drivers/postgres_connection.h"
#include "drivers/postgres_lock_key.h"
#include "drivers/postgres_prepared.h"
#include "drivers/session.h"

namespace mig {

class PostgresSession final : public Session {
 public:
  static Result<std::unique_ptr<Session>> Open(const TargetUrl& url);

  Dialect dialect() const override { return Dialect::kPostgresql; }
  const std::string& server_version() const override { return version_; }
  std::int64_t server_id() const override { return PQbackendPID(connection_->get()); }
  Result<SqlResult> Execute(const SqlCommand& command) override;
  Result<void> ExecuteAll(std::span<const SqlCommand> commands, const CommandDone& done) override;
  Result<void> Begin() override;
  Result<void> Commit() override;
  Result<void> CommitWith(std::vector<SqlCommand> commands) override;
  Result<void> ExecuteBeforeReset(std::vector<SqlCommand> commands) override;
  Result<void> Rollback() override;
  bool InTransaction() const override;
  Result<void> Reset() override;
  Result<bool> TryLock(std::string_view name) override;
  Result<void> Unlock(std::string_view name) override;
  void Interrupt() override { connection_->Cancel(); }
  bool MayBeKept() override { return !InTransaction() && connection_->IsQuiet(); }
  void OnNotice(std::function<void(const SqlNotice&)> listener) override {
    connection_->OnNotice(std::move(listener));
  }

 private:
  explicit PostgresSession(std::unique_ptr<PostgresConnection> connection);

  // Sends BEGIN with it.
  Result<SqlResult> ExecuteFirst(const SqlCommand& command);
  Result<PostgresResult> RunScript(const std::string& sql);
  // The statements of a reset, as one message.
  std::string ResetScript() const;
  // Runs the commands and a reset in one pipeline; `ended`: all of the commands did. An error has
  // no command_index.
  Result<void> ExecuteAndReset(std::vector<SqlCommand> commands, bool& ended);
  // Takes back what a script prepared, where the last statement of a reset has found it.
  Result<void> EndReset(bool found);
  Result<void> Settle();
  // Reads the results of what was sent, `first` before others, to the last one.
  Result<PostgresResult> ReadAnswer(PostgresResult first = nullptr);

  std::unique_ptr<PostgresConnection> connection_;
  std::string version_;
  // The query that sets the fixed state; empty where the connection started with it.
  std::string settings_;
  PostgresPrepared prepared_;
  bool begin_pending_ = false;
  bool reset_ = true;  // nothing ran since the session was in the fixed state
};

}  // namespace mig
