#include "store/core/grow.h"

#include <limits>
#include <optional>
#include <unordered_map>

namespace mig {
namespace {

// The arrivals among themselves: their graph's order is the one they are added in.
Result<Graph> Sorted(const std::vector<Arrival>& arrivals,
                     const std::unordered_map<Id, const Arrival*>& by_id) {
  std::vector<NodeSpec> specs;
  specs.reserve(arrivals.size());
  const auto among = [&](const std::vector<Id>& ids) {
    std::vector<std::string> references;
    for (const Id& id : ids) {
      if (by_id.contains(id)) references.push_back(id.hex());
    }
    return references;
  };
  for (const Arrival& arrival : arrivals) {
    NodeSpec spec;
    // Words are looked up in the graph that grows, not here.
    spec.node.name = arrival.node.id.hex();
    spec.node.id = arrival.node.id;
    spec.node.created = arrival.node.created + ' ' + arrival.node.name;
    spec.parents = among(arrival.parents);
    spec.depends = among(arrival.depends);
    specs.push_back(std::move(spec));
  }
  return Graph::Build(std::move(specs));
}

}  // namespace

Result<NodeTable> Grown(const Graph& graph, const std::vector<Arrival>& arrivals) {
  if (arrivals.size() >= std::numeric_limits<Position>::max() - graph.size()) {
    return Error{Reason::kLimitExceeded, "there are more revisions than a graph can hold"};
  }
  std::unordered_map<Id, const Arrival*> by_id;
  for (const Arrival& arrival : arrivals) by_id.emplace(arrival.node.id, &arrival);
  const Graph order = TRY(Sorted(arrivals, by_id));
  std::unordered_map<Id, Position> added;
  NodeTable nodes = graph.nodes();
  const auto place = [&](const Arrival& arrival,
                         const std::vector<Id>& ids) -> Result<std::vector<Position>> {
    std::vector<Position> positions;
    for (const Id& id : ids) {
      const auto here = added.find(id);
      const auto found = here == added.end() ? graph.FindId(id) : std::optional(here->second);
      if (!found) {
        return Error{
            Reason::kMissingParent,
            "revision " + arrival.node.name + " follows " + id.hex() + ", which is not there",
            {{"name", arrival.node.name}, {"missing", id.hex()}}};
      }
      positions.push_back(*found);
    }
    return positions;
  };
  for (Position p = 0; p < order.size(); ++p) {
    const Arrival& arrival = *by_id.at(order.id(p));
    const auto parents = TRY(place(arrival, arrival.parents));
    const auto depends = TRY(place(arrival, arrival.depends));
    added.emplace(arrival.node.id, nodes.size());
    nodes.Add(Pack(arrival.node), parents, depends);
  }
  return nodes;
}

}  // namespace mig
