#include "store/gc.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "store/core/limits.h"
#include "store/core/revision.h"
#include "store/epochs.h"
#include "store/keys.h"
#include "store/objects.h"
#include "store/roots.h"

namespace mig {
namespace {

// How often it looks again because something was led to meanwhile.
constexpr int kRounds = 100;
// Revisions between two words about how far it is: where each has one parent, they are read one by
// one.
constexpr std::size_t kTellAfter = 1000;

// What the index of names says of one object.
struct NameEntry {
  std::string key;
  std::string stored;
};
using NameIndex = std::unordered_map<Id, std::vector<NameEntry>>;

// What was seen of the store at one time: it holds as long as the word does.
struct Marked {
  std::string refs_word;
  std::vector<Id> stored;
  NameIndex names;  // read after `stored`: an object and its names are written together
  std::unordered_set<Id> kept;
  std::vector<Id> garbage;  // children before parents
  std::unordered_map<Id, std::int64_t> bytes;
  std::map<Id, std::vector<std::string>> parts;  // of large objects, by the object's id
};

// Calls `each` with every entry of a prefix.
template <typename Each>
Result<void> ForEach(Kv& kv, std::string_view prefix, bool keys_only, Each each) {
  const std::string end = EndOfPrefix(prefix);
  std::string from(prefix);
  while (!from.empty()) {
    Page page = TRY(kv.Scan(from, end, kMaxPage, keys_only));
    for (const KeyValue& entry : page.entries) TRY(each(entry));
    from = std::move(page.next);
  }
  return {};
}

class Collector {
 public:
  Collector(Kv& kv, const GcRequest& request, const GcObserver& observer)
      : kv_(kv), objects_(kv), request_(request), observer_(observer) {}

  Result<GcCounts> Collect();

 private:
  Result<Marked> Mark();
  Result<void> ReadStored(Marked& marked);
  Result<void> ReadNames(Marked& marked);
  std::vector<Id> TooYoung(const Marked& marked) const;
  enum class Missing { kIsDamage, kIsLeftOver };
  Result<void> Keep(std::vector<Id> roots, Missing missing, Marked& marked);
  Result<void> FindGarbage(Marked& marked);
  Result<void> FindParts(Marked& marked);
  Result<bool> Sweep(const Marked& marked);
  Result<bool> SweepParts(const Marked& marked);
  Result<bool> Delete(Batch batch, const Marked& marked);
  Result<void> StampNames(const Marked& marked);
  Result<void> Seen(std::int64_t revisions);
  bool IsYoung(const NameEntry& entry) const {
    return entry.stored.empty() || entry.stored >= request_.keep_since;
  }
  Garbage Describe(const Id& id, const Marked& marked) const;

