#include "cli/render/store.h"

#include <array>

#include "cli/render/count.h"

namespace mig {

std::string RenderBytes(std::int64_t bytes) {
  if (bytes < 1024) return Counted(bytes, "byte");
  constexpr std::array<const char*, 4> kUnits = {"KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  std::int64_t tenths = bytes * 10 / 1024;
  for (; tenths >= 10240 && unit + 1 < kUnits.size(); ++unit) tenths /= 1024;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " " + kUnits[unit];
}

std::string RenderCounts(const v1::StoreCounts& counts) {
  std::string text = Counted(counts.objects(), "revision") + ", " + Counted(counts.refs(), "ref") +
                     ", " + Counted(counts.moves(), "move") + ", " + Counted(counts.runs(), "run");
  if (counts.leftovers() > 0) {
    text += ", " + Counted(counts.leftovers(), "entry", "entries") +
            " left over by interrupted writes (`mig gc --prune` removes them)";
  }
  return text;
}

std::string RenderChecked(const v1::StoreCounts& counts) {
  return "checked " + Counted(counts.names(), "name") + ", " +
         Counted(counts.objects(), "revision");
}

std::string RenderFinding(const v1::StoreFinding& finding, const Style& style) {
  std::string text = (finding.repaired() ? style.Green("repaired:") : style.Red("wrong:")) + " " +
                     finding.problem() + "\n";
  if (!finding.key().empty()) text += "  at: " + finding.key() + "\n";
  if (!finding.repaired()) text += "  remedy: " + finding.remedy() + "\n";
  return text;
}

std::string RenderGarbage(const v1::CollectGarbageResponse::Garbage& garbage, bool removed) {
  std::string text = (removed ? "removed " : "would remove ") + garbage.id().substr(0, 12);
  if (!garbage.name().empty()) text += " " + garbage.name();
  if (!garbage.stored().empty()) text += ", stored " + garbage.stored();
  return text + "\n";
}

std::string RenderCollected(const v1::CollectGarbageResponse::Counts& counts, bool removed) {
  std::string text = Counted(counts.kept(), "revision") + " kept, " +
                     std::to_string(counts.removed()) + (removed ? " removed" : " to be removed") +
                     " (" + RenderBytes(counts.bytes()) + ")";
  if (counts.leftovers() > 0)
    text += ", " + Counted(counts.leftovers(), "left-over entry", "left-over entries");
  text += "\n";
  if (!removed && counts.removed() + counts.leftovers() > 0)
    text += "nothing was removed: `mig gc --prune` removes it\n";
  return text;
}

std::string RenderImported(const v1::ImportProjectResponse& imported) {
  std::string text = "imported project " + imported.project() + ": " +
                     Counted(imported.objects(), "revision") + ", " +
                     Counted(imported.moved_size() + imported.pushed_size(), "ref") +
                     " moved\n";
  for (const std::string& ref : imported.pushed()) {
    text += "ref " + ref + " was pushed, and its log there left behind\n";
  }
  for (const std::string& ref : imported.diverged()) {
    text += "ref " + ref + " went another way here, and stays as it is\n";
  }
  return text;
}

}  // namespace mig
