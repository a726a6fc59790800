// What the executor must know of one statement before it runs it: may a script hold it, where can
// it run, what if it ran twice.
//
// All answers are read off the statement's tokens (drivers/sql/lexer.h), not off a grammar: a
// statement newer than this program is an ordinary statement, never an error. What a statement may
// do comes from each engine's manual: the pages of its commands for PostgreSQL 12 to 18,
// lang_vacuum, pragma and lang_transaction for SQLite, "SQL statements that cause an implicit
// commit" for MariaDB. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/core/dialect.h"
#include "store/core/result.h"

namespace mig {

// Refuses what would break out of the executor's transaction or give up its locks, wherever the
// section says it runs: BEGIN, START TRANSACTION, COMMIT, END, ROLLBACK, ABORT, PREPARE TRANSACTION
// and its ends, SET TRANSACTION, SET SESSION CHARACTERISTICS, DISCARD ALL, a call of
// pg_advisory_unlock...() in the statement or in the body of a DO; for MariaDB XA, SET autocommit,
// LOCK and UNLOCK TABLES, FLUSH TABLES WITH READ LOCK, RELEASE_LOCK(), RELEASE_ALL_LOCKS().
// SAVEPOINT, RELEASE and ROLLBACK TO are allowed.
//
// `statement` is one statement, as SplitStatements gives it.
// Errors: kSqlTransactionControl, with the detail `statement` (see DisplayVerb).
Result<void> CheckAllowed(Dialect dialect, std::string_view statement);

// Something in a MariaDB server whose definition the server tells (SHOW CREATE ...).
struct SqlObject {
  enum class Kind {
    kTable,  // also a view or a sequence
    kTrigger,
    kProcedure,
    kFunction,
    kPackage,
    kPackageBody,
    kEvent,
    kDatabase,
    kUser,    // `name` as written: 'ann'@'%'; what it is and may do
    kGrants,  // likewise; what a user or role may do
  };
  Kind kind = Kind::kTable;
  std::string schema;  // empty: the session's database
  std::string name;

  friend bool operator==(const SqlObject&, const SqlObject&) = default;
};

// Where to look, after a crash, for the effect of a statement that ran outside of any transaction.
// Names are as the catalog has them: unquoted ones folded, quotes removed, cut to the engine's
// length.
struct Probe {
  enum class Kind {
    kNone,          // looking cannot tell
    kIndexCreated,  // CREATE INDEX CONCURRENTLY: there and valid, there and invalid, or not there
    kIndexAdded,    // the same without a name: an index that was not on `name`, a table, before
    kIndexDropped,  // DROP INDEX CONCURRENTLY: likewise
    kDatabaseCreated,      // only `name`
    kDatabaseDropped,      // only `name`
    kTablespaceCreated,    // only `name`
    kTablespaceDropped,    // only `name`
    kSubscriptionCreated,  // only `name`
    kSubscriptionDropped,  // only `name`
    kPartitionDetached,  // DETACH PARTITION CONCURRENTLY: attached, half detached, or not attached
    // REINDEX of what has that name (a database has none): what it left half built, or nothing
    kIndexReindexed,
    kTableReindexed,
    kSchemaReindexed,  // only `name`
    kDatabaseReindexed,
    kDefinitionsChanged,  // MariaDB: what it names is defined in another way afterwards, as one
    kTableEmptied,        // MariaDB's TRUNCATE: no rows
  };
  Kind kind = Kind::kNone;
  std::string schema;  // of the thing (an index has its table's); empty: the search path decides
  std::string name;
  std::string table;                    // of kIndexCreated: what it is on
  std::vector<SqlObject> objects = {};  // of kDefinitionsChanged and kTableEmptied

  friend bool operator==(const Probe&, const Probe&) = default;
};

struct StatementTraits {
  // False when the engine refuses the statement in a transaction block, or ignores it there
  // (SQLite's PRAGMA foreign_keys).
  bool runs_in_transaction = true;
  // Running it again after it took effect, wholly or in part, does no harm and ends in the same
  // state.
  bool repeatable = false;
  // kNone for whatever can run in a transaction.
  Probe probe = {};
  // It waits for other transactions to end in a way that nobody queues behind, and leaves something
  // half built where it is stopped: a lock_timeout around it does harm only.
  bool concurrently = false;
  // Whatever made it fail, nothing of it took effect, though no transaction block held it.
  bool fails_wholly = false;
  // All it changes is the session, for the statements after it: SET, PREPARE, USE, ATTACH, PRAGMAs.
  // Repeated where a step goes on in a session that was reset.
  bool sets_session = false;
};

StatementTraits Classify(Dialect dialect, std::string_view statement);

// SQLite: PRAGMA foreign_keys with a value.
bool SetsForeignKeys(std::string_view statement);

// What a statement answers, as far as its text tells.
struct QueryShape {
  enum class Kind {
    kNoQuery,  // it answers no rows
    kQuery,    // it answers rows, and may stand where a query may: SELECT, VALUES, WITH, TABLE
    kUnknown,  // it may answer rows, and cannot be wrapped: SHOW, EXPLAIN, PRAGMA, RETURNING
  };
  Kind kind = Kind::kNoQuery;
  int columns = 0;  // of a query; 0: it stands for as many as there are (`*`)
};

QueryShape ShapeOfQuery(Dialect dialect, std::string_view statement);

// The statement's first words for progress lines and messages, such as `CREATE TABLE products`:
// keywords in upper case, the first name as written, never a literal or anything that follows it,
// at most 60 bytes of valid UTF-8, no control characters.
std::string DisplayVerb(Dialect dialect, std::string_view statement);
// The same without the name, such as `CREATE TABLE`: for statements of others, whose names may be
// none to be told. Empty where no keyword stands in front.
std::string DisplayKeywords(Dialect dialect, std::string_view statement);

}  // namespace mig
