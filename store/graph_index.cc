#include "store/graph_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "store/core/grow.h"
#include "store/core/limits.h"
#include "store/core/revision_file.h"

namespace mig {
namespace {

Result<Arrival> ArrivalOf(const Id& id, Revision revision) {
  RevisionFile file = TRY(FileOf(revision));
  RevisionHeader& header = file.header;
  Arrival arrival;
  arrival.node = {std::move(revision.name),  id,
                  std::move(header.created), std::move(header.message),
                  std::move(header.labels),  std::move(header.aliases)};
  arrival.parents = std::move(revision.parents);
  arrival.depends = std::move(revision.depends);
  return arrival;
}

}  // namespace

Result<Graph> GraphIndex::Reaching(const std::vector<Id>& heads) {
  const std::lock_guard lock(mutex_);
  Load();
  TRY(Learn(heads));
  const auto found = std::find_if(kept_.begin(), kept_.end(),
                                  [&](const Kept& kept) { return kept.heads == heads; });
  if (found != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, found);
    return kept_.front().graph;
  }
  std::vector<Position> tips;
  for (const Id& head : heads) tips.push_back(*graph_.FindId(head));
  kept_.push_front({heads, graph_.Reaching(tips)});
  if (kept_.size() > kMostKept) kept_.pop_back();
  return kept_.front().graph;
}

Graph GraphIndex::all() {
  const std::lock_guard lock(mutex_);
  Load();
  return graph_;
}

void GraphIndex::Load() {
  if (loaded_) return;
  loaded_ = true;
  if (path_.empty()) return;
  NodeTable nodes;
  auto file = GraphFile::Open(path_, nodes);
  if (!file) return;
  file_ = *std::move(file);
  graph_ = Graph::Over(std::move(nodes));
}

Result<void> GraphIndex::Learn(const std::vector<Id>& heads) {
  std::vector<Arrival> arrivals;
  std::unordered_set<Id> wanted;
  std::vector<Id> todo;
  const auto want = [&](const Id& id) {
    if (!graph_.FindId(id) && wanted.insert(id).second) todo.push_back(id);
  };
  for (const Id& head : heads) want(head);
  while (!todo.empty()) {
    const std::size_t count = std::min(todo.size(), kMaxGetKeys);
    const std::vector<Id> batch(todo.end() - static_cast<std::ptrdiff_t>(count), todo.end());
    todo.resize(todo.size() - count);
    auto revisions = TRY(objects_.GetMany(batch));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!revisions[i]) {
        return Error{Reason::kNoSuchObject,
                     fmt::format("the store has no object {}", batch[i].hex()),
                     {{"id", batch[i].hex()}}};
      }
      arrivals.push_back(TRY(ArrivalOf(batch[i], *std::move(revisions[i]))));
      for (const Id& id : arrivals.back().parents) want(id);
      for (const Id& id : arrivals.back().depends) want(id);
    }
  }
  if (arrivals.empty()) return {};
  const Position first = graph_.size();
  graph_ = graph_.ExtendedTo(TRY(Grown(graph_, arrivals)), Winner::kAdded);
  kept_.clear();
  if (file_ && !file_->Append(graph_.nodes(), first)) file_.reset();
  return {};
}

}  // namespace mig
