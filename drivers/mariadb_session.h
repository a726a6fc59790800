// A session on MariaDB (10.6 and later) or MySQL, and what it means by the seam's words.
//
// Statements go by the text protocol, each as a message of its own: the server refuses a second one
// in it. What ExecuteAll finds between prompt commands goes as one compound statement (BEGIN NOT
// ATOMIC), which the server stops where one of its parts fails, Begin() and the COMMIT of
// CommitWith with it; while that runs no kill is sent, and after somebody else's the connection is
// given up, as nobody can tell what was committed.
// Parameters are written as literals (drivers/mariadb_literals.h). A data definition statement
// commits the open transaction, which InTransaction() then shows.
//
// The fixed state is that of a fresh connection to this server (its time zone, its default role,
// its sql_mode), but for what this program's reading of SQL relies on: utf8mb4, autocommit, no
// ANSI_QUOTES, NO_BACKSLASH_ESCAPES or ORACLE in sql_mode (nor any mode that stands for them),
// English messages; and for waiting: 5 s for a lock (the executor sets its own), 600 s until the
// server ends a session from which it hears nothing, 30 s once it had the run lock. The url's
// `sql_mode` replaces the server's.
//
// Reset() does nothing where no statement changed the session's state. Else it opens a new
// connection and hands the run lock over, as resetting the old one (COM_RESET_CONNECTION) would
// lose the lock. The lock is two of GET_LOCK: who wants it takes the first, then the second,
// without waiting. The new connection takes the second when the old one has given that up, and then
// the first: one of the two is held at every moment, so nobody gets in between.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "drivers/mariadb_connection.h"
#include "drivers/mariadb_literals.h"
#include "drivers/session.h"

namespace mig {

class MariadbSession final : public Session {
 public:
  static Result<std::unique_ptr<Session>> Open(const TargetUrl& url);

  Dialect dialect() const override { return Dialect::kMariadb; }
  const std::string& server_version() const override { return version_; }
  std::int64_t server_id() const override { return connection_->server_id(); }
  Result<SqlResult> Execute(const SqlCommand& command) override;
  Result<void> ExecuteAll(std::span<const SqlCommand> commands, const CommandDone& done) override;
  Result<void> Begin() override;
  Result<void> Commit() override;
  Result<void> CommitWith(std::vector<SqlCommand> commands) override;
  Result<void> Rollback() override;
  bool InTransaction() const override { return begin_pending_ || connection_->in_transaction(); }
  Result<void> Reset() override;
  Result<bool> TryLock(std::string_view name) override;
  Result<void> Unlock(std::string_view name) override;
  void Interrupt() override;
  bool MayBeKept() override;
  bool MayServeAgain() override;
  void OnNotice(std::function<void(const SqlNotice&)> listener) override;

 private:
  MariadbSession(TargetUrl url, std::unique_ptr<MariadbConnection> connection);

  Result<std::unique_ptr<MariadbConnection>> Connect() const;
  std::string StateOfOptionFile() const;
  Result<std::string> TextOf(const SqlCommand& command);
  Result<void> RunOwn(const std::string& sql);
  std::string_view BeginStatement() const;
  Result<void> HandLockTo(MariadbConnection& next);
  Result<void> CheckInTransaction() const;
  // Those of ExecuteAll, within a Running.
  Result<void> RunGroups(std::span<const SqlCommand> commands, const CommandDone& done);
  Result<SqlResult> RunAlone(const SqlCommand& command);
  Result<std::vector<SqlResult>> RunGroup(std::span<const SqlCommand> commands);

  const TargetUrl url_;
  std::mutex mutex_;  // guards the pointer against Interrupt
  std::unique_ptr<MariadbConnection> connection_;
  std::string version_;
  std::string option_file_;          // its state before the connection was opened
  std::optional<std::string> lock_;  // the name that is held
  bool begin_pending_ = false;
  std::map<std::string, std::vector<ParameterPlace>> places_;  // by the text of recurrent commands
  std::function<void(const SqlNotice&)> listener_;
};

}  // namespace mig
