// The engine's answers about the evidence that a target holds: its log, its identity, its history.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "daemon/audit.h"
#include "daemon/engine.h"
#include "daemon/precautions.h"
#include "daemon/put_with_ancestors.h"
#include "daemon/target_log.h"
#include "daemon/unfinished.h"

namespace mig {
namespace {

constexpr std::int64_t kRowsPerPage = 1000;   // of the log: about half a megabyte
constexpr std::int64_t kObjectsPerPage = 50;  // of mig_object: each may be 16 MiB
constexpr int kMostLooks = 3;                 // of an audit, where a run changes what it reads

// REQUIRES: the target was opened. Errors: kNoBookkeeping.
Result<TargetState> MustHaveTables(OpenTarget& target) {
  TargetState state = TRY(ReadState(target));
  if (state.format != 0) return state;
  return Error{Reason::kNoBookkeeping,
               fmt::format("target {} has no mig tables", target.address.name)};
}

// Calls `take` with every row, a page at a time.
template <typename Take>
Result<void> ForEachObject(OpenTarget& target, const Take& take) {
  std::string after;
  for (;;) {
    const SqlResult page =
        TRY(target.session->Execute(target.book.ReadObjects(after, kObjectsPerPage)));
    for (const auto& cells : page.rows) {
      ObjectRow row{TextOf(cells[0]), TextOf(cells[1]), TextOf(cells[2])};
      after = row.id;
      TRY(take(std::move(row)));
    }
    if (static_cast<std::int64_t>(page.rows.size()) < kObjectsPerPage) return {};
  }
}

template <typename Take>
Result<void> ForEachLogRow(OpenTarget& target, const Take& take) {
  std::int64_t after = std::numeric_limits<std::int64_t>::min();
  for (;;) {
    const SqlResult page = TRY(target.session->Execute(target.book.ReadLog(after, kRowsPerPage)));
    const std::vector<LogRow> rows = LogRowsOf(page);
    for (const LogRow& row : rows) take(row);
    if (static_cast<std::int64_t>(rows.size()) < kRowsPerPage) return {};
    after = rows.back().entry.sequence;
  }
}

// Whether a run of whatever daemon is at work. Where no lock can be tried, none counts as such.
bool IsRunAtWork(OpenTarget& target) {
  const auto taken = target.session->TryLock(target.book.lock_name());
  if (taken && *taken) (void)target.session->Unlock(target.book.lock_name());
  return taken && !*taken;
}

// Whoever writes the table has parts of a revision pass for done.
Result<std::optional<AuditFinding>> JournalAtRest(OpenTarget& target) {
  const auto unfinished = TRY(ReadUnfinished(*target.session, target.book));
  if (!unfinished || IsRunAtWork(target)) return std::optional<AuditFinding>();
  return std::optional<AuditFinding>(
      {"journal", 0,
       fmt::format("mig_journal has rows of {}: it is half applied, or somebody wrote them; `mig "
                   "resolve` shows which of its parts count as done",
                   unfinished->name)});
}

struct Look {
  AuditReport report;
  bool disturbed = false;  // a run committed something between the first read and the last
};

// Whatever a run commits of versions and log moves the log's end. REQUIRES: the target has tables.
Result<Look> LookAt(OpenTarget& target, SeenTargets& seen) {
  Look look;
  AuditReport& report = look.report;
  const IdentityFacts facts = TRY(IdentityOf(target, seen));
  const TargetState state = TRY(ReadState(target));
  report.target_url = target.address.url.redacted;
  report.target_id = state.target_id;
  report.seen = facts.here;
  if (const auto changed = WhatChanged(facts); changed && !facts.here)
    report.findings.push_back({"identity", 0, *changed});
  LogAudit log(facts.here);
  VersionAudit versions;
  TRY(ForEachObject(target, [&](const ObjectRow& row) -> Result<void> {
    ++report.objects;
    if (auto bad = versions.TakeObject(row)) report.findings.push_back(*std::move(bad));
    return {};
  }));
  TRY(ForEachLogRow(target, [&](const LogRow& row) {
    log.Take(row);
    versions.TakeLog(row);
  }));
  std::vector<AuditFinding> of_log = log.Finish();
  report.findings.insert(report.findings.begin(), of_log.begin(), of_log.end());
  const VersionAudit::Outcome compared = versions.Compare(state.rows);
  report.unchecked = compared.unchecked;
  report.findings.insert(report.findings.end(), compared.findings.begin(), compared.findings.end());
  if (auto journal = TRY(JournalAtRest(target))) report.findings.push_back(*std::move(journal));
  report.rows = log.rows();
  report.end = log.end();
  const LogEnds ends = TRY(ReadLogEnds(*target.session, target.book, 0));
  look.disturbed = ends.last != facts.log.last;
  return look;
}

Error NoObject(const VersionRow& row, const std::string& target) {
  return {
      Reason::kCorruption,
      fmt::format("target {} has {} applied, and mig_object has not all of it", target, row.name),
      {{"name", row.name}},
      "without --ref the rest is recovered; `mig audit verify` lists what is missing"};
}

Error NothingApplied(const std::string& ref, const std::string& target) {
  return {Reason::kInvalidArgument,
          fmt::format("ref {} would have no head: nothing is applied to target {}", ref, target),
          {},
          "without --ref the revisions that were applied there are recovered"};
}

// The revisions of mig_object.
struct KeptHistory {
  std::vector<RevisionPtr> whole;           // and so is all that they stand on
  std::map<std::string, std::string> lost;  // by id: of each other, a sentence
};

// What stands on a revision that is not there is lost, too.
void SetAsideWhatIsNotWhole(KeptHistory& history) {
  std::set<Id> there;
  for (const RevisionPtr& revision : history.whole) there.insert(revision->id);
  std::map<Id, std::vector<RevisionPtr>> above;
  std::vector<std::pair<Id, std::string>> lost;  // with what it is called
  for (const RevisionPtr& revision : history.whole) {
    for (const Id& below : LinksOf(revision->revision)) {
      above[below].push_back(revision);
      if (!there.contains(below)) lost.emplace_back(below, below.short_hex());
    }
  }
  while (!lost.empty()) {
    const auto [below, called] = std::move(lost.back());
    lost.pop_back();
    for (const RevisionPtr& revision : above[below]) {
      if (there.erase(revision->id) == 0) continue;
      const std::string& name = revision->revision.name;
      history.lost[revision->id.hex()] = fmt::format(
          "{} is not recovered: it stands on {}, which is not there either", name, called);
      lost.emplace_back(revision->id, name);
    }
  }
  std::erase_if(history.whole,
                [&](const RevisionPtr& revision) { return !there.contains(revision->id); });
}

Result<KeptHistory> HistoryIn(OpenTarget& target) {
  KeptHistory history;
  const auto take = [&](const ObjectRow& row) -> Result<void> {
    const auto id = Id::FromHex(row.id);
    auto revision = DecodeRevision(row.content);
    if (id && revision && IdOf(*revision) == *id) {
      if (auto linked = WithoutFile(*id, *std::move(revision))) {
        history.whole.push_back(*std::move(linked));
        return {};
      }
    }
    history.lost[row.id] =
        fmt::format("{} is not recovered: its row of mig_object was changed", row.name);
    return {};
  };
  TRY(ForEachObject(target, take));
  SetAsideWhatIsNotWhole(history);
  return history;
}

// Of two revisions of one name the applied one is meant, else the one that was applied last.
std::set<Id> MeantByTheirNames(const std::vector<RecoveredRevision>& revisions,
                               const std::map<Id, std::int64_t>& last_applied) {
  std::map<std::string, const RecoveredRevision*> best;
  const auto rank = [&](const RecoveredRevision& revision) {
    const auto found = last_applied.find(revision.id);
    return std::pair(revision.applied, found == last_applied.end() ? 0 : found->second);
  };
  for (const RecoveredRevision& revision : revisions) {
    const RecoveredRevision*& chosen = best[revision.name];
    if (chosen == nullptr || rank(*chosen) < rank(revision)) chosen = &revision;
  }
  std::set<Id> meant;
  for (const auto& [name, revision] : best) meant.insert(revision->id);
  return meant;
}

}  // namespace

Result<void> Engine::TakePrecautions(const RunSpec& spec, const ViewPtr& view, const RunPlan& plan,
                                     OpenTarget& target, const Lease& lease,
                                     const Observer& observe, const RunInProgress& run) {
  Precautions precautions(
      target, lease, world_,
      {spec.actor, run.summary().id, spec.allow, observe, [&run] { return run.cancelled(); },
       [this](const TargetSpec& other) { return AddressOf(other); }});
  return precautions.Take(plan, view, seen_, histories_);
}

Result<AuditReport> Engine::Audit(const TargetSpec& spec) {
  const TargetAddress address = TRY(AddressOf(spec));
  OpenTarget target = TRY(OpenAnew(address, IfMissing::kFail));
  TRY(MustHaveTables(target));
  Look look = TRY(LookAt(target, seen_));
  for (int looks = 1; look.disturbed && looks < kMostLooks; ++looks)
    look = TRY(LookAt(target, seen_));
  AuditReport& report = look.report;
  if (look.disturbed) {
    std::erase_if(report.findings, [](const AuditFinding& finding) {
      const bool is_lack = finding.kind == "object" && finding.sequence != 0;
      return finding.kind == "versions" || finding.kind == "journal" || is_lack;
    });
    report.unchecked = "a run changed both while they were read";
  }
  if (report.findings.empty()) TRY(Remember(target, seen_, world_));
  return std::move(report);
}

Result<std::vector<LogRow>> Engine::ReadLog(const TargetSpec& spec, std::int64_t before,
                                            std::int64_t limit) {
  const TargetAddress address = TRY(AddressOf(spec));
  OpenTarget target = TRY(Open(address, IfMissing::kFail));
  TRY(MustHaveTables(target));
  if (before == 0) before = std::numeric_limits<std::int64_t>::max();
  return LogRowsOf(TRY(target.session->Execute(target.book.ReadLogBackwards(before, limit))));
}

Result<AdoptedTarget> Engine::Adopt(const TargetSpec& spec, bool new_id, const std::string& actor) {
  const TargetAddress address = TRY(AddressOf(spec));
  OpenTarget target = TRY(Open(address, IfMissing::kFail));
  TRY(MustHaveTables(target));
  const LeaseRequest request{actor, "", Milliseconds(10'000), {}};
  const Lease lease =
      TRY(Lease::Acquire(*target.session, target.book, request, world_, [](const EventBody&) {}));
  const IdentityFacts facts = TRY(IdentityOf(target, seen_));
  AdoptedTarget adopted{address.url.redacted, new_id ? world_.random_hex(32) : facts.log.target_id,
                        WhatChanged(facts).value_or("")};
  TRY(SealLog(*target.session, target.book, lease, world_));
  LogEntry entry;
  entry.direction = kAdoptDirection;
  entry.name = adopted.target_id;
  entry.actor = actor;
  entry.started_at = entry.finished_at = FormatMilliseconds(world_.now());
  entry.outcome = "done";
  std::vector<SqlCommand> with;
  if (new_id) with.push_back(target.book.SetTargetId(adopted.target_id));
  TRY(AppendLog(*target.session, target.book, lease, world_, entry, with));
  TRY(Remember(target, seen_, world_));
  return adopted;
}

Result<RecoveredHistory> Engine::Recover(const TargetSpec& spec, const std::string& project,
                                         const std::string& ref, const std::string& actor) {
  const TargetAddress address = TRY(AddressOf(spec));
  OpenTarget target = TRY(Open(address, IfMissing::kFail));
  const TargetState state = TRY(MustHaveTables(target));
  if (!ref.empty() && state.rows.empty()) return NothingApplied(ref, address.name);
  KeptHistory kept = TRY(HistoryIn(target));
  const Catalog catalog = TRY(Catalog::Of(kept.whole));
  const Graph& graph = catalog.graph();
  std::vector<Id> rows;
  for (const VersionRow& row : state.rows) {
    rows.push_back(row.id);
    if (graph.FindId(row.id)) continue;
    if (!ref.empty()) return NoObject(row, address.name);
    kept.lost.emplace(
        row.id.hex(),
        fmt::format("{} is not recovered: it is applied, and mig_object has no row of it",
                    row.name));
  }
  TRY(PutWithAncestors(objects_, project, catalog, kept.whole));
  const mig::Current current = CurrentFrom(graph, rows);
  const Marks applied = AncestorsOf(graph, current.rows, Follow::kAll);
  std::map<Id, std::int64_t> last_applied;
  TRY(ForEachLogRow(target, [&](const LogRow& row) {
    if (const auto id = Id::FromHex(row.entry.id)) last_applied[*id] = row.entry.sequence;
  }));
  RecoveredHistory history{address.url.redacted, {}, {}, ""};
  for (auto& [id, sentence] : kept.lost) history.lost.push_back(std::move(sentence));
  std::sort(history.lost.begin(), history.lost.end());
  for (Position p = 0; p < graph.size(); ++p)
    history.revisions.push_back({graph.id(p), graph.name(p), applied[p], false});
  const std::set<Id> meant = MeantByTheirNames(history.revisions, last_applied);
  for (RecoveredRevision& revision : history.revisions)
    revision.named = meant.contains(revision.id);
  if (ref.empty()) return history;
  const auto made = shared_refs_.Create({project, ref}, rows, {actor, "", ""});
  if (!made) {
    if (made.error().reason != Reason::kRefMoved) return made.error();
    const std::optional<Ref> there = TRY(refs_.Find(project, ref));
    if (!there) return made.error();
    std::sort(rows.begin(), rows.end());
    if (there->heads != rows) {
      return Error{
          Reason::kNameTaken,
          fmt::format("ref {} is there already, and is not where target {} is", ref, address.name),
          {},
          "give another name with --ref"};
    }
  }
  history.ref = ref;
  return history;
}

}  // namespace mig
