// Which locks a statement takes, and whether its work grows with the table, as far as its text
// alone tells: what a person wants to know before it runs on a busy database.
//
// PostgreSQL's answers come from its own parser (libpg_query) and the manual: "Explicit Locking"
// and the page of each command. SQLite has one lock, on the database. MariaDB's come from the
// manual's pages on metadata locks and on the InnoDB DDL algorithms. What is not known is said to
// be not analysed; a table that a trigger, a rule or a function touches does not stand in the text.
// Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/core/dialect.h"

namespace mig {

struct LockTaken {
  std::string mode;     // as the engine calls it: "ACCESS EXCLUSIVE"
  std::string object;   // "public.users", "the table of index users_email"
  bool is_new = false;  // made by this very statement, so that nobody waits for it

  friend bool operator==(const LockTaken&, const LockTaken&) = default;
};

// What grows with the size of a table while its lock is held.
enum class TableWork {
  kUnknown,
  kNone,        // the catalog changes, or single rows
  kScans,       // reads the whole table
  kMayRewrite,  // rewrites it, unless the values can stay as they are
  kRewrites,    // writes all of it anew
};
// "", "", "scans the table", "may rewrite the table", "rewrites the table".
std::string_view SentenceOf(TableWork work);

struct StatementLocks {
  bool analysed = false;  // false: nothing below counts
  std::vector<LockTaken> locks;
  TableWork work = TableWork::kNone;
  std::string algorithm;  // MariaDB: "INSTANT", "INPLACE" or "COPY"
};

// `statement` is one statement, as SplitStatements gives it.
StatementLocks LocksOf(Dialect dialect, std::string_view statement);

// On one line, for people: "ACCESS EXCLUSIVE on users; rewrites the table", "none", "not analysed".
std::string SentenceOf(const StatementLocks& locks);

// The part of LocksOf for one dialect each.
StatementLocks PostgresqlLocksOf(std::string_view statement);
StatementLocks SqliteLocksOf(std::string_view statement);
StatementLocks MariadbLocksOf(std::string_view statement);

}  // namespace mig
