// One open connection to one live database: the narrow seam every engine stands behind.
//
// What is common to all engines (bookkeeping tables, lease, log, retry) is written once above it. A
// session belongs to whoever holds its unique_ptr and is used by one thread at a time; only
// Interrupt() may be called from another one.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "drivers/target_url.h"
#include "store/core/dialect.h"
#include "store/core/result.h"

namespace mig {

// A parameter or a cell. Blobs are byte strings of their own type, since engines tell them from
// text.
struct Blob {
  std::string bytes;
  friend bool operator==(const Blob&, const Blob&) = default;
};
using SqlValue = std::variant<std::nullptr_t, std::int64_t, std::string, Blob>;

// One statement with its parameters, written $1, $2, ... in every dialect (SQLite takes $1 as a
// named parameter).
struct SqlCommand {
  std::string sql;
  std::vector<SqlValue> parameters = {};
  // ExecuteAll tells its end as it comes, all that it gave, and its failure as its own. Others,
  // from one prompt one to the next, may go to the engine as one: then rows are told of those that
  // begin with SELECT, rows_affected of none, and a failure is that of the first.
  bool prompt = false;
  // It comes many times, with other parameters: a session may keep it prepared, and ExecuteAll
  // then costs the server a fraction of it.
  bool recurrent = false;
  // It is of a script, and runs under what scripts set in the session. Others run whatever that is:
  // limits on rows and time do not count for them, where the engine has such.
  bool scripted = false;
};

// What a statement gave. Text of cells is in the engine's output format; booleans of PostgreSQL
// come as "t" and "f".
struct SqlResult {
  std::vector<std::string> columns;
  std::vector<std::vector<SqlValue>> rows;
  std::int64_t rows_affected = 0;
};

// A message of the server that is no error: NOTICE, WARNING.
struct SqlNotice {
  std::string severity;
  std::string message;
};

class Session {
 public:
  virtual ~Session() = default;

  virtual Dialect dialect() const = 0;
  // "PostgreSQL 15.18", "SQLite 3.40.1".
  virtual const std::string& server_version() const = 0;

  // What the server calls this session, for looking at it from another one: the process id of
  // PostgreSQL's backend, the id of MariaDB's connection, where a Reset() may change it. 0: there
  // is no server, or it does not tell.
  virtual std::int64_t server_id() const { return 0; }

  // Runs one statement and waits for its end. A second one, or a NUL byte, is kStatementFailed, and
  // nothing runs.
  //
  // Errors: kStatementFailed, with the details sqlstate, db_message, db_detail, db_hint, position
  // (1-based character offset in the statement) as far as the engine gives them; kDatabaseBusy for
  // lock and serialisation failures that a retry of the transaction may cure; kDatabasePermission;
  // kDatabaseFull where its disk has no room;
  // kCancelled after Interrupt(); kDatabaseUnreachable when the connection is gone, after which
  // every call fails.
  virtual Result<SqlResult> Execute(const SqlCommand& command) = 0;

  // Runs the commands in order inside the transaction that is open, in as few round trips as the
  // engine allows, and stops at the first that fails. `done` is called on the calling thread, in
  // order, for each that ended. A failure's details hold `command_index`. REQUIRES:
  // InTransaction().
  using CommandDone = std::function<void(std::size_t index, const SqlResult& result)>;
  virtual Result<void> ExecuteAll(std::span<const SqlCommand> commands,
                                  const CommandDone& done) = 0;

  // Begin takes the write lock at once where the engine has one (SQLite: BEGIN IMMEDIATE);
  // elsewhere it may go to the server with the first statement.
  virtual Result<void> Begin() = 0;
  // Errors: kTransactionEscaped when none is open any more; kStatementFailed when it had failed
  // before and is rolled back now; kDatabaseBusy (SQLite) when a reader is in the way: it stays
  // open, and Commit may be repeated; kDatabaseUnreachable, after which it may have been committed
  // or not.
  virtual Result<void> Commit() = 0;
  // Runs the commands as ExecuteAll does, and commits, in as few round trips as the engine allows.
  // Errors: those of both, without `command_index`; nothing was committed where it is not Commit's
  // kDatabaseUnreachable.
  virtual Result<void> CommitWith(std::vector<SqlCommand> commands);
  // Runs the commands as ExecuteAll does, where a Reset() comes next, which may go with them.
  // Errors: those of ExecuteAll, without `command_index`.
  virtual Result<void> ExecuteBeforeReset(std::vector<SqlCommand> commands);
  // Leaves no transaction open, whatever state the last statement left. Does nothing without one.
  // Errors: kRollbackIncomplete (MariaDB) when tables without transactions keep what it changed.
  virtual Result<void> Rollback() = 0;
  // True while a transaction is open, failed ones included. Asks no server. Not to be asked from
  // within ExecuteAll.
  virtual bool InTransaction() const = 0;

  // Back to the one fixed state every revision starts from: settings, role, search path, temporary
  // objects, prepared statements. Keeps session locks, and the transaction that may be open. A
  // Commit may do it, too, so nothing of a session outlives a transaction. Errors: kUnsupported
  // where the engine cannot do that within a transaction.
  virtual Result<void> Reset() = 0;

  // Takes the run lock of this database that dies with the session, without waiting; false when
  // another session has it, of this process or another. `name` tells apart the bookkeeping schemas
  // of one database. Errors: kUnsupported behind a pooler, where it might outlive the session.
  virtual Result<bool> TryLock(std::string_view name) = 0;
  virtual Result<void> Unlock(std::string_view name) = 0;

  // Makes the statement that is running fail with kCancelled; nothing more of an ExecuteAll goes to
  // the engine, while a CommitWith may go on to its end. From any thread; does nothing when none is
  // running.
  virtual void Interrupt() = 0;

  // Whether this session may be left open when nobody uses it: its connection lives, nothing is
  // open in it, and being open is in nobody's way. Asks no server. What a caller did that Reset()
  // takes back, the caller knows.
  virtual bool MayBeKept() { return false; }
  // Whether a session that was kept may be read with as if it were opened now: besides, its address
  // still leads to the database it is on. Asks the server where nothing else tells, for a second at
  // most.
  virtual bool MayServeAgain() { return MayBeKept(); }

  // Called on the session's thread for each notice while a statement runs.
  virtual void OnNotice(std::function<void(const SqlNotice&)> listener) = 0;
};

enum class IfMissing { kFail, kCreate };  // of a SQLite database file

// Opens a session, or says in one sentence without any password why not.
//
// Errors: kDatabaseMissing, kDatabaseUnreachable, kDatabaseRefused, kUrlInvalid, kUnsupported.
Result<std::unique_ptr<Session>> OpenSession(const TargetUrl& url, IfMissing if_missing);

}  // namespace mig
