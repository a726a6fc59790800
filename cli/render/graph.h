// A graph of revisions drawn in columns, as `git log --graph` draws commits.
//
// Each node has a row with its star. Lines run in lanes, one for each revision that is still to
// come below: a further parent opens a lane to the right of its child's, and lanes that wait for
// the same revision run together just above it.
#pragma once

#include <string>
#include <vector>

namespace mig {

struct GraphNode {
  std::string name;
  std::vector<std::string> parents;  // those that are no node themselves end their line
};

struct GraphRow {
  std::vector<std::string> joins;  // lines above the row, where lanes run together
  std::string star;   // what stands to the left of the node's own line, with a blank at its end
  std::string lanes;  // what stands to the left of further lines about the node
  std::vector<std::string> forks;  // lines below the row, where lanes open or end
};

// A row for each node. REQUIRES: children before parents, names distinct.
std::vector<GraphRow> DrawGraph(const std::vector<GraphNode>& nodes);

}  // namespace mig
