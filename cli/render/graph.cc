#include "cli/render/graph.h"

#include <algorithm>
#include <unordered_set>

namespace mig {
namespace {

// A line of `lanes` lanes two columns wide each.
class Line {
 public:
  explicit Line(std::size_t lanes) : text_(lanes * 2 + 2, ' ') {}

  Line& Put(std::size_t column, char c) {
    if (text_.size() <= column) text_.resize(column + 1, ' ');
    text_[column] = c;
    return *this;
  }

  Line& Straight(std::size_t first, std::size_t last) {
    for (std::size_t lane = first; lane < last; ++lane) Put(2 * lane, '|');
    return *this;
  }

  std::string Padded(std::size_t lanes) const { return text_.substr(0, lanes * 2); }
  std::string Trimmed() const { return text_.substr(0, text_.find_last_not_of(' ') + 1); }

 private:
  std::string text_;
};

}  // namespace

GraphRow GraphDrawing::Draw(const GraphNode& node) {
  GraphRow row;
  std::size_t lane = Find(node.name, 0);
  if (lane == lanes_.size()) lanes_.push_back(node.name);
  for (std::size_t other = Find(node.name, lane + 1); other < lanes_.size();
       other = Find(node.name, lane + 1)) {
    row.joins.push_back(Join(lane, other));
  }
  row.star = Line(0).Straight(0, lanes_.size()).Put(2 * lane, '*').Trimmed() + ' ';
  Follow(node, lane, &row);
  return row;
}

// The first lane from `start` that waits for `name`; lanes_.size() when none does.
std::size_t GraphDrawing::Find(const std::string& name, std::size_t start) const {
  auto begin = lanes_.begin() + static_cast<std::ptrdiff_t>(std::min(start, lanes_.size()));
  return static_cast<std::size_t>(std::find(begin, lanes_.end(), name) - lanes_.begin());
}

// `other` runs into `lane`, and the lanes to its right move over.
std::string GraphDrawing::Join(std::size_t lane, std::size_t other) {
  Line line(lanes_.size());
  line.Straight(0, other);
  for (std::size_t between = lane + 1; between < other; ++between) line.Put(2 * between - 1, '_');
  for (std::size_t right = other; right < lanes_.size(); ++right) line.Put(2 * right - 1, '/');
  Erase(other);
  return line.Trimmed();
}

void GraphDrawing::Follow(const GraphNode& node, std::size_t lane, GraphRow* row) {
  if (node.parents.empty()) return End(lane, row);
  lanes_[lane] = node.parents[0];
  row->lanes = Line(lanes_.size()).Straight(0, lanes_.size()).Padded(lanes_.size());
  for (std::size_t i = 1; i < node.parents.size(); ++i)
    row->forks.push_back(Fork(lane + i - 1, node.parents[i]));
}

// A lane opens to the right of `lane`.
std::string GraphDrawing::Fork(std::size_t lane, const std::string& parent) {
  Line line(lanes_.size());
  line.Straight(0, lane + 1);
  for (std::size_t right = lane; right < lanes_.size(); ++right) line.Put(2 * right + 1, '\\');
  lanes_.insert(lanes_.begin() + static_cast<std::ptrdiff_t>(lane) + 1, parent);
  return line.Trimmed();
}

// Nothing comes below `lane`.
void GraphDrawing::End(std::size_t lane, GraphRow* row) {
  Line rest(lanes_.size());
  rest.Straight(0, lanes_.size()).Put(2 * lane, ' ');
  row->lanes = rest.Padded(lanes_.size());
  if (lane + 1 < lanes_.size()) {
    Line line(lanes_.size());
    line.Straight(0, lane);
    for (std::size_t right = lane + 1; right < lanes_.size(); ++right) line.Put(2 * right - 1, '/');
    row->forks.push_back(line.Trimmed());
  }
  Erase(lane);
}

void GraphDrawing::Erase(std::size_t lane) {
  lanes_.erase(lanes_.begin() + static_cast<std::ptrdiff_t>(lane));
}

std::vector<GraphRow> DrawGraph(const std::vector<GraphNode>& nodes) {
  std::unordered_set<std::string> known;
  for (const GraphNode& node : nodes) known.insert(node.name);
  GraphDrawing drawing;
  std::vector<GraphRow> rows;
  for (GraphNode node : nodes) {
    std::erase_if(node.parents, [&](const std::string& name) { return !known.contains(name); });
    rows.push_back(drawing.Draw(node));
  }
  return rows;
}

}  // namespace mig
