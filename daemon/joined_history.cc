#include "daemon/joined_history.h"

#include <algorithm>
#include <utility>

namespace mig {
namespace {

// What a graph holds for a revision: packed facts, edges, places in sorted arrays.
constexpr std::size_t kBytesOfNode = 256;

std::size_t BytesOf(const View& view, const std::vector<RevisionPtr>& foreign) {
  if (foreign.empty()) return 0;
  std::size_t bytes = 2 * kBytesOfNode * (view.catalog.graph().size() + foreign.size());
  for (const RevisionPtr& revision : foreign)  // the text as a whole, and in sections
    bytes += sizeof(LinkedRevision) + 3 * revision->revision.body.size();
  return bytes;
}

}  // namespace

JoinedHistory::JoinedHistory(ViewPtr view, std::vector<RevisionPtr> foreign)
    : view_(std::move(view)), foreign_(std::move(foreign)), bytes_(BytesOf(*view_, foreign_)) {}

Result<Catalog> JoinedHistory::WithNamesOfView() const {
  return With(Winner::kOld, with_names_of_view_);
}

Result<Catalog> JoinedHistory::WithNamesOfTarget() const {
  return With(Winner::kAdded, with_names_of_target_);
}

Result<Catalog> JoinedHistory::With(Winner winner, std::optional<Catalog>& made) const {
  if (foreign_.empty()) return view_->catalog;
  const std::lock_guard lock(mutex_);
  if (!made) made = TRY(view_->catalog.With(foreign_, winner));
  return *made;
}

Result<JoinedHistoryPtr> JoinedHistories::Of(const ViewPtr& view, OpenTarget& target,
                                             const TargetState& state) {
  const Graph& graph = view->catalog.graph();
  std::vector<Id> rows;
  for (const VersionRow& row : state.rows) rows.push_back(row.id);
  std::sort(rows.begin(), rows.end());
  const auto in_view = [&](const Id& id) { return graph.FindId(id).has_value(); };
  if (std::all_of(rows.begin(), rows.end(), in_view))
    return JoinedHistoryPtr(std::make_shared<const JoinedHistory>(view));
  if (JoinedHistoryPtr known = Find(graph, rows)) return known;
  auto foreign = TRY(LoadUnknown(target, state, view->catalog, view->name.project, objects_));
  const auto history = std::make_shared<const JoinedHistory>(view, std::move(foreign));
  Keep(std::move(rows), history);
  return history;
}

JoinedHistoryPtr JoinedHistories::Find(const Graph& view, const std::vector<Id>& rows) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) {
    return kept.rows == rows && kept.history->view()->catalog.graph().IsSame(view);
  });
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  return kept_.front().history;
}

void JoinedHistories::Keep(std::vector<Id> rows, const JoinedHistoryPtr& history) {
  std::list<Kept> dropped;  // after the lock is released
  const std::lock_guard lock(mutex_);
  kept_.push_front({std::move(rows), history});
  bytes_ += history->bytes();
  while (kept_.size() > most_ || bytes_ > most_bytes_) {
    bytes_ -= kept_.back().history->bytes();
    dropped.splice(dropped.end(), kept_, std::prev(kept_.end()));
  }
}

}  // namespace mig
