// The objects: every revision ever pushed or applied, by id, never changed.
//
// Writing is idempotent and every read recomputes the hash, so that what is returned is what was
// named. Objects are shared by all projects; which project has called a revision by which name is
// an index beside them, and what a project has is what it has called so. An object larger than a
// value may be is kept in chunks, written before the entry that makes it visible.
//
// Thread-safe. The keys are in docs/formats.md.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/core/id.h"
#include "store/core/result.h"
#include "store/core/revision.h"
#include "store/kv.h"

namespace mig {

// A revision and the id its sender says it has.
struct NamedObject {
  Id id;
  Revision revision;
};

class Objects {
 public:
  // The time, RFC 3339 with milliseconds, UTC.
  using Clock = std::function<std::string()>;

  // `kv` outlives it. Without a clock what is stored has no time: the collection of garbage lets it
  // grow old from when it first sees it.
  explicit Objects(Kv& kv, Clock clock = {}) : kv_(kv), clock_(std::move(clock)) {}

  // Stores `objects` in their order and enters their names, and when this is, in the project's
  // index; what is there already is no error. A commit holds many of them, so after an error some
  // may be stored: repeating the call is safe. With kBuffered they are durable with the next synced
  // commit, such as the move of a ref to them. Errors: kHashMismatch when an id is not its
  // revision's (nothing is written then); those of Kv::Commit.
  Result<void> Put(std::string_view project, const std::vector<NamedObject>& objects,
                   Durability durability = Durability::kSynced);
  Result<void> Put(std::string_view project, const Revision& revision);

  // Errors: kNoSuchObject; kCorruption naming the id when the stored bytes are not what was stored.
  Result<Revision> Get(const Id& id);

  // In the order of `ids`; nullopt for those that are not stored. Errors: kCorruption, as Get.
  Result<std::vector<std::optional<Revision>>> GetMany(const std::vector<Id>& ids);

  // The same of what the project has: of another's, that it is stored is not told.
  Result<std::vector<std::optional<Revision>>> GetMany(std::string_view project,
                                                       const std::vector<Id>& ids);

  // Which ones the project has, in the order of `ids`. One more key is read for each that is
  // stored.
  Result<std::vector<bool>> Has(std::string_view project, const std::vector<Id>& ids);

  // Which ones are stored, whoever has them.
  Result<std::vector<bool>> Has(const std::vector<Id>& ids);
  Result<bool> Has(const Id& id);

  // The stored revisions that the project has called `name` (exactly): the one that it stored last
  // first, as far as the times tell.
  Result<std::vector<Id>> IdsNamed(std::string_view project, std::string_view name);

  // The stored ids that start with `prefix` (4 to 64 lower-case hex digits), in order, at most
  // `limit`. Errors: kInvalidArgument for any other prefix.
  Result<std::vector<Id>> IdsWithPrefix(std::string_view prefix, std::size_t limit);

 private:
  Result<void> PutChunked(const Id& id, std::string_view text, Write named, Durability durability);
  std::string Now() const { return clock_ ? clock_() : ""; }
  Result<std::string> NameIn(const Id& id, std::string_view entry);
  Result<std::vector<bool>> AreNamed(std::string_view project, const std::vector<Id>& ids,
                                     const std::vector<std::string>& names);
  Result<std::string> Join(const Id& id, std::string_view entry);
  Result<Revision> Read(const Id& id, std::string_view entry);

  Kv& kv_;
  const Clock clock_;
};

}  // namespace mig
