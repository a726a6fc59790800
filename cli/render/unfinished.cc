#include "cli/render/unfinished.h"

#include <string_view>

#include "cli/render/indentation.h"

namespace mig {
namespace {

using Part = v1::Unfinished::Part;

std::string_view WordOf(Part::State state) {
  switch (state) {
    case Part::STATE_DONE:
      return "done";
    case Part::STATE_IN_DOUBT:
      return "in doubt";
    case Part::STATE_TO_COME:
      return "to come";
    default:
      return "unknown";
  }
}

std::string RenderPart(const Part& part, const Style& style) {
  std::string text = "  part " + std::to_string(part.number()) + ", ";
  text += part.state() == Part::STATE_IN_DOUBT ? style.Red(WordOf(part.state()))
                                               : std::string(WordOf(part.state()));
  if (!part.verb().empty()) {
    text += ": " + part.verb();
    if (part.statements() > 1) text += " and " + std::to_string(part.statements() - 1) + " more";
    text += " (line " + std::to_string(part.line()) + ")";
  }
  text += "\n";
  if (part.state() != Part::STATE_IN_DOUBT) return text;
  if (part.sql().empty()) return text + "    its text is not known any more\n";
  return text + Indented(style.Shown(part.sql())) + "  found: " + style.Shown(part.found()) + "\n";
}

}  // namespace

std::string RenderUnfinished(const v1::Unfinished& unfinished, const Style& style) {
  const bool up = unfinished.direction() != v1::DIRECTION_DOWNGRADE;
  std::string text = "the " + std::string(up ? "upgrade" : "downgrade") + " of " +
                     style.Yellow(unfinished.name()) + " stopped in the middle\n\n";
  bool doubt = false;
  for (const Part& part : unfinished.parts()) {
    text += RenderPart(part, style);
    doubt = doubt || part.state() == Part::STATE_IN_DOUBT;
  }
  text += "\nNext:\n";
  const std::string again = up ? "mig upgrade " + unfinished.name() : "the same downgrade again";
  text += "  " + again + "   # looks where looking tells, and goes on\n";
  if (doubt) {
    text += "  mig resolve --applied       # the statement in doubt took effect\n";
    text += "  mig resolve --not-applied   # it did not\n";
  }
  text += "  mig resolve --undone        # you took back by hand all it did\n";
  return text;
}

}  // namespace mig
