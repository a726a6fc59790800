#include "store/objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <unordered_set>

#include "store/core/limits.h"
#include "store/core/sha256.h"
#include "store/epochs.h"
#include "store/keys.h"
#include "store/record.h"

namespace mig {
namespace {

// What one entry or chunk holds: two of them and their keys fit a commit.
constexpr std::size_t kChunkBytes = kMaxCommitBytes / 2 - kMaxKeyBytes;
// How often a large object is written anew because garbage was collected meanwhile.
constexpr int kAttempts = 100;
constexpr std::string_view kChunkedKind = "chunked";
constexpr std::string_view kChunkedMark = "mig-chunked ";
constexpr std::string_view kNameMark = "\nname ";  // of a canonical text's second line

Error Damaged(const Id& id, std::string_view what) {
  return {Reason::kCorruption,
          fmt::format("object {} is damaged in the store: {}", id.hex(), what),
          {{"id", id.hex()}}};
}

Result<void> CheckHash(const NamedObject& object) {
  const Id is = IdOf(object.revision);
  if (is == object.id) return {};
  return Error{Reason::kHashMismatch,
               fmt::format("revision `{}` was sent as {}, but its content is {}",
                           object.revision.name, object.id.hex(), is.hex()),
               {{"id", object.id.hex()}, {"name", object.revision.name}}};
}

// Gathers writes into commits as large as the limits allow.
class Packer {
 public:
  Packer(Kv& kv, Durability durability) : kv_(kv), durability_(durability) {}

  Result<void> Add(std::vector<Write> together) {
    std::size_t bytes = 0;
    for (const Write& write : together) bytes += write.key.size() + write.value->size();
    const bool full =
        batch_.writes.size() + together.size() > kMaxWrites || bytes_ + bytes > kMaxCommitBytes;
    if (full) TRY(Flush());
    bytes_ += bytes;
    for (Write& write : together) batch_.writes.push_back(std::move(write));
    return {};
  }

  Result<void> Flush() {
    if (batch_.writes.empty()) return {};
    batch_.durability = durability_;
    TRY(kv_.Commit(batch_));
    batch_ = {};
    bytes_ = 0;
    return {};
  }

 private:
  Kv& kv_;
  const Durability durability_;
  Batch batch_;
  std::size_t bytes_ = 0;
};

std::string ChunkedEntry(std::size_t bytes) {
  return Record(kChunkedKind).Add("size", std::uint64_t{bytes}).Encode();
}

std::uint64_t ChunksOf(std::uint64_t bytes) { return (bytes + kChunkBytes - 1) / kChunkBytes; }

Result<void> CheckPrefix(std::string_view prefix) {
  const bool hex = prefix.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (hex && prefix.size() >= 4 && prefix.size() <= 64) return {};
  return Error{Reason::kInvalidArgument,
               fmt::format("`{}` is no prefix of an id: 4 to 64 lower-case hex digits", prefix)};
}

// Calls `take(keys, values)` with at most as many keys as one Get takes.
template <typename Take>
Result<void> GetInTurns(Kv& kv, const std::vector<Id>& ids, Take take) {
  for (std::size_t first = 0; first < ids.size(); first += kMaxGetKeys) {
    const std::size_t last = std::min(ids.size(), first + kMaxGetKeys);
    std::vector<std::string> keys;
    for (std::size_t i = first; i < last; ++i) keys.push_back(keys::Object(ids[i]));
    const auto values = TRY(kv.Get(keys));
    for (std::size_t i = first; i < last; ++i) TRY(take(ids[i], values[i - first]));
  }
  return {};
}

}  // namespace

Result<void> Objects::Put(std::string_view project, const Revision& revision) {
  return Put(project, {{IdOf(revision), revision}});
}

Result<void> Objects::Put(std::string_view project, const std::vector<NamedObject>& objects,
                          Durability durability) {
  TRY(keys::CheckProject(project));
  for (const NamedObject& object : objects) TRY(CheckHash(object));
  Packer packer(kv_, durability);
  std::unordered_set<Id> packed;
  for (const auto& [id, revision] : objects) {
    if (!packed.insert(id).second) continue;
    std::string entry = CanonicalText(revision);
    Write named = Write::Put(keys::Named(project, revision.name, id), Now());
    if (entry.size() > kChunkBytes) {
      TRY(packer.Flush());
      TRY(PutChunked(id, entry, std::move(named), durability));
      continue;
    }
    TRY(packer.Add({Write::Put(keys::Object(id), std::move(entry)), std::move(named)}));
  }
  return packer.Flush();
}

// The entry is written only if no garbage was collected since before the first part: a part without
// an entry is garbage.
Result<void> Objects::PutChunked(const Id& id, std::string_view text, Write named,
                                 Durability durability) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::string collection = TRY(epochs::Read(kv_, epochs::kGc));
    Packer packer(kv_, durability);
    for (std::uint64_t number = 0; number < ChunksOf(text.size()); ++number) {
      const std::string_view chunk = text.substr(number * kChunkBytes, kChunkBytes);
      TRY(packer.Add({Write::Put(keys::Chunk(id, number), std::string(chunk))}));
    }
    TRY(packer.Flush());
    Batch batch;
    batch.conditions = {epochs::Unchanged(epochs::kGc, collection)};
    batch.writes = {Write::Put(keys::Object(id), ChunkedEntry(text.size())), named};
    batch.durability = durability;
    const Outcome outcome = TRY(kv_.Commit(batch));
    if (outcome.applied()) return {};
  }
  return epochs::Overtaken();
}

Result<Revision> Objects::Get(const Id& id) {
  const auto entry = TRY(GetOne(kv_, keys::Object(id)));
  if (entry) return Read(id, *entry);
  return Error{Reason::kNoSuchObject,
               fmt::format("the store has no object {}", id.hex()),
               {{"id", id.hex()}}};
}

