// A catalog: revisions with their contents, and the graph over them. What a view is once it was
// read, and what a target and a view are together. Immutable; threads share it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/plan/link.h"
#include "store/core/graph.h"
#include "store/core/reach.h"
#include "store/core/result.h"

namespace mig {

// A revision without a file has an empty path.
using RevisionPtr = std::shared_ptr<const LinkedRevision>;

class Catalog {
 public:
  Catalog() = default;

  // Every parent and dependency is among `revisions`. Where two have one name, the later one goes
  // by it. Errors: those of Graph::Build.
  static Result<Catalog> Of(const std::vector<RevisionPtr>& revisions);

  const Graph& graph() const { return graph_; }
  const std::vector<RevisionPtr>& revisions() const { return revisions_; }  // by position
  const LinkedRevision& at(Position position) const { return *revisions_[position]; }

 private:
  Graph graph_;
  std::vector<RevisionPtr> revisions_;
};

// A stored revision as a catalog holds it: read back from its text, without a path.
Result<RevisionPtr> WithoutFile(const Id& id, Revision revision);

}  // namespace mig
