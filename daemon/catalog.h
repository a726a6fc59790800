// A catalog: revisions with their contents, and the graph over them. What a view is once it was
// read, and what a target and a view are together. Immutable; threads share it.
//
// The contents of a work tree's revisions are in memory; those of a ref are read from the store,
// one by one, when somebody needs them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "daemon/plan/link.h"
#include "store/core/graph.h"
#include "store/core/reach.h"
#include "store/core/result.h"
#include "store/objects.h"

namespace mig {

// A revision without a file has an empty path.
using RevisionPtr = std::shared_ptr<const LinkedRevision>;

class Catalog {
 public:
  Catalog() = default;

  // Every parent and dependency is among `revisions`. Where two have one name, the later one goes
  // by it. Errors: those of Graph::Build.
  static Result<Catalog> Of(std::vector<RevisionPtr> revisions);

  // Stored revisions. REQUIRES: `objects` outlives the catalog and its copies.
  static Catalog Stored(Graph graph, Objects& objects);

  // This catalog and more revisions, whose parents and dependencies are in either. `winner` says
  // who goes by a name that both have. Errors: those of Graph::Build, of Grown.
  Result<Catalog> With(const std::vector<RevisionPtr>& more, Winner winner) const;

  // The part of it that is in `tips` or below.
  Catalog Reaching(const Positions& tips) const;

  const Graph& graph() const { return graph_; }

  // REQUIRES: the graph has `position`. Errors of a stored revision: kNoSuchObject, kCorruption.
  Result<RevisionPtr> Load(Position position) const;
  // By position. Of a ref, each is read from the store.
  Result<std::vector<RevisionPtr>> LoadAll() const;

 private:
  Graph graph_;
  Objects* stored_ = nullptr;  // has the revisions that `held_` lacks
  Position first_held_ = 0;
  // Those from position first_held_ on.
  std::shared_ptr<const std::vector<RevisionPtr>> held_ =
      std::make_shared<const std::vector<RevisionPtr>>();
};

// A stored revision as a catalog holds it: read back from its text, without a path.
Result<RevisionPtr> WithoutFile(const Id& id, Revision revision, std::size_t stands_for = 1);

}  // namespace mig
