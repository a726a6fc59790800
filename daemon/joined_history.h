// A view and what a target has applied, together: one history of both.
//
// Both are immutable and known by hashes: the view by its graph, the target's part by the ids of
// its rows, which cover everything below them. So what was made of them once is right for as long
// as somebody asks about the same two, and is kept. Thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "daemon/catalog.h"
#include "daemon/target.h"
#include "daemon/views.h"
#include "store/core/result.h"
#include "store/objects.h"

namespace mig {

class JoinedHistory {
 public:
  // REQUIRES: what `foreign` follows is in it or in the view.
  explicit JoinedHistory(ViewPtr view, std::vector<RevisionPtr> foreign = {});

  const ViewPtr& view() const { return view_; }
  // Applied, or below what is applied, and not in the view.
  const std::vector<RevisionPtr>& foreign() const { return foreign_; }

  // All revisions of both; made when it is asked for first. Where the two differ under one name,
  // the view's goes by it, or the target's. Errors: those of Catalog::With.
  Result<Catalog> WithNamesOfView() const;
  Result<Catalog> WithNamesOfTarget() const;

  // What it holds besides the view, about.
  std::size_t bytes() const { return bytes_; }

 private:
  Result<Catalog> With(Winner winner, std::optional<Catalog>& made) const;

  const ViewPtr view_;
  const std::vector<RevisionPtr> foreign_;
  const std::size_t bytes_;
  mutable std::mutex mutex_;
  mutable std::optional<Catalog> with_names_of_view_, with_names_of_target_;
};
using JoinedHistoryPtr = std::shared_ptr<const JoinedHistory>;

// Those that were looked at last.
class JoinedHistories {
 public:
  // `objects` outlives it. Keeps at most `most` histories, and about `most_bytes`.
  JoinedHistories(Objects& objects, std::size_t most, std::size_t most_bytes)
      : objects_(objects), most_(most), most_bytes_(most_bytes) {}

  // Of a view, and of a target with these rows. Errors: those of LoadUnknown.
  Result<JoinedHistoryPtr> Of(const ViewPtr& view, OpenTarget& target, const TargetState& state);

 private:
  struct Kept {
    std::vector<Id> rows;  // sorted
    JoinedHistoryPtr history;
  };

  JoinedHistoryPtr Find(const Graph& view, const std::vector<Id>& rows);
  void Keep(std::vector<Id> rows, const JoinedHistoryPtr& history);

  Objects& objects_;
  const std::size_t most_;
  const std::size_t most_bytes_;
  std::mutex mutex_;
  std::list<Kept> kept_;  // the latest used first
  std::size_t bytes_ = 0;
};

}  // namespace mig
