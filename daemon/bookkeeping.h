// The tables that mig keeps in every target, as SQL commands. A file format: docs/formats.md
// specifies them, and they do not change silently.
//
//     mig_meta     key, value: `format`, and the target's own id, by which a restored or cloned
//                  database is recognised
//     mig_version  the maximal elements of the applied set, and nothing else
//     mig_object   the canonical text of every revision applied, so that a database can always be
//                  downgraded
//     mig_log      append-only: what was done, each row carrying the hash of the one before
//     mig_lease    one row: who runs, with a fencing token that every transaction locks and checks
//     mig_journal  how far a step has come that does not fit into one transaction; empty at rest
//
// Every name is qualified by its schema, so that no search path, role or temporary table of a
// script leads elsewhere. Nothing here talks to a database: these are values, used by the executor
// and by the offline script alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drivers/session.h"
#include "store/core/dialect.h"
#include "store/core/id.h"
#include "store/core/revision.h"

namespace mig {

inline constexpr int kBookkeepingFormat = 1;
// What to do about another one.
inline constexpr char kOtherFormatHint[] = "use a version of mig that knows that format";

enum class StepKind { kUpgrade, kDowngrade, kStamp, kRelink, kResolve };
// "upgrade", "downgrade", "stamp", "relink", "resolve": as in mig_log.
std::string_view NameOf(StepKind kind);

// Directions of mig_log that are no steps: a backup was taken (its place is the row's name); values
// are put into the statements of the plan (the name is their DigestsOf); a database that was not as
// it was seen last was taken as it is (the name is its id); a run went on where the log was not as
// it was seen last (the name is WhatChanged).
inline constexpr std::string_view kBackupDirection = "backup";
inline constexpr std::string_view kPlaceholdersDirection = "placeholders";
inline constexpr std::string_view kAdoptDirection = "adopt";
inline constexpr std::string_view kBreakDirection = "break";

// A row of mig_version.
struct VersionRow {
  Id id;
  std::string name;
  friend bool operator==(const VersionRow&, const VersionRow&) = default;
};

// A row of mig_log. Its hash covers every field but the duration.
struct LogEntry {
  std::int64_t sequence = 0;  // from 1, without gaps
  std::string direction;      // NameOf a StepKind, or one of those above
  std::string id;             // empty where it tells of no revision, and for a stamp
  std::string name;
  std::string actor;
  std::string plan;  // the plan's hash, or empty
  std::string started_at;
  std::string finished_at;
  std::string outcome;  // "done", or "failed: REASON"; of a resolve, the answer
  std::int64_t duration_us = 0;
  std::string previous;  // the hash of the row before; empty in the first

  friend bool operator==(const LogEntry&, const LogEntry&) = default;
};

// SHA-256 over the entry's text form (docs/formats.md), 64 hex digits.
std::string HashOf(const LogEntry& entry);

// Who holds the lease. All empty but the token when nobody does.
struct LeaseRow {
  std::int64_t token = 0;
  std::string holder;  // "Name <address>"
  std::string host;
  std::string run;
  std::string since;
};

// A row of mig_journal: one unit of a step (daemon/executor.h) that stands alone.
struct JournalRow {
  Id id;
  std::string name;
  StepKind kind = StepKind::kUpgrade;
  std::int64_t unit = 0;
  std::string state;   // "started", what was seen before (daemon/probe.h) behind a blank, or "done"
  std::string digest;  // SHA-256 of the unit's SQL
};

class Bookkeeping {
 public:
  // `schema`: on PostgreSQL, empty means "public"; on MariaDB the database that has the tables,
  // empty only in scripts, which run in whatever database their client has chosen.
  Bookkeeping(Dialect dialect, std::string schema);

  Dialect dialect() const { return dialect_; }
  const std::string& schema() const { return schema_; }
  // The name under which the target's run lock is taken.
  std::string lock_name() const { return "mig run " + schema_; }

  // One row: 1 when the tables were made, else 0; and how many of them are missing.
  SqlCommand FindTables() const;
  // Makes the tables; harmless where they are. Without an id, each database that they are made in
  // makes one of its own.
  std::vector<SqlCommand> CreateTables(const std::optional<std::string>& target_id) const;

