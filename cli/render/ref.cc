#include "cli/render/ref.h"

#include <algorithm>

#include "cli/render/count.h"
#include "cli/render/printable.h"
#include "cli/render/table.h"

namespace mig {
namespace {

template <typename Heads>
std::string NamesOf(const Heads& heads) {
  std::string names;
  for (const v1::RefHead& head : heads) names += (names.empty() ? "" : ", ") + head.name();
  return names;
}

std::string Special(const v1::Ref& ref) {
  std::string words = ref.policy() == v1::REF_POLICY_HEADS ? "policy heads" : "";
  if (ref.is_protected()) words += words.empty() ? "protected" : ", protected";
  return words.empty() ? words : "(" + words + ")";
}

std::string What(const v1::RefMove& move) {
  switch (move.kind()) {
    case v1::RefMove::KIND_CREATED:
      return "created at " + NamesOf(move.to());
    case v1::RefMove::KIND_DELETED:
      return "deleted, was at " + NamesOf(move.from());
    case v1::RefMove::KIND_PROTECTED:
      return "protected";
    case v1::RefMove::KIND_UNPROTECTED:
      return "unprotected";
    default:
      return NamesOf(move.from()) + " -> " + NamesOf(move.to());
  }
}

std::string Who(const v1::RefMove& move) {
  const std::string actor = PrintableLine(move.actor());
  return move.author().empty() ? actor : PrintableLine(move.author()) + " (" + actor + ")";
}

}  // namespace

std::string RenderRefs(const v1::ListRefsResponse& answer, const Style& style) {
  std::vector<std::vector<std::string>> rows;
  for (const v1::Ref& ref : answer.refs())
    rows.push_back({style.Bold(ref.name()), NamesOf(ref.heads()), Special(ref)});
  return RenderTable(rows);
}

std::string RenderMoves(const std::vector<v1::RefMove>& moves, const Style& style) {
  std::vector<std::vector<std::string>> rows;
  for (const v1::RefMove& move : moves)
    rows.push_back(
        {style.Yellow(std::to_string(move.number())), move.time(), Who(move), What(move)});
  return RenderTable(rows);
}

std::string RenderMoved(const std::string& ref, const std::vector<v1::RefHead>& from,
                        const std::vector<v1::RefHead>& to, std::int64_t revisions,
                        const Style& style) {
  const std::string line = style.Bold(ref) + ": ";
  if (to.empty()) return line + "was deleted\n";
  const std::string count = revisions > 0 ? " (" + Counted(revisions, "revision") + ")" : "";
  if (from.empty()) return line + "created at " + NamesOf(to) + count + "\n";
  const bool same = std::equal(from.begin(), from.end(), to.begin(), to.end(),
                               [](const auto& a, const auto& b) { return a.id() == b.id(); });
  if (same) return line + "is at " + NamesOf(to) + "\n";
  return line + NamesOf(from) + " -> " + NamesOf(to) + count + "\n";
}

}  // namespace mig
