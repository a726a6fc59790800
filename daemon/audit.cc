#include "daemon/audit.h"

#include <fmt/format.h>

#include <set>

#include "daemon/alembic_version.h"

namespace mig {
namespace {

constexpr std::size_t kMostReadings = 64;  // of a stamp; one name alone has seldom more than two

}  // namespace

void LogAudit::Add(const char* kind, std::int64_t sequence, std::string message) {
  findings_.push_back({kind, sequence, std::move(message)});
}

void LogAudit::Take(const LogRow& row) {
  ++rows_;
  const std::int64_t sequence = row.entry.sequence;
  const bool follows = sequence == last_ + 1;
  const std::size_t found = findings_.size();
  if (sequence <= last_) {
    Add("edited", sequence, fmt::format("row {} has a sequence that no row can have", sequence));
  } else if (sequence == last_ + 2) {
    Add("missing", last_ + 1, fmt::format("row {} is missing", last_ + 1));
  } else if (!follows) {
    Add("missing", last_ + 1, fmt::format("rows {} to {} are missing", last_ + 1, sequence - 1));
  }
  if (row.hash.empty()) {
    if (!unsealed_) unsealed_ = sequence;
  } else {
    TakeSealed(row, follows);
  }
  last_is_sound_ = findings_.size() == found;
  last_ = sequence;
  TakeBreak(row.entry);
}

void LogAudit::TakeBreak(const LogEntry& entry) {
  if (entry.direction == kAdoptDirection)
    std::erase_if(findings_, [](const AuditFinding& one) { return one.kind == "break"; });
  if (entry.direction != kBreakDirection) return;
  Add("break", entry.sequence,
      fmt::format("row {} tells that a run went on, and nobody has adopted the database since: {}",
                  entry.sequence, entry.name));
}

void LogAudit::TakeSealed(const LogRow& row, bool follows) {
  const std::int64_t sequence = row.entry.sequence;
  if (unsealed_) {
    Add("edited", *unsealed_,
        fmt::format("row {} has lost its hash: row {} behind it has one", *unsealed_, sequence));
    last_is_sound_ = false;
  }
  unsealed_.reset();
  if (HashOf(row.entry) != row.hash) {
    Add("edited", sequence,
        fmt::format("row {} was edited: its hash is not that of its content", sequence));
  } else if (follows && last_is_sound_ && row.entry.previous != end_.hash) {
    const std::int64_t bad = last_ == 0 ? sequence : last_;
    Add("edited", bad,
        last_ == 0 ? "row 1 names a row before it, and there is none"
                   : fmt::format("row {} was edited and given a new hash: row {} names another one",
                                 bad, sequence));
  }
  end_ = {sequence, row.hash};
  if (seen_ && seen_->sequence == sequence && seen_->hash != row.hash) {
    Add("rewritten", sequence,
        fmt::format("row {} is not the one that was seen on {}: the log was rewritten, or belongs "
                    "to a copy that went its own way",
                    sequence, seen_->at));
  }
}

std::vector<AuditFinding> LogAudit::Finish() {
  if (seen_ && seen_->sequence > last_) {
    Add("truncated", last_ + 1,
        last_ == 0 ? fmt::format("the log is empty, and was seen up to row {} on {}",
                                 seen_->sequence, seen_->at)
                   : fmt::format("the log ends at row {}, and was seen up to row {} on {}", last_,
                                 seen_->sequence, seen_->at));
  } else if (seen_ && unsealed_ && *unsealed_ <= seen_->sequence) {
    Add("edited", *unsealed_,
        fmt::format("row {} has lost its hash: the log was seen sealed up to row {} on {}",
                    *unsealed_, seen_->sequence, seen_->at));
    unsealed_.reset();
  }
  if (unsealed_) {
    Add("unsealed", *unsealed_,
        fmt::format("rows from {} on have no hash yet: a script wrote them, and the next run with "
                    "steps seals them",
                    *unsealed_));
  }
  return std::move(findings_);
}

std::optional<AuditFinding> VersionAudit::TakeObject(const ObjectRow& row) {
  const auto bad = [&](const std::string& what) {
    told_.insert({row.id, row.name});
    return AuditFinding{
        "object", 0,
        fmt::format("the mig_object row of {} ({}) {}", row.name, row.id.substr(0, 12), what)};
  };
  const auto id = Id::FromHex(row.id);
  const auto revision = DecodeRevision(row.content);
  if (!id || !revision) return bad("was edited: it holds no revision");
  if (IdOf(*revision) != *id) return bad("was edited: its content is another revision");
  Object& object = objects_[*id];
  object.name = revision->name;
  object.below = LinksOf(*revision);
  if (revision->name != row.name) return bad("has the content of " + revision->name);
  return std::nullopt;
}

void VersionAudit::TellLack(const std::string& key, std::string_view shown, std::int64_t sequence) {
  if (!told_.insert(key).second) return;
  findings_.push_back(
      {"object", sequence,
       fmt::format("mig_object has no row of {}, which row {} of the log needs", shown, sequence)});
}

void VersionAudit::GiveUp(std::string why) {
  if (unknown_.empty()) unknown_ = std::move(why);
}

// With what it stands on. False: what stands there by name is other content than that.
bool VersionAudit::Enter(const Id& id, std::int64_t sequence, Applied& applied) {
  bool fits = true;
  std::vector<Id> todo = {id};
  while (!todo.empty()) {
    const auto object = objects_.find(todo.back());
    const Id at = todo.back();
    todo.pop_back();
    if (object == objects_.end()) {
      TellLack(at.hex(), at.short_hex(), sequence);
      GiveUp(fmt::format("mig_object has no row of {}", at.short_hex()));
      continue;
    }
    applied[object->second.name] = at;
    for (const Id& below : object->second.below) {
      const auto known = objects_.find(below);
      const auto there = known == objects_.end() ? applied.end() : applied.find(known->second.name);
      if (there == applied.end()) {
        todo.push_back(below);
      } else {
        fits = fits && there->second == below;
      }
    }
  }
  return fits;
}

void VersionAudit::Stamp(const LogRow& row) {
  possible_ = {{}};
  unknown_.clear();
  std::string_view names = row.entry.name;
  if (names.ends_with(kFromAlembic)) names.remove_suffix(kFromAlembic.size());
  while (!names.empty() && unknown_.empty()) {
    const std::size_t comma = std::min(names.find(", "), names.size());
    StampOne(names.substr(0, comma), row.entry.sequence);
    names.remove_prefix(std::min(comma + 2, names.size()));
  }
}

void VersionAudit::StampOne(std::string_view name, std::int64_t sequence) {
  std::vector<Id> ids;
  for (const auto& [id, object] : objects_) {
    if (object.name == name) ids.push_back(id);
  }
  if (ids.empty()) TellLack(std::string(name), name, sequence);
  std::vector<Applied> next;
  for (const Applied& before : possible_) {
    for (const Id& id : ids) {
      const auto there = before.find(std::string(name));
      if (there != before.end() && there->second != id) continue;
      Applied applied = before;
      if (Enter(id, sequence, applied) || ids.size() == 1) next.push_back(std::move(applied));
    }
  }
  if (next.empty() || next.size() > kMostReadings) {
    GiveUp(fmt::format("row {} stamps {}, of which mig_object has {} contents", sequence, name,
                       ids.size()));
  }
  possible_ = std::move(next);
}

void VersionAudit::TakeLog(const LogRow& row) {
  const LogEntry& entry = row.entry;
  if (entry.outcome != "done") return;
  if (entry.direction == NameOf(StepKind::kStamp)) return Stamp(row);
  const auto id = Id::FromHex(entry.id);
  if (id && !objects_.contains(*id)) TellLack(id->hex(), id->short_hex(), entry.sequence);
  if (entry.direction == NameOf(StepKind::kDowngrade)) {
    for (Applied& applied : possible_) applied.erase(entry.name);
  } else if (entry.direction == NameOf(StepKind::kRelink) && id) {
    for (Applied& applied : possible_) applied[entry.name] = *id;
  } else if (entry.direction == NameOf(StepKind::kUpgrade) && id) {
    for (Applied& applied : possible_) Enter(*id, entry.sequence, applied);
  } else if (entry.direction != kBackupDirection && entry.direction != kPlaceholdersDirection &&
             entry.direction != kAdoptDirection && entry.direction != kBreakDirection) {
    std::string why = fmt::format("row {} is of a kind that this mig does not know: {}",
                                  entry.sequence, entry.direction);
    findings_.push_back({"unknown", entry.sequence, why});
    GiveUp(std::move(why));
  }
}

VersionAudit::Outcome VersionAudit::Compare(const std::vector<VersionRow>& rows) const {
  if (!unknown_.empty()) return {findings_, unknown_};
  std::vector<AuditFinding> fewest = CompareOne(possible_.front(), rows);
  for (const Applied& applied : possible_) {
    std::vector<AuditFinding> findings = CompareOne(applied, rows);
    if (findings.size() < fewest.size()) fewest = std::move(findings);
  }
  fewest.insert(fewest.begin(), findings_.begin(), findings_.end());
  return {std::move(fewest), ""};
}

std::vector<AuditFinding> VersionAudit::CompareOne(const Applied& applied,
                                                   const std::vector<VersionRow>& rows) const {
  std::vector<AuditFinding> findings;
  std::set<Id> maximal;
  for (const auto& [name, id] : applied) maximal.insert(id);
  for (const auto& [name, id] : applied) {
    const auto object = objects_.find(id);
    if (object == objects_.end()) continue;
    for (const Id& below : object->second.below) maximal.erase(below);
  }
  const auto add = [&](const std::string& what) { findings.push_back({"versions", 0, what}); };
  for (const VersionRow& row : rows) {
    if (maximal.erase(row.id) == 0)
      add(fmt::format("mig_version has {} ({}), and by the log it is not there", row.name,
                      row.id.short_hex()));
    const auto object = objects_.find(row.id);
    if (object != objects_.end() && object->second.name != row.name)
      add(fmt::format("mig_version calls {} {}, and its name is {}", row.id.short_hex(), row.name,
                      object->second.name));
  }
  for (const auto& [name, id] : applied) {
    if (maximal.contains(id))
      add(fmt::format("mig_version lacks {} ({}), which by the log is there", name,
                      id.short_hex()));
  }
  return findings;
}

std::optional<std::string> WhatChanged(const IdentityFacts& facts) {
  if (facts.here) {
    const SeenTarget& seen = *facts.here;
    if (seen.sequence == 0 || facts.log.hash_at == seen.hash) return std::nullopt;
    if (facts.log.last.sequence < seen.sequence) {
      return fmt::format(
          "its log ends at row {}, and was seen up to row {} on {}: an older copy was restored, or "
          "rows were taken out",
          facts.log.last.sequence, seen.sequence, seen.at);
    }
    return fmt::format(
        "row {} of its log is not the one that was seen on {}: a copy that went its own way was "
        "put in its place, or the log was rewritten",
        seen.sequence, seen.at);
  }
  if (!facts.elsewhere.empty()) {
    return fmt::format(
        "it has the id of the database at {}: it is a copy of that one, or the same under another "
        "url",
        facts.elsewhere.front().address);
  }
  if (facts.id_before) return "another database was there before, with another id";
  return std::nullopt;
}

}  // namespace mig