  SqlCommand ReadMeta() const;      // key, value
  SqlCommand ReadVersions() const;  // id, name; by id
  SqlCommand ReadObject(const Id& id) const;
  SqlCommand ReadLogTail() const;  // sequence, hash of the last row
  SqlCommand CountLog() const;
  // The whole log, a page at a time: the rows behind `after`, and at most `limit` of them.
  // sequence, direction, id, name, actor, plan, started_at, finished_at, outcome, duration_us,
  // previous, hash
  SqlCommand ReadLog(std::int64_t after, std::int64_t limit) const;
  // Newest first, from before `before` on.
  SqlCommand ReadLogBackwards(std::int64_t before, std::int64_t limit) const;
  // The target's id, and with it sequence and hash of the row `sequence`, where there is one, and
  // of the last row; by sequence. NULL in place of both where the log is empty.
  SqlCommand ReadLogEnds(std::int64_t sequence) const;
  SqlCommand ReadObjects(const std::string& after, std::int64_t limit) const;  // id, name, content
  SqlCommand SetTargetId(const std::string& target_id) const;
  SqlCommand CountDone() const;  // the log's rows that are no failures
  SqlCommand ReadUnsealed()
      const;                     // the log from the first row without a hash, and the one before it
  SqlCommand ReadLease() const;  // token, holder, host, run, since
  SqlCommand ReadJournal() const;  // id, name, direction, unit, state, digest

  // Reads token and transaction identity and keeps the row locked until the transaction ends.
  SqlCommand Fence() const;
  // One row, one column: the identity of the transaction that is open, comparable with Fence's
  // second column. Empty where the engine has none.
  std::vector<SqlCommand> TransactionIdentity() const;
  // After Fence, where the engine tells transactions apart by a mark in them, and what fails where
  // that came in an earlier transaction. Empty elsewhere.
  std::vector<SqlCommand> MarkTransaction() const;
  std::vector<SqlCommand> FindMark() const;
  // A fence for a transaction of mig's own rows alone: keeps the lease's row and `there` locked,
  // and fails unless that has this token and each of these is a row of mig_version.
  SqlCommand RequireRun(std::int64_t token, const std::vector<Id>& there) const;
  SqlCommand TakeLease(const LeaseRow& lease) const;
  SqlCommand ReleaseLease(std::int64_t token) const;

  // Gives one row where the version is there, its one column as Fence's second, and keeps the
  // version as it is until the transaction ends.
  SqlCommand LockVersion(const Id& id) const;
  SqlCommand DeleteVersion(const Id& id) const;
  SqlCommand ReplaceVersion(const Id& id, const VersionRow& row) const;  // that and an insertion
  SqlCommand InsertVersion(const VersionRow& row) const;
  SqlCommand DeleteAllVersions() const;
  // Fails unless each of `there` is a row of mig_version, no row has a name of `absent`, under
  // whatever id, and mig_journal is empty: for scripts, which can only go on or stop.
  SqlCommand RequireVersions(const std::vector<Id>& there,
                             const std::vector<std::string>& absent) const;
  SqlCommand InsertObject(const Id& id, const Revision& revision) const;
  SqlCommand InsertLog(const LogEntry& entry, const std::string& hash) const;
  // Numbered and timed by the database itself, without a hash; a stamp is named after all the rows
  // there are.
  SqlCommand InsertUnsealedLog(const LogEntry& entry) const;
  SqlCommand SealLog(std::int64_t sequence, const std::string& previous,
                     const std::string& hash) const;
  SqlCommand PutJournal(const JournalRow& row) const;
  SqlCommand DeleteJournal(const Id& id, StepKind kind) const;
  SqlCommand DeleteJournalUnit(const JournalRow& row) const;
  // Keeps what Alembic's version table says (daemon/alembic_version.h) in mig_meta.
  SqlCommand RememberAlembic(const std::string& rows) const;
  // Drops whatever role a script took, before bookkeeping in its transaction. Empty where the
  // engine has none.
  std::vector<SqlCommand> RegainRole() const;

 private:
  std::string Table(std::string_view name) const;
  std::string OrKeep(std::string_view key) const;
  std::string VersionNames() const;
  SqlCommand InsertLeaseRow() const;
  std::string FailWhere(std::string_view condition) const;

  Dialect dialect_;
  std::string schema_;
};

// The command with its parameters written as literals, for scripts that run without mig.
std::string WithLiterals(Dialect dialect, const SqlCommand& command);

}  // namespace mig
