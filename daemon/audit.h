// Whether the tables that mig keeps in a target are as mig left them: pure functions over their
// rows.
//
// What the chain of hashes shows by itself: a row that was edited, taken out, put in or moved. What
// it cannot show, because whoever may write the table can compute hashes too: the end cut off, or
// all hashes made anew from some row on. The daemon's memory of the log's end shows those
// (store/seen_targets.h). Durations are not covered.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/bookkeeping.h"
#include "daemon/target_log.h"
#include "store/core/id.h"
#include "store/core/revision.h"
#include "store/seen_targets.h"

namespace mig {

struct AuditFinding {
  // "edited", "missing", "truncated", "rewritten", "unsealed", "break", "unknown" of rows of the
  // log; "object" of a row of mig_object; "versions" of mig_version; "journal" of mig_journal;
  // "identity" of the target's id.
  std::string kind;
  // Of the log's row; of an "object" the row that needs one that is not there. 0: it is about
  // another table alone.
  std::int64_t sequence = 0;
  std::string message;  // one sentence

  friend bool operator==(const AuditFinding&, const AuditFinding&) = default;
};

// Walks the log. Rows are given in the order of their sequences, all of them.
class LogAudit {
 public:
  explicit LogAudit(std::optional<SeenTarget> seen) : seen_(std::move(seen)) {}

  void Take(const LogRow& row);
  // What is wrong, by row. Call once, behind the last row.
  std::vector<AuditFinding> Finish();

  std::int64_t rows() const { return rows_; }
  const LogEnd& end() const { return end_; }  // the last sealed row

 private:
  void TakeSealed(const LogRow& row, bool follows);
  void TakeBreak(const LogEntry& entry);
  void Add(const char* kind, std::int64_t sequence, std::string message);

  const std::optional<SeenTarget> seen_;
  std::vector<AuditFinding> findings_;
  std::int64_t rows_ = 0;
  std::int64_t last_ = 0;                 // sequence of the last row taken
  bool last_is_sound_ = true;             // nothing was found about it
  std::optional<std::int64_t> unsealed_;  // the first of the unsealed rows at the end, so far
  LogEnd end_;
};

// A row of mig_object.
struct ObjectRow {
  std::string id;
  std::string name;
  std::string content;
};

// Replays what the log says was done, and compares it with the version table. A stamp says names
// alone: where mig_object has several contents of one, each is followed, and the version table is
// to be what one of them comes to. What the log needs of mig_object and is not there is a finding.
class VersionAudit {
 public:
  // An object whose content is what its id says; others are findings.
  std::optional<AuditFinding> TakeObject(const ObjectRow& row);
  // REQUIRES: all objects were taken.
  void TakeLog(const LogRow& row);

  struct Outcome {
    std::vector<AuditFinding> findings;
    std::string unchecked;  // why the log could not be replayed; empty: it was
  };
  Outcome Compare(const std::vector<VersionRow>& rows) const;

 private:
  struct Object {
    std::string name;
    std::vector<Id> below;  // parents and dependencies
  };
  using Applied = std::map<std::string, Id>;  // by name
  void Stamp(const LogRow& row);
  void StampOne(std::string_view name, std::int64_t sequence);
  bool Enter(const Id& id, std::int64_t sequence, Applied& applied);
  void TellLack(const std::string& key, std::string_view shown, std::int64_t sequence);
  void GiveUp(std::string why);
  std::vector<AuditFinding> CompareOne(const Applied& applied,
                                       const std::vector<VersionRow>& rows) const;

  std::map<Id, Object> objects_;
  // More than one behind a stamp that can be read several ways.
  std::vector<Applied> possible_ = std::vector<Applied>(1);
  std::vector<AuditFinding> findings_;  // but for those about mig_version
  std::set<std::string> told_;          // ids and names of what is missing in mig_object or bad
  std::string unknown_;
};

// What became of a database since it was last seen, in one sentence; nothing where it is as it was,
// or is new.
struct IdentityFacts {
  std::string address;
  LogEnds log;                           // `hash_at` the sequence of `here`
  std::optional<SeenTarget> here;        // this id at this address
  std::optional<std::string> id_before;  // of the database that was at this address
  std::vector<SeenTarget> elsewhere;     // this id, at other addresses
};
std::optional<std::string> WhatChanged(const IdentityFacts& facts);

}  // namespace mig
