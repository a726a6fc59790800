// Growing a graph by revisions that know what they follow by id.
#pragma once

#include <vector>

#include "store/core/graph.h"
#include "store/core/id.h"
#include "store/core/result.h"

namespace mig {

struct Arrival {
  Node node;
  std::vector<Id> parents;
  std::vector<Id> depends;
};

// The graph's table with the arrivals behind it: parents and dependencies before what follows them,
// else the older first. The order of `arrivals` does not matter. Errors: kMissingParent where one
// follows what is neither in the graph nor among the arrivals; kLimitExceeded.
Result<NodeTable> Grown(const Graph& graph, const std::vector<Arrival>& arrivals);

}  // namespace mig
