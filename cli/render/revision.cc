#include "cli/render/revision.h"

#include <string_view>

#include "cli/render/indentation.h"

namespace mig {
namespace {

std::string InParentheses(const std::string& text) { return text.empty() ? "" : " (" + text + ")"; }

std::string Labels(const v1::Revision& revision, const Style& style) {
  std::string labels = InParentheses(CommaList(revision.labels()));
  return labels.empty() ? "" : " " + style.Green(labels.substr(1));
}

std::string Field(std::string_view key, const std::string& value) {
  return value.empty() ? "" : std::string(key) + ": " + value + "\n";
}

std::string ParentField(const v1::Revision& revision) {
  return Field(revision.parents_size() > 1 ? "Merges" : "Parent",
               CommaList(revision.parents(), "<base>"));
}

// The file from its first section mark on: what the header says stands in the entry already.
std::string_view Sections(std::string_view body) {
  if (body.starts_with("-- mig:")) return body;
  std::size_t mark = body.find("\n-- mig:");
  return mark == std::string_view::npos ? std::string_view{} : body.substr(mark + 1);
}

std::string Listed(const v1::Revision& revision, bool verbose, const Style& style) {
  return verbose ? Entry(revision, style) + "\n" : ShortLine(revision, false, style) + "\n";
}

}  // namespace

std::string Marks(const v1::Revision& revision, bool tree, const Style& style) {
  std::string marks;
  if (revision.effective_head()) {
    marks += " " + style.Green("(effective head)");
  } else if (revision.head()) {
    marks += " " + style.Green("(head)");
  }
  if (revision.current()) marks += " " + style.Cyan("(current)");
  if (revision.implied()) marks += " " + style.Cyan("(implied)");
  if (tree && revision.branch_point()) marks += " (branchpoint)";
  if (tree && revision.merge_point()) marks += " (mergepoint)";
  return marks;
}

std::string ShortLine(const v1::Revision& revision, bool tree, const Style& style) {
  return style.Yellow(revision.name()) + Labels(revision, style) + Marks(revision, tree, style);
}

std::string HistoryLine(const v1::Revision& revision, const Style& style) {
  std::string line =
      CommaList(revision.parents(), "<base>") + InParentheses(CommaList(revision.depends()));
  line += " -> " + ShortLine(revision, true, style);
  return revision.message().empty() ? line : line + ", " + style.Shown(revision.message());
}

std::string Entry(const v1::Revision& revision, const Style& style) {
  std::string entry = "Rev: " + style.Yellow(revision.name()) + Marks(revision, true, style) + "\n";
  entry += Field("Id", revision.id()) + ParentField(revision);
  entry += Field("Also depends on", CommaList(revision.depends()));
  if (revision.branch_point()) entry += Field("Branches into", CommaList(revision.children()));
  entry += Field("Branch names", CommaList(revision.labels()));
  entry += Field("Path", revision.path()) + Field("Author", style.Shown(revision.author())) +
           Field("Created", revision.created());
  entry += Field("Irreversible", style.Shown(revision.irreversible()));
  return entry + "\n" + Indented(style.Shown(revision.message()));
}

std::string RenderHeads(const v1::ListHeadsResponse& answer, bool verbose, const Style& style) {
  std::string text;
  for (const v1::Revision& head : answer.heads()) text += Listed(head, verbose, style);
  return text;
}

std::string RenderBranches(const v1::ListBranchesResponse& answer, bool verbose,
                           const Style& style) {
  std::string text;
  for (const auto& branch : answer.branches()) {
    const v1::Revision& point = branch.branch_point();
    text += verbose ? Entry(point, style) : ShortLine(point, true, style) + "\n";
    for (const v1::Revision& child : branch.children()) {
      text += std::string(point.name().size(), ' ') + " -> " + ShortLine(child, true, style);
      if (verbose && !child.message().empty()) text += ", " + style.Shown(child.message());
      text += "\n";
    }
    text += "\n";
  }
  return text;
}

std::string RenderCurrent(const v1::GetCurrentResponse& answer, bool verbose, const Style& style) {
  std::string text = verbose ? "Current revision(s) for " + answer.target_url() + ":\n" : "";
  for (v1::Revision revision : answer.revisions()) {
    revision.set_current(false);  // every line is, and saying so on each would hide what differs
    text += Listed(revision, verbose, style);
  }
  return text;
}

std::string RenderShown(const v1::ShowRevisionsResponse& answer, const Style& style) {
  std::string text;
  for (const auto& shown : answer.revisions()) {
    std::string_view sections = Sections(shown.body());
    text += (text.empty() ? "" : "\n") + Entry(shown.revision(), style);
    if (!sections.empty()) text += "\n" + style.Shown(sections);
    if (!text.ends_with('\n')) text += '\n';
  }
  return text;
}

}  // namespace mig