Result<std::string> Objects::Join(const Id& id, std::string_view entry) {
  const auto record = Record::Decode(kChunkedKind, entry);
  const Result<std::uint64_t> size = record ? record->Number("size") : record.error();
  if (!size) return Damaged(id, size.error().message);
  std::string text;
  for (std::uint64_t number = 0; number < ChunksOf(*size); ++number) {
    const auto chunk = TRY(GetOne(kv_, keys::Chunk(id, number)));
    if (!chunk) return Damaged(id, fmt::format("its part {} is missing", number));
    text += *chunk;
  }
  return text;
}

Result<Revision> Objects::Read(const Id& id, std::string_view entry) {
  std::string text(entry);
  if (entry.substr(0, kChunkedMark.size()) == kChunkedMark) text = TRY(Join(id, entry));
  if (Id(Sha256(text)) != id) return Damaged(id, "its content has another hash");
  auto revision = DecodeRevision(text);
  if (!revision) return Damaged(id, revision.error().message);
  return revision;
}

Result<std::vector<std::optional<Revision>>> Objects::GetMany(const std::vector<Id>& ids) {
  std::vector<std::optional<Revision>> revisions;
  auto read = GetInTurns(kv_, ids, [&](const Id& id, const auto& entry) -> Result<void> {
    if (entry) {
      revisions.push_back(TRY(Read(id, *entry)));
    } else {
      revisions.push_back(std::nullopt);
    }
    return {};
  });
  TRY(std::move(read));
  return revisions;
}

Result<std::vector<std::optional<Revision>>> Objects::GetMany(std::string_view project,
                                                              const std::vector<Id>& ids) {
  auto revisions = TRY(GetMany(ids));
  std::vector<std::string> names;
  for (const auto& revision : revisions) names.push_back(revision ? revision->name : "");
  const std::vector<bool> has = TRY(AreNamed(project, ids, names));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!has[i]) revisions[i].reset();
  }
  return revisions;
}

Result<std::vector<bool>> Objects::Has(std::string_view project, const std::vector<Id>& ids) {
  std::vector<std::string> names;
  auto asked = GetInTurns(kv_, ids, [&](const Id& id, const auto& entry) -> Result<void> {
    names.push_back(entry ? TRY(NameIn(id, *entry)) : "");
    return {};
  });
  TRY(std::move(asked));
  return AreNamed(project, ids, names);
}

// Without a look at the rest. Of damaged bytes it may be anything: nobody is called so.
Result<std::string> Objects::NameIn(const Id& id, std::string_view entry) {
  std::string first;
  if (entry.starts_with(kChunkedMark)) {
    first = TRY(GetOne(kv_, keys::Chunk(id, 0))).value_or("");
    entry = first;
  }
  const std::size_t line = entry.find(kNameMark);
  if (line == std::string_view::npos) return std::string();
  const std::size_t begin = line + kNameMark.size();
  const std::size_t bytes = entry.find('\n', begin) - begin;
  return std::string(bytes > kMaxNameBytes ? "" : entry.substr(begin, bytes));
}

// Whether the project calls each of `ids` by its name; an empty one is nobody's.
Result<std::vector<bool>> Objects::AreNamed(std::string_view project, const std::vector<Id>& ids,
                                            const std::vector<std::string>& names) {
  TRY(keys::CheckProject(project));
  std::vector<bool> named(ids.size());
  std::vector<std::string> wanted;
  std::vector<std::size_t> places;  // in `ids`
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!names[i].empty()) {
      wanted.push_back(keys::Named(project, names[i], ids[i]));
      places.push_back(i);
    }
    if (wanted.size() < kMaxGetKeys && i + 1 < ids.size()) continue;
    const auto values = TRY(kv_.Get(std::exchange(wanted, {})));
    for (std::size_t k = 0; k < values.size(); ++k) named[places[k]] = values[k].has_value();
    places.clear();
  }
  return named;
}

Result<std::vector<bool>> Objects::Has(const std::vector<Id>& ids) {
  std::vector<bool> has;
  auto asked = GetInTurns(kv_, ids, [&](const Id&, const auto& entry) -> Result<void> {
    has.push_back(entry.has_value());
    return {};
  });
  TRY(std::move(asked));
  return has;
}

Result<bool> Objects::Has(const Id& id) {
  const auto entry = TRY(GetOne(kv_, keys::Object(id)));
  return entry.has_value();
}

Result<std::vector<Id>> Objects::IdsNamed(std::string_view project, std::string_view name) {
  TRY(keys::CheckProject(project));
  const std::string prefix = keys::NamedPrefix(project, name);
  auto entries = TRY(ScanAll(kv_, prefix, EndOfPrefix(prefix)));
  std::ranges::stable_sort(entries, std::greater(), &KeyValue::value);
  std::vector<Id> ids;
  for (const KeyValue& entry : entries) {
    if (const auto id = keys::IdAtEnd(entry.key)) ids.push_back(*id);
  }
  return ids;
}

Result<std::vector<Id>> Objects::IdsWithPrefix(std::string_view prefix, std::size_t limit) {
  TRY(CheckPrefix(prefix));
  const std::string begin = std::string(keys::kObjectPrefix).append(prefix);
  const std::string end = EndOfPrefix(begin);
  const Page page = TRY(kv_.Scan(begin, end, std::min(limit, kMaxPage), /*keys_only=*/true));
  std::vector<Id> ids;
  for (const KeyValue& entry : page.entries) {
    if (const auto id = keys::IdAtEnd(entry.key)) ids.push_back(*id);
  }
  return ids;
}

}  // namespace mig
