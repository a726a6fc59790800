#include "store/core/graph_text.h"

#include <fmt/format.h>

#include <cstdlib>
#include <sstream>

namespace mig {
namespace {

NodeSpec SpecFromText(const std::string& text, std::size_t index) {
  NodeSpec spec;
  spec.node.created = fmt::format("{:09}", index);
  std::istringstream words(text);
  words >> spec.node.name;
  if (spec.node.name.ends_with(':')) spec.node.name.pop_back();
  for (std::string word; words >> word;) {
    if (word == ":") continue;
    switch (word[0]) {
      case '+':
        spec.depends.push_back(word.substr(1));
        break;
      case '@':
        spec.node.labels.push_back(word.substr(1));
        break;
      case '=':
        spec.node.aliases.push_back(word.substr(1));
        break;
      default:
        spec.parents.push_back(word);
    }
  }
  return spec;
}

}  // namespace

Result<Graph> GraphFromText(std::string_view text) {
  std::vector<NodeSpec> specs;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line, ';');) {
    NodeSpec spec = SpecFromText(line, specs.size());
    if (!spec.node.name.empty()) specs.push_back(std::move(spec));
  }
  return Graph::Build(std::move(specs));
}

Graph MakeGraph(std::string_view text) {
  Result<Graph> graph = GraphFromText(text);
  if (!graph) std::abort();
  return std::move(graph).value();
}

}  // namespace mig
