#include "daemon/put_with_ancestors.h"

#include <algorithm>
#include <unordered_set>

namespace mig {
namespace {

// Of what `revisions` follow or depend on: what is in the catalog, and the project does not have.
Result<std::vector<RevisionPtr>> LackedBelow(Objects& objects, const std::string& project,
                                             const Catalog& catalog,
                                             const std::vector<RevisionPtr>& revisions,
                                             std::unordered_set<Id>& seen) {
  std::vector<Position> known;
  std::vector<Id> ids;
  const auto look = [&](const Id& id) {
    const auto position = catalog.graph().FindId(id);
    if (!position || !seen.insert(id).second) return;
    known.push_back(*position);
    ids.push_back(id);
  };
  for (const RevisionPtr& revision : revisions)
    std::ranges::for_each(LinksOf(revision->revision), look);
  const std::vector<bool> has = TRY(objects.Has(project, ids));
  std::vector<RevisionPtr> lacked;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!has[i]) lacked.push_back(TRY(catalog.Load(known[i])));
  }
  return lacked;
}

}  // namespace

Result<void> PutWithAncestors(Objects& objects, const std::string& project, const Catalog& catalog,
                              const std::vector<RevisionPtr>& wanted) {
  std::unordered_set<Id> seen;
  for (const RevisionPtr& revision : wanted) seen.insert(revision->id);
  std::vector<RevisionPtr> stored;
  for (std::vector<RevisionPtr> layer = wanted; !layer.empty();) {
    layer = TRY(LackedBelow(objects, project, catalog, layer, seen));
    stored.insert(stored.end(), layer.begin(), layer.end());
  }
  stored.insert(stored.end(), wanted.begin(), wanted.end());
  // Positions ascend from parents to children; what the catalog does not know comes as it was
  // given.
  std::ranges::stable_sort(stored, {}, [&](const RevisionPtr& revision) {
    return catalog.graph().FindId(revision->id).value_or(0);
  });
  std::vector<NamedObject> named;
  for (const RevisionPtr& revision : stored) named.push_back({revision->id, revision->revision});
  return objects.Put(project, named);
}

}  // namespace mig
