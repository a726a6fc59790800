#include "daemon/catalog.h"

#include <unordered_map>

namespace mig {
namespace {

std::vector<std::string> HexOf(const std::vector<Id>& ids) {
  std::vector<std::string> hex;
  hex.reserve(ids.size());
  for (const Id& id : ids) hex.push_back(id.hex());
  return hex;
}

NodeSpec SpecOf(const LinkedRevision& linked) {
  const RevisionHeader& header = linked.file.header;
  NodeSpec spec;
  spec.node = {linked.revision.name, linked.id,     header.created,
               header.message,       header.labels, header.aliases};
  spec.parents = HexOf(linked.revision.parents);
  spec.depends = HexOf(linked.revision.depends);
  return spec;
}

}  // namespace

Result<Catalog> Catalog::Of(const std::vector<RevisionPtr>& revisions) {
  std::vector<NodeSpec> specs;
  std::unordered_map<Id, RevisionPtr> by_id;
  for (const RevisionPtr& revision : revisions) {
    if (!by_id.emplace(revision->id, revision).second) continue;
    specs.push_back(SpecOf(*revision));
  }
  Catalog catalog;
  catalog.graph_ = TRY(Graph::Build(std::move(specs), Names::kVersions));
  catalog.revisions_.reserve(catalog.graph_.size());
  for (Position p = 0; p < catalog.graph_.size(); ++p) {
    catalog.revisions_.push_back(by_id.at(catalog.graph_.node(p).id));
  }
  return catalog;
}

Result<RevisionPtr> WithoutFile(const Id& id, Revision revision) {
  auto linked = std::make_shared<LinkedRevision>();
  linked->id = id;
  linked->file = TRY(FileOf(revision));
  linked->file.path.clear();
  linked->revision = std::move(revision);
  return RevisionPtr(std::move(linked));
}

}  // namespace mig