  Kv& kv_;
  Objects objects_;
  const GcRequest& request_;
  const GcObserver& observer_;
  GcCounts counts_;
};

Result<void> Collector::Seen(std::int64_t revisions) {
  if (observer_.progress(revisions)) return {};
  return Error{Reason::kCancelled, "the collection was stopped"};
}

Result<void> Collector::ReadStored(Marked& marked) {
  return ForEach(kv_, keys::kObjectPrefix, true, [&](const KeyValue& entry) -> Result<void> {
    const auto id = keys::IdAtEnd(entry.key);
    if (id) marked.stored.push_back(*id);
    return {};
  });
}

Result<void> Collector::ReadNames(Marked& marked) {
  return ForEach(kv_, keys::kNamedPrefix, false, [&](const KeyValue& entry) -> Result<void> {
    const auto id = keys::IdAtEnd(entry.key);
    if (id) marked.names[*id].push_back({entry.key, entry.value});
    return {};
  });
}

// What was stored since the given time, or nobody knows when. So is what more projects call by a
// name than one commit could take back.
std::vector<Id> Collector::TooYoung(const Marked& marked) const {
  std::vector<Id> young;
  for (const Id& id : marked.stored) {
    const auto names = marked.names.find(id);
    const bool known = names != marked.names.end() && names->second.size() <= kMaxConditions - 2;
    const bool is_young = !known || std::ranges::any_of(names->second, [&](const NameEntry& entry) {
      return IsYoung(entry);
    });
    if (is_young) young.push_back(id);
  }
  return young;
}

// Keeps `roots` and everything below them. A root itself may be missing: that is for the check of
// the store to say.
Result<void> Collector::Keep(std::vector<Id> roots, Missing missing, Marked& marked) {
  const std::unordered_set<Id> may_be_missing(roots.begin(), roots.end());
  std::size_t told = marked.kept.size();
  std::vector<Id> next = std::move(roots);
  while (!next.empty()) {
    std::vector<Id> now;
    while (!next.empty() && now.size() < kMaxGetKeys) {
      if (marked.kept.insert(next.back()).second) now.push_back(next.back());
      next.pop_back();
    }
    const auto revisions = TRY(objects_.GetMany(now));
    for (std::size_t i = 0; i < now.size(); ++i) {
      if (revisions[i]) {
        const std::vector<Id> links = LinksOf(*revisions[i]);
        next.insert(next.end(), links.begin(), links.end());
      } else if (missing == Missing::kIsDamage && !may_be_missing.contains(now[i])) {
        return Error{Reason::kCorruption,
                     fmt::format("revision {} is needed, and is not stored", now[i].hex()),
                     {{"id", now[i].hex()}},
                     "`mig fsck` says what else is wrong"};
      }
    }
    if (marked.kept.size() - told < kTellAfter) continue;
    told = marked.kept.size();
    TRY(Seen(static_cast<std::int64_t>(told)));
  }
  return {};
}

// Objects that are not kept, children before parents. One that cannot be read goes first: what it
// leads to is not known.
Result<void> Collector::FindGarbage(Marked& marked) {
  std::vector<Id> unreached;
  for (const Id& id : marked.stored) {
    if (!marked.kept.contains(id)) unreached.push_back(id);
  }
  std::unordered_map<Id, std::vector<Id>> links;
  std::unordered_map<Id, int> children;
  for (const Id& id : unreached) {
    const auto revision = objects_.Get(id);
    const bool unreadable = !revision && revision.error().reason == Reason::kCorruption;
    if (!revision && revision.error().reason == Reason::kNoSuchObject) continue;
    if (!revision && !unreadable) return revision.error();
    marked.bytes[id] = 0;
    if (unreadable) continue;
    marked.bytes[id] = static_cast<std::int64_t>(CanonicalText(*revision).size());
    links[id] = LinksOf(*revision);
    for (const Id& link : links[id]) ++children[link];
  }
  std::vector<Id> ready;
  for (const auto& [id, bytes] : marked.bytes) {
    if (children[id] == 0) ready.push_back(id);
  }
  while (!ready.empty()) {
    const Id id = ready.back();
    ready.pop_back();
    marked.garbage.push_back(id);
    for (const Id& link : links[id]) {
      if (--children[link] == 0 && marked.bytes.contains(link)) ready.push_back(link);
    }
  }
  return {};
}

Result<void> Collector::FindParts(Marked& marked) {
  return ForEach(kv_, keys::kChunkPrefix, true, [&](const KeyValue& entry) -> Result<void> {
    const auto id = keys::IdAtEnd(entry.key.substr(0, entry.key.rfind('/')));
    if (id) marked.parts[*id].push_back(entry.key);
    return {};
  });
}

Result<Marked> Collector::Mark() {
  Marked marked;
  marked.refs_word = TRY(epochs::Read(kv_, epochs::kRefs));
  TRY(ReadStored(marked));
  TRY(ReadNames(marked));
  std::vector<Id> roots = TRY(RootsOf(kv_));
  TRY(Keep(std::move(roots), Missing::kIsDamage, marked));
  TRY(Keep(TooYoung(marked), Missing::kIsLeftOver, marked));
  TRY(FindGarbage(marked));
  TRY(FindParts(marked));
  return marked;
}

Garbage Collector::Describe(const Id& id, const Marked& marked) const {
  Garbage garbage{id, "", "", marked.bytes.at(id)};
  const auto names = marked.names.find(id);
  if (names == marked.names.end()) return garbage;
  const NameEntry& entry = names->second.front();
  const std::string_view path = std::string_view(entry.key).substr(0, entry.key.rfind('/'));
  garbage.name = path.substr(path.rfind('/') + 1);
  for (const NameEntry& each : names->second)
    garbage.stored = std::max(garbage.stored, each.stored);
  return garbage;
}

// Whether what was seen still held, and the batch was applied.
Result<bool> Collector::Delete(Batch batch, const Marked& marked) {
  if (batch.writes.empty()) return true;
  batch.conditions.push_back(epochs::Unchanged(epochs::kRefs, marked.refs_word));
  batch.writes.push_back(Write::Put(epochs::kGc, request_.word()));
  const auto outcome = kv_.Commit(batch);
  if (!outcome && outcome.error().reason == Reason::kOutcomeUnknown) return false;
  if (!outcome) return outcome.error();
  return outcome->applied();
}

// A revision's entry goes with those of its names; that these are as they were says that it was not
// stored again.
Result<bool> Collector::Sweep(const Marked& marked) {
  std::vector<Id> together;
  Batch batch;
  const auto flush = [&]() -> Result<bool> {
    if (!TRY(Delete(std::exchange(batch, {}), marked))) return false;
    for (const Id& id : std::exchange(together, {})) {
      const Garbage garbage = Describe(id, marked);
      ++counts_.removed;
      counts_.bytes += garbage.bytes;
      observer_.removed(garbage);
    }
    return true;
  };
  static const std::vector<NameEntry> kNone;
  for (const Id& id : marked.garbage) {
    const auto found = marked.names.find(id);
    const std::vector<NameEntry>& names = found == marked.names.end() ? kNone : found->second;
    // The epoch's own condition and write are two more.
    if (batch.conditions.size() + names.size() + 2 > kMaxConditions ||
        batch.writes.size() + names.size() + 2 > kMaxWrites) {
      if (!TRY(flush())) return false;
    }
    for (const NameEntry& name : names) {
      batch.conditions.push_back(Condition::Equals(name.key, name.stored));
      batch.writes.push_back(Write::Delete(name.key));
    }
    batch.writes.push_back(Write::Delete(keys::Object(id)));
    together.push_back(id);
  }
  return flush();
}

// Parts whose object is gone, or never came. Who is writing them now finds out by the epoch.
Result<bool> Collector::SweepParts(const Marked& marked) {
  for (const auto& [id, part_keys] : marked.parts) {
    if (marked.kept.contains(id)) continue;
    for (std::size_t first = 0; first < part_keys.size(); first += kMaxWrites - 1) {
      Batch batch;
      batch.conditions = {Condition::Absent(keys::Object(id))};
      const std::size_t last = std::min(part_keys.size(), first + kMaxWrites - 1);
      for (std::size_t i = first; i < last; ++i)
        batch.writes.push_back(Write::Delete(part_keys[i]));
      if (!TRY(Delete(std::move(batch), marked))) return false;
    }
    if (!marked.bytes.contains(id))
      counts_.leftovers += static_cast<std::int64_t>(part_keys.size());
  }
  return true;
}

// From now on these have a time, and grow old.
Result<void> Collector::StampNames(const Marked& marked) {
  for (const auto& [id, entries] : marked.names) {
    for (const NameEntry& entry : entries) {
      if (!entry.stored.empty()) continue;
      Batch batch;
      batch.conditions = {Condition::Equals(entry.key, "")};
      batch.writes = {Write::Put(entry.key, request_.now)};
      TRY(kv_.Commit(batch));
    }
  }
  return {};
}

Result<GcCounts> Collector::Collect() {
  for (int round = 0; round < kRounds; ++round) {
    const Marked marked = TRY(Mark());
    counts_.kept = static_cast<std::int64_t>(marked.kept.size());
    if (!request_.prune) {
      for (const Id& id : marked.garbage) {
        ++counts_.removed;
        counts_.bytes += marked.bytes.at(id);
        observer_.removed(Describe(id, marked));
      }
      for (const auto& [id, part_keys] : marked.parts) {
        const bool has_object = marked.kept.contains(id) || marked.bytes.contains(id);
        if (!has_object) counts_.leftovers += static_cast<std::int64_t>(part_keys.size());
      }
      return counts_;
    }
    TRY(StampNames(marked));
    if (TRY(Sweep(marked)) && TRY(SweepParts(marked))) return counts_;
  }
  return Error{Reason::kRefMoved,
               "refs moved each time garbage was about to be removed",
               {},
               "try again when fewer push"};
}

}  // namespace

Result<GcCounts> CollectGarbage(Kv& kv, const GcRequest& request, const GcObserver& observer) {
  return Collector(kv, request, observer).Collect();
}

}  // namespace mig
