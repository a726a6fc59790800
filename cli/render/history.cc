#include "cli/render/history.h"

#include <string_view>

#include "cli/render/graph.h"
#include "cli/render/revision.h"

namespace mig {
namespace {

// The drawing shows the parents, so the line need not.
std::string GraphLine(const v1::Revision& revision, const Style& style) {
  std::string line = ShortLine(revision, true, style);
  if (revision.depends_size() > 0)
    line += " " + style.Dim("(needs " + CommaList(revision.depends()) + ")");
  return revision.message().empty() ? line : line + ", " + style.Shown(revision.message());
}

std::string Row(const GraphRow& row, std::string_view text, const Style& style) {
  std::string drawn;
  for (const std::string& join : row.joins) drawn += style.Dim(join) + "\n";
  std::string left = row.star;
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    drawn += (end == 0 ? left.substr(0, left.find_last_not_of(' ') + 1)
                       : left + std::string(text.substr(0, end))) +
             "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
    left = row.lanes;
  }
  for (const std::string& fork : row.forks) drawn += style.Dim(fork) + "\n";
  return drawn;
}

std::string Graph(const std::vector<v1::Revision>& revisions, bool verbose, const Style& style) {
  std::vector<GraphNode> nodes;
  for (const v1::Revision& revision : revisions) {
    nodes.push_back({revision.name(), {revision.parents().begin(), revision.parents().end()}});
  }
  std::vector<GraphRow> rows = DrawGraph(nodes);
  std::string text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    text +=
        Row(rows[i], verbose ? Entry(revisions[i], style) + "\n" : GraphLine(revisions[i], style),
            style);
  }
  return text;
}

}  // namespace

std::string HistoryWriter::Write(const v1::ListRevisionsResponse::Listed& listed) {
  const v1::Revision& revision = listed.revision();
  std::string text;
  if (form_.verbose) {
    text = Entry(revision, style_) + "\n";
  } else if (form_.oneline) {
    text = style_.Dim(revision.id().substr(0, 12)) + " " + GraphLine(revision, style_);
  } else {
    text = form_.graph ? GraphLine(revision, style_) : HistoryLine(revision, style_);
  }
  if (!form_.graph) return text + "\n";
  return Row(drawing_.Draw(
                 {revision.name(), {listed.shown_parents().begin(), listed.shown_parents().end()}}),
             text, style_);
}

std::string RenderHistory(const std::vector<v1::Revision>& revisions, const HistoryForm& form,
                          const Style& style) {
  if (form.graph) return Graph(revisions, form.verbose, style);
  std::string text;
  for (const v1::Revision& revision : revisions) {
    text += form.verbose ? Entry(revision, style) + "\n" : HistoryLine(revision, style) + "\n";
  }
  return text;
}

}  // namespace mig
