#include "store/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "store/core/limits.h"
#include "store/keys.h"
#include "store/objects.h"
#include "store/placeholder_key.h"
#include "store/refs.h"
#include "store/roots.h"
#include "store/runs.h"
#include "store/seen_targets.h"
#include "store/target_records.h"

namespace mig {
namespace {

using Findings = std::vector<Finding>;

constexpr char kReimport[] =
    "import it again (`mig import FILE`), or restore a backup (`migd restore-store`)";
constexpr char kGiveUp[] =
    "import it again (`mig import FILE`), or restore a backup (`migd restore-store`); where nobody "
    "has it, `mig refs delete NAME` and then `mig fsck --repair` give the ref up";
constexpr char kForget[] =
    "import it again (`mig import FILE`), or restore a backup (`migd restore-store`); `mig fsck "
    "--repair` forgets the log";
constexpr char kRestore[] = "restore a backup (`migd restore-store`)";
constexpr char kUnknownKey[] =
    "leave it alone when a newer version of mig wrote it; else restore a backup";
constexpr char kRepairs[] = "`mig fsck --repair` makes it right";
// How often something is looked at that others may be changing.
constexpr int kLooks = 3;

// What a key without its first part is made of: "shop" and "main" of "shop/main".
struct Parts {
  std::string_view first;
  std::string_view rest;
};

Parts Cut(std::string_view text, char mark = '/') {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

Parts CutLast(std::string_view text, char mark) {
  const std::size_t at = text.rfind(mark);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

// The projects that have an index of names.
Result<std::vector<std::string>> ProjectsIn(Kv& kv) {
  std::vector<std::string> projects;
  std::string from(keys::kNamedPrefix);
  const std::string end = EndOfPrefix(from);
  while (true) {
    const Page page = TRY(kv.Scan(from, end, 1, /*keys_only=*/true));
    if (page.entries.empty()) return projects;
    projects.emplace_back(Cut(Cut(page.entries[0].key).rest).first);
    from = EndOfPrefix(std::string(keys::kNamedPrefix) + projects.back() + "/");
  }
}

// Looks at entries one by one. Every look reads the entry anew.
class Checker {
 public:
  Checker(Kv& kv, std::vector<std::string> projects)
      : kv_(kv), objects_(kv), refs_(kv), runs_(kv), projects_(std::move(projects)) {}

  Result<Findings> Object(const std::string& key);
  Result<Findings> Chunk(const std::string& key);
  Result<Findings> Named(const std::string& key);
  Result<Findings> Ref(const std::string& key);
  Result<Findings> Move(const std::string& key);
  Result<Findings> Run(const std::string& key);
  Result<Findings> Recent(const std::string& key);
  Result<Findings> Event(const std::string& key);
  Result<Findings> Unended(const std::string& key);
  Result<Findings> Target(const std::string& key);
  Result<Findings> Seen(const std::string& key);
  Result<Findings> Address(const std::string& key);
  Result<Findings> Secret(const std::string& key);

  // Those of objects that lack something below them, which count where the object is led to.
  // Others are left over. Call it last.
  Result<Findings> Incomplete();

  std::int64_t leftovers() const { return leftovers_; }

 private:
  Result<bool> Exists(const std::string& key) {
    const auto value = TRY(GetOne(kv_, key));
    return value.has_value();
  }
  Result<Findings> Absent(const std::string& key, const std::vector<Id>& ids, std::string_view what,
                          const char* remedy = kReimport);
  Result<std::optional<Finding>> LostLog(const std::string& key, const Parts& ref,
                                         const std::vector<RefMove>& log);
  Result<bool> IsNamed(const Revision& revision, const Id& id);
  Result<Findings> Index(const std::string& key, const Revision& revision, const Id& id);
  Result<Findings> WithoutRun(const std::string& key, std::string_view id, std::string_view what);
  Result<std::unordered_set<Id>> LedTo();

  Kv& kv_;
  Objects objects_;
  Refs refs_;
  Runs runs_;
  std::vector<std::string> projects_;
  std::map<Id, Findings> incomplete_;
  std::int64_t leftovers_ = 0;
};

// The findings that `result` is, where it is damage; else the error.
template <typename T>
Result<Findings> DamageOf(const std::string& key, const Result<T>& result, const char* remedy) {
  if (result.error().reason != Reason::kCorruption) return result.error();
  return Findings{{key, result.error().message, remedy}};
}

// One finding for each of `ids` that is not stored.
Result<Findings> Checker::Absent(const std::string& key, const std::vector<Id>& ids,
                                 std::string_view what, const char* remedy) {
  const std::vector<bool> has = TRY(objects_.Has(ids));
  Findings findings;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (has[i]) continue;
    findings.push_back(
        {key, fmt::format("{} {}, which is not stored", what, ids[i].hex()), remedy});
  }
  return findings;
}

// Whether a project that is known to have an index calls the revision by its name.
Result<bool> Checker::IsNamed(const Revision& revision, const Id& id) {
  for (std::size_t first = 0; first < projects_.size(); first += kMaxGetKeys) {
    std::vector<std::string> wanted;
    for (std::size_t i = first; i < std::min(projects_.size(), first + kMaxGetKeys); ++i)
      wanted.push_back(keys::Named(projects_[i], revision.name, id));
    const auto values = TRY(kv_.Get(wanted));
    if (std::ranges::any_of(values, [](const auto& value) { return value.has_value(); }))
      return true;
  }
  return false;
}

Result<Findings> Checker::Index(const std::string& key, const Revision& revision, const Id& id) {
  if (TRY(IsNamed(revision, id))) return Findings();
  projects_ = TRY(ProjectsIn(kv_));  // there may be a new one
  if (TRY(IsNamed(revision, id))) return Findings();
  Finding finding{key,
                  fmt::format("object {} is in no project's index of names (its name is `{}`)",
                              id.hex(), revision.name),
                  kReimport};
  if (projects_.size() == 1) {
    finding.remedy = kRepairs;
    finding.repair.writes = {Write::Put(keys::Named(projects_[0], revision.name, id), "")};
  }
  return Findings{std::move(finding)};
}

Result<Findings> Checker::Object(const std::string& key) {
  const auto id = keys::IdAtEnd(key);
  if (!id || key != keys::Object(*id))
    return Findings{{key, "the key is no object's", kUnknownKey}};
  const auto revision = objects_.Get(*id);
  if (!revision && revision.error().reason == Reason::kNoSuchObject) return Findings();
  if (!revision) return DamageOf(key, revision, kReimport);
  Findings absent =
      TRY(Absent(key, LinksOf(*revision),
                 fmt::format("revision `{}` ({}) follows", revision->name, id->short_hex())));
  if (!absent.empty()) incomplete_[*id] = std::move(absent);
  return Index(key, *revision, *id);
}

Result<Findings> Checker::Incomplete() {
  Findings findings;
  if (incomplete_.empty()) return findings;
  const std::unordered_set<Id> needed = TRY(LedTo());
  for (auto& [id, absent] : incomplete_) {
    if (needed.contains(id)) {
      std::ranges::move(absent, std::back_inserter(findings));
    } else {
      ++leftovers_;
    }
  }
  return findings;
}

// Everything below the roots, as far as it can be read. Where the roots are damaged: all that lacks
// something.
Result<std::unordered_set<Id>> Checker::LedTo() {
  std::unordered_set<Id> needed;
  auto roots = RootsOf(kv_);
  if (!roots && roots.error().reason != Reason::kCorruption) return std::move(roots).error();
  if (!roots) {
    for (const auto& [id, absent] : incomplete_) needed.insert(id);
    return needed;
  }
  std::vector<Id> next = *std::move(roots);
  while (!next.empty()) {
    const Id id = next.back();
    next.pop_back();
    if (!needed.insert(id).second) continue;
    const auto revision = objects_.Get(id);
    if (!revision) continue;
    std::ranges::copy(LinksOf(*revision), std::back_inserter(next));
  }
  return needed;
}

// A part of an object that is there was read with it; one of an object that is not is left over.
Result<Findings> Checker::Chunk(const std::string& key) {
  const auto number = keys::NumberAtEnd(key);
  const Parts parts = CutLast(key, '/');
  const auto id = keys::IdAtEnd(parts.first);
  if (!id || !number || key != keys::Chunk(*id, *number))
    return Findings{{key, "the key is no part's of an object", kUnknownKey}};
  if (!TRY(Exists(keys::Object(*id)))) ++leftovers_;
  return Findings();
}

Result<Findings> Checker::Named(const std::string& key) {
  const Parts project = Cut(Cut(key).rest);
  const Parts name = CutLast(project.rest, '/');
  const auto id = Id::FromHex(name.rest);
  if (!id) return Findings{{key, "the key is no entry of the index of names", kUnknownKey}};
  if (!TRY(Exists(key))) return Findings();
  const auto revision = objects_.Get(*id);
  if (revision && revision->name == name.first) return Findings();
  if (!revision && revision.error().reason == Reason::kCorruption) return Findings();
  if (!revision && revision.error().reason != Reason::kNoSuchObject) return revision.error();
  Finding finding{key,
                  fmt::format("project `{}` calls object {} `{}`, and {}", project.first,
                              id->short_hex(), name.first,
                              revision ? fmt::format("its name is `{}`", revision->name)
                                       : std::string("it is not stored")),
                  kRepairs};
  if (!revision) finding.repair.conditions = {Condition::Absent(keys::Object(*id))};
  finding.repair.writes = {Write::Delete(key)};
  return Findings{std::move(finding)};
}

// The log of a ref as one chain, which ends where the ref is.
Findings CheckChain(const std::string& key, std::string_view name, const std::vector<RefMove>& log,
                    const std::optional<Ref>& ref) {
  const auto broken = [&](const std::string& what) {
    return Findings{{key, fmt::format("the log of ref `{}` {}", name, what), kRestore}};
  };
  std::vector<Id> heads;
  std::uint64_t number = 0;
  for (const RefMove& move : log) {
    if (move.number != ++number) return broken(fmt::format("lacks move {}", number));
    if (move.from != heads) return broken(fmt::format("has a gap before move {}", number));
    heads = move.to;
  }
  if (number == 0) return broken("is missing");
  const bool same = ref ? ref->move_number == number && ref->move_id == log.back().by.move_id &&
                              ref->heads == heads
                        : heads.empty();
  return same ? Findings() : broken("does not end where the ref is");
}

// Of a ref that was deleted, a log that leads to what is not stored: nobody can go back there.
Result<std::optional<Finding>> Checker::LostLog(const std::string& key, const Parts& ref,
                                                const std::vector<RefMove>& log) {
  std::vector<Id> ids;
  for (const RefMove& move : log) ids.insert(ids.end(), move.to.begin(), move.to.end());
  const std::vector<bool> has = TRY(objects_.Has(ids));
  const auto lost = std::ranges::find(has, false);
  if (lost == has.end()) return std::optional<Finding>();
  Finding finding{key,
                  fmt::format("the log of ref `{}`, which was deleted, leads to {}, which is not "
                              "stored",
                              ref.rest, ids[static_cast<std::size_t>(lost - has.begin())].hex()),
                  kReimport};
  const auto value = TRY(GetOne(kv_, key));
  if (log.size() < kMaxWrites && value) {
    finding.remedy = kForget;
    finding.repair.conditions = {Condition::Equals(key, *value)};
    finding.repair.writes = {Write::Delete(key)};
    for (const RefMove& move : log)
      finding.repair.writes.push_back(Write::Delete(keys::Move(ref.first, ref.rest, move.number)));
  }
  return std::optional(std::move(finding));
}

Result<Findings> Checker::Ref(const std::string& key) {
  const Parts parts = Cut(Cut(key).rest);
  if (!TRY(Exists(key))) return Findings();
  const auto ref = refs_.Find(parts.first, parts.rest);
  if (!ref && ref.error().reason == Reason::kNameInvalid)
    return Findings{{key, "the key is no ref's", kUnknownKey}};
  if (!ref) return DamageOf(key, ref, kRestore);
  const auto log = refs_.Log(parts.first, parts.rest, 0, SIZE_MAX);
  if (!log) return DamageOf(key, log, kRestore);
  Findings findings = CheckChain(key, parts.rest, *log, *ref);
  if (!*ref) {
    auto lost = TRY(LostLog(key, parts, *log));
    if (lost) findings.push_back(*std::move(lost));
    return findings;
  }
  Findings absent =
      TRY(Absent(key, (*ref)->heads, fmt::format("ref `{}` is at", parts.rest), kGiveUp));
  std::ranges::move(absent, std::back_inserter(findings));
  return findings;
}

Result<Findings> Checker::Move(const std::string& key) {
  const auto number = keys::NumberAtEnd(key);
  const Parts ends = CutLast(key, ':');
  const Parts parts = Cut(Cut(ends.first).rest);
  if (!number || *number == 0) return Findings{{key, "the key is no move's", kUnknownKey}};
  if (!TRY(Exists(key))) return Findings();
  if (!TRY(Exists(keys::Ref(parts.first, parts.rest)))) {
    return Findings{
        {key, fmt::format("there is a log of moves, and no ref `{}`", parts.rest), kRestore}};
  }
  const auto ref = refs_.Find(parts.first, parts.rest);
  const auto log = refs_.Log(parts.first, parts.rest, *number - 1, 1);
  if (!ref || !*ref || !log || log->empty()) return Findings();  // named with the ref
  return Absent(key, log->front().to,
                fmt::format("move {} of ref `{}` led to", *number, parts.rest), kGiveUp);
}

Result<Findings> Checker::Run(const std::string& key) {
  const std::string id(Cut(key).rest);
  const auto run = runs_.Get(id);
  if (!run && run.error().reason == Reason::kNoSuchRun) return Findings();
  if (!run && run.error().reason == Reason::kInvalidArgument)
    return Findings{{key, "the key is no run's", kUnknownKey}};
  if (!run) return DamageOf(key, run, kRestore);
  Findings findings;
  const std::string recent = keys::Recent(run->started_at, id);
  if (!TRY(Exists(recent))) {
    findings.push_back({key, fmt::format("run {} is not in the list of runs", id), kRepairs});
    findings.back().repair.writes = {Write::Put(recent, run->target)};
  }
  const std::string unended = keys::Unended(id);
  if (run->state == RunState::kRunning && !TRY(Exists(unended))) {
    findings.push_back(
        {key, fmt::format("run {} has not ended, and is not among those", id), kRepairs});
    findings.back().repair.writes = {Write::Put(unended, "")};
  }
  return findings;
}

// The finding at an entry of a run that is not there.
Result<Findings> Checker::WithoutRun(const std::string& key, std::string_view id,
                                     std::string_view what) {
  if (!TRY(Exists(key)) || TRY(Exists(keys::Run(id)))) return Findings();
  Finding finding{key, fmt::format("{} run {}, which is not there", what, id), kRepairs};
  finding.repair.conditions = {Condition::Absent(keys::Run(id))};
  finding.repair.writes = {Write::Delete(key)};
  return Findings{std::move(finding)};
}

Result<Findings> Checker::Recent(const std::string& key) {
  return WithoutRun(key, CutLast(key, '/').rest, "the list of runs names");
}

Result<Findings> Checker::Event(const std::string& key) {
  return WithoutRun(key, Cut(Cut(key).rest).first, "an event is of");
}

Result<Findings> Checker::Unended(const std::string& key) {
  return WithoutRun(key, Cut(key).rest, "the runs that have not ended name");
}

Result<Findings> Checker::Target(const std::string& key) {
  const auto value = TRY(GetOne(kv_, key));
  if (!value) return Findings();
  const auto target = DecodeTargetRecord(key, *value);
  if (!target) return DamageOf(key, target, kRestore);
  return Absent(key, target->heads, fmt::format("target {} is at", target->target_url));
}

// How far the log of a database was seen. Without it a log that was cut off since does not show.
Result<Findings> Checker::Seen(const std::string& key) {
  const auto value = TRY(GetOne(kv_, key));
  if (!value) return Findings();
  const auto seen = DecodeSeenTarget(*value);
  if (!seen) return DamageOf(key, seen, kRestore);
  if (key == keys::Seen(seen->target_id, seen->address)) return Findings();
  return Findings{{key, fmt::format("what is there was seen of {}", seen->address), kRestore}};
}

Result<Findings> Checker::Address(const std::string& key) {
  const auto value = TRY(GetOne(kv_, key));
  if (!value) return Findings();
  const auto at = DecodeTargetAt(*value);
  if (!at) return DamageOf(key, at, kRestore);
  if (key == keys::Address(at->address) && TRY(Exists(keys::Seen(at->target_id, at->address))))
    return Findings();
  return Findings{{key,
                   fmt::format("target {} was seen at {}, and nothing says how far its log was",
                               at->target_id, at->address),
                   kRestore}};
}

// Its value is never told.
Result<Findings> Checker::Secret(const std::string& key) {
  if (key != keys::kPlaceholderKey) return Findings{{key, "the key is no secret's", kUnknownKey}};
  const auto value = TRY(GetOne(kv_, key));
  if (!value) return Findings();
  const auto secret = DecodePlaceholderKey(*value);
  return secret ? Findings() : DamageOf(key, secret, kRestore);
}

// What there is to look at, by the first part of a key; in the order of keys.
struct Kind {
  std::string_view prefix;
  Result<Findings> (Checker::*look)(const std::string&);
  std::int64_t CheckCounts::*count;  // null: not counted
};

constexpr Kind kKinds[] = {
    {keys::kAddressPrefix, &Checker::Address, nullptr},
    {keys::kChunkPrefix, &Checker::Chunk, nullptr},
    {keys::kEpochPrefix, nullptr, nullptr},
    {keys::kEventPrefix, &Checker::Event, nullptr},
    {keys::kMovePrefix, &Checker::Move, &CheckCounts::moves},
    {keys::kNamedPrefix, &Checker::Named, &CheckCounts::names},
    {keys::kObjectPrefix, &Checker::Object, &CheckCounts::objects},
    {keys::kRecentPrefix, &Checker::Recent, nullptr},
    {keys::kRefPrefix, &Checker::Ref, &CheckCounts::refs},
    {keys::kRunPrefix, &Checker::Run, &CheckCounts::runs},
    {keys::kSecretPrefix, &Checker::Secret, nullptr},
    {keys::kSeenPrefix, &Checker::Seen, nullptr},
    {keys::kTargetPrefix, &Checker::Target, nullptr},
    {keys::kUnendedPrefix, &Checker::Unended, nullptr},
};

// What stays wrong when it is looked at again.
Result<Findings> LookTwice(Checker& checker, const Kind& kind, const std::string& key) {
  Findings lasting = TRY((checker.*kind.look)(key));
  for (int look = 1; look < kLooks && !lasting.empty(); ++look) {
    const Findings now = TRY((checker.*kind.look)(key));
    std::erase_if(lasting, [&](const Finding& finding) {
      return std::ranges::find(now, finding) == now.end();
    });
  }
  return lasting;
}

// Goes through the store once, in the order of keys.
class Walk {
 public:
  Walk(Kv& kv, Checker& checker, const CheckObserver& observer)
      : kv_(kv), checker_(checker), observer_(observer) {}

  Result<CheckCounts> Go() {
    std::string from;
    for (const Kind& kind : kKinds) {
      TRY(Unknown(from, std::string(kind.prefix)));
      from = EndOfPrefix(kind.prefix);
      TRY(Entries(kind, std::string(kind.prefix), from));
    }
    TRY(Unknown(from, ""));
    const Findings incomplete = TRY(checker_.Incomplete());
    std::ranges::for_each(incomplete, observer_.found);
    counts_.leftovers = checker_.leftovers();
    return counts_;
  }

 private:
  // Calls `each` with every key of a range. A page that cannot be read is a finding, and the end of
  // the range.
  template <typename Each>
  Result<void> Keys(std::string from, const std::string& end, Each each) {
    while (true) {
      const std::string at = from;
      Result<Page> page = kv_.Scan(from, end, kMaxPage, /*keys_only=*/true);
      if (!page && page.error().reason == Reason::kCorruption) {
        observer_.found({at, page.error().message, kRestore});
        return {};
      }
      if (!page) return std::move(page).error();
      for (const KeyValue& entry : page->entries) TRY(each(entry.key));
      if (!observer_.progress(counts_)) return Error{Reason::kCancelled, "the check was stopped"};
      if (page->next.empty()) return {};
      from = std::move(page->next);
    }
  }

  Result<void> Entries(const Kind& kind, const std::string& from, const std::string& end) {
    if (kind.look == nullptr) return {};
    return Keys(from, end, [&](const std::string& key) -> Result<void> {
      if (kind.count != nullptr) ++(counts_.*kind.count);
      const auto findings = LookTwice(checker_, kind, key);
      if (!findings && findings.error().reason != Reason::kCorruption) return findings.error();
      if (!findings) observer_.found({key, findings.error().message, kRestore});
      if (findings) std::ranges::for_each(*findings, observer_.found);
      return {};
    });
  }

  Result<void> Unknown(const std::string& from, const std::string& end) {
    if (from == end) return {};
    return Keys(from, end, [&](const std::string& key) -> Result<void> {
      observer_.found({key, "the store has an entry of no kind that is known", kUnknownKey});
      return {};
    });
  }

  Kv& kv_;
  Checker& checker_;
  const CheckObserver& observer_;
  CheckCounts counts_;
};

}  // namespace

Result<CheckCounts> CheckStore(Kv& kv, const CheckObserver& observer) {
  auto projects = ProjectsIn(kv);
  if (!projects && projects.error().reason != Reason::kCorruption)
    return std::move(projects).error();
  Checker checker(kv, projects ? *std::move(projects) : std::vector<std::string>());
  return Walk(kv, checker, observer).Go();
}

Result<bool> Repair(Kv& kv, const Finding& finding) {
  if (finding.repair.writes.empty()) return false;
  const Outcome outcome = TRY(kv.Commit(finding.repair));
  return outcome.applied();
}

}  // namespace mig
