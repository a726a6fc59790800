#include "cli/render/status.h"

#include <string_view>

#include "cli/render/count.h"
#include "cli/render/revision.h"

namespace mig {
namespace {

using Status = v1::GetStatusResponse;

struct Paragraph {
  Status::State state;
  std::string_view title;
  std::string_view advice;
};

constexpr Paragraph kParagraphs[] = {
    {Status::STATE_EDITED, "edited since applied",
     "`mig reapply` undoes it, rows included, and applies the edit; `mig restore FILE --allow "
     "overwrite` takes the edit back"},
    {Status::STATE_REIDENTIFIED, "re-identified, because a revision below was edited",
     "`mig reapply` gives them their new ids"},
    {Status::STATE_MISSING_FILE, "applied, and the file is missing",
     "the stored original serves; `mig restore NAME` writes it"},
    {Status::STATE_COSMETIC, "edited in the header, comments, white space or timeouts only",
     "`mig restore FILE --allow overwrite` takes the applied text back"},
    {Status::STATE_PUSHED, "pushed, and not applied here",
     "what was pushed does not change: write another revision instead"},
    {Status::STATE_UNFINISHED, "half applied",
     "`mig upgrade` goes on with it; what ran of it does not change"},
    {Status::STATE_NEW, "new", "may be edited freely until they are applied or pushed"},
};

// Where no target was asked.
constexpr Paragraph kOfFilesAlone[] = {
    {Status::STATE_PUSHED, "pushed",
     "what was pushed does not change: write another revision instead"},
    {Status::STATE_NEW, "not pushed", "whether they are applied is not known: no target was asked"},
};

std::string Line(const Status::Entry& entry) {
  std::string line = "  " + (entry.path().empty() ? entry.name() : entry.path());
  return entry.because_of().empty() ? line : line + " (because of " + entry.because_of() + ")";
}

std::string ParagraphLines(const Status& status, const Paragraph& paragraph, const Style& style) {
  std::string lines;
  for (const Status::Entry& entry : status.entries()) {
    if (entry.state() == paragraph.state) lines += Line(entry) + "\n";
  }
  if (lines.empty()) return "";
  return "\n" + style.Bold(paragraph.title) + "\n" +
         style.Dim("  (" + std::string(paragraph.advice) + ")") + "\n" + lines;
}

std::string Pending(int count) {
  if (count == 0) return "nothing";
  return Counted(count, "revision") + " (`mig upgrade heads`)";
}

}  // namespace

std::string RenderStatus(const Status& status, const std::string& target_name, const Style& style) {
  const std::string heads = "heads:    " + style.Yellow(CommaList(status.heads(), "<none>")) + "\n";
  if (target_name.empty()) {
    std::string text = heads;
    for (const Paragraph& paragraph : kOfFilesAlone)
      text += ParagraphLines(status, paragraph, style);
    return text;
  }
  std::string text = "target:   " + target_name +
                     (status.target_url().empty() ? "" : " (" + status.target_url() + ")") + "\n";
  text += "current:  " + style.Yellow(CommaList(status.current(), "<base>")) + "\n" + heads;
  text += "pending:  " + Pending(status.pending()) + "\n";
  for (const Paragraph& paragraph : kParagraphs) text += ParagraphLines(status, paragraph, style);
  return text;
}

bool HasFindings(const Status& status) { return status.pending() > 0 || !status.entries().empty(); }

}  // namespace mig
