// A graph of revisions drawn in columns, as `git log --graph` draws commits.
//
// Each node has a row with its star. Lines run in lanes, one for each revision that is still to
// come below: a further parent opens a lane to the right of its child's, and lanes that wait for
// the same revision run together just above it.
#pragma once

#include <cstddef>
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

// Draws one node after the other, as far as is known: what is still to come may be long.
// REQUIRES: children before parents, names distinct.
class GraphDrawing {
 public:
  // The parents of a node are nodes that are still to come.
  GraphRow Draw(const GraphNode& node);

 private:
  std::size_t Find(const std::string& name, std::size_t start) const;
  std::string Join(std::size_t lane, std::size_t other);
  void Follow(const GraphNode& node, std::size_t lane, GraphRow* row);
  std::string Fork(std::size_t lane, const std::string& parent);
  void End(std::size_t lane, GraphRow* row);
  void Erase(std::size_t lane);

  std::vector<std::string> lanes_;  // the revision each lane runs down to
};

// A row for each node. REQUIRES: children before parents, names distinct.
std::vector<GraphRow> DrawGraph(const std::vector<GraphNode>& nodes);

}  // namespace mig
