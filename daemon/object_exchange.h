// How revisions travel: which ones a view has, which a store lacks, and taking in what was sent.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daemon/plan/push.h"
#include "daemon/views.h"
#include "store/core/id.h"
#include "store/core/result.h"
#include "store/objects.h"

namespace mig {

// The ids of a view's revisions, parents and dependencies first, without `haves` and all below
// them. Ids among `haves` that the view does not have are passed over: the other side may know
// more.
std::vector<Id> ObjectsOf(const View& view, const std::vector<Id>& haves);

// The view's maximal revisions.
std::vector<Id> MaximalObjectsOf(const View& view);

// Takes the objects of one stream, parents and dependencies first. Each is checked on its own
// (daemon/plan/push.h) and against its id before anything of it is stored; together they are stored
// in that order, so that a stream that breaks off leaves nothing whose parents the project lacks.
// They are durable with the next synced commit: with the ref that moves to them.
//
// Not thread-safe: a stream has one.
class ObjectReceiver {
 public:
  // `objects` outlives it.
  ObjectReceiver(Objects& objects, std::string project)
      : objects_(objects), project_(std::move(project)) {}

  // Errors: kHashMismatch, kFileInvalid for what is no canonical text, those of CheckIncoming and
  // of Objects::Put. What came before an error and is not stored yet is forgotten.
  Result<void> Add(const Id& id, std::string_view canonical_text);

  // Stores what is left.
  Result<void> Finish();

  std::size_t received() const { return received_; }

 private:
  Result<void> LookUpLinks(const Revision& revision);

  Objects& objects_;
  const std::string project_;
  std::unordered_map<Id, RevisionWords> words_;  // of what was sent and of what that is bound to
  std::vector<NamedObject> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t received_ = 0;
};

}  // namespace mig
