#include "daemon/catalog.h"

#include <unordered_map>

#include "store/core/grow.h"

namespace mig {
namespace {

Node NodeOf(const LinkedRevision& linked) {
  const RevisionHeader& header = linked.file.header;
  return {linked.revision.name, linked.id,     header.created,
          header.message,       header.labels, header.aliases};
}

NodeSpec SpecOf(const LinkedRevision& linked) {
  NodeSpec spec;
  spec.node = NodeOf(linked);
  spec.parents = HexOf(linked.revision.parents);
  spec.depends = HexOf(linked.revision.depends);
  return spec;
}

}  // namespace

Result<Catalog> Catalog::Of(std::vector<RevisionPtr> revisions) {
  std::vector<NodeSpec> specs;
  std::unordered_map<Id, RevisionPtr> by_id;
  for (RevisionPtr& revision : revisions) {
    if (!by_id.emplace(revision->id, revision).second) continue;
    specs.push_back(SpecOf(*revision));
  }
  Catalog catalog;
  catalog.graph_ = TRY(Graph::Build(std::move(specs), Names::kVersions));
  revisions.clear();
  for (Position p = 0; p < catalog.graph_.size(); ++p)
    revisions.push_back(by_id.at(catalog.graph_.id(p)));
  catalog.held_ = std::make_shared<const std::vector<RevisionPtr>>(std::move(revisions));
  return catalog;
}

Catalog Catalog::Stored(Graph graph, Objects& objects) {
  Catalog catalog;
  catalog.first_held_ = graph.size();
  catalog.graph_ = std::move(graph);
  catalog.stored_ = &objects;
  return catalog;
}

Result<Catalog> Catalog::With(const std::vector<RevisionPtr>& more, Winner winner) const {
  if (more.empty()) return *this;
  if (stored_ == nullptr) {
    std::vector<RevisionPtr> all = *held_;
    all.insert(winner == Winner::kAdded ? all.end() : all.begin(), more.begin(), more.end());
    return Of(std::move(all));
  }
  std::unordered_map<Id, RevisionPtr> by_id;
  std::vector<Arrival> arrivals;
  for (const RevisionPtr& revision : more) {
    if (!by_id.emplace(revision->id, revision).second) continue;
    arrivals.push_back({NodeOf(*revision), revision->revision.parents, revision->revision.depends});
  }
  NodeTable nodes = TRY(Grown(graph_, arrivals));
  Catalog catalog = *this;
  catalog.graph_ = graph_.ExtendedTo(std::move(nodes), winner);
  std::vector<RevisionPtr> held = *held_;
  for (Position p = graph_.size(); p < catalog.graph_.size(); ++p)
    held.push_back(by_id.at(catalog.graph_.id(p)));
  catalog.held_ = std::make_shared<const std::vector<RevisionPtr>>(std::move(held));
  return catalog;
}

Catalog Catalog::Reaching(const Positions& tips) const {
  Catalog part = *this;
  part.graph_ = graph_.Reaching(tips);
  return part;
}

Result<RevisionPtr> Catalog::Load(Position position) const {
  if (position >= first_held_) return (*held_)[position - first_held_];
  const Id id = graph_.id(position);
  return WithoutFile(id, TRY(stored_->Get(id)));
}

Result<std::vector<RevisionPtr>> Catalog::LoadAll() const {
  std::vector<RevisionPtr> all;
  for (Position p = 0; p < graph_.size(); ++p) {
    if (graph_.Has(p)) all.push_back(TRY(Load(p)));
  }
  return all;
}

Result<RevisionPtr> WithoutFile(const Id& id, Revision revision, std::size_t stands_for) {
  auto linked = std::make_shared<LinkedRevision>();
  linked->id = id;
  linked->file = TRY(FileOf(revision));
  linked->file.path.clear();
  linked->revision = std::move(revision);
  linked->stands_for = stands_for;
  return RevisionPtr(std::move(linked));
}

}  // namespace mig
