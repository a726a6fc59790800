#include "cli/render/audit.h"

#include <string_view>
#include <vector>

#include "cli/render/count.h"
#include "cli/render/duration.h"
#include "cli/render/printable.h"
#include "cli/render/table.h"

namespace mig {
namespace {

std::string SeenSentence(const v1::VerifyAuditResponse& audit) {
  if (audit.seen_sequence() == 0) return "this daemon had not seen the log before";
  return "this daemon had seen the log up to row " + std::to_string(audit.seen_sequence()) +
         " on " + audit.seen_at();
}

// Whoever changed the table may have put into it what would pass for another row.
v1::LogEntry PrintableEntry(v1::LogEntry entry) {
  for (std::string* text :
       {entry.mutable_direction(), entry.mutable_id(), entry.mutable_name(), entry.mutable_actor(),
        entry.mutable_plan(), entry.mutable_started(), entry.mutable_finished(),
        entry.mutable_outcome(), entry.mutable_hash()})
    *text = PrintableLine(*text);
  return entry;
}

// A backup that failed has no name, and a stamp of base neither.
std::string DeedOf(const v1::LogEntry& entry) {
  if (!entry.name().empty()) return entry.direction() + " " + entry.name();
  return entry.direction() == "stamp" ? "stamp <base>" : entry.direction();
}

std::string BlockOf(const v1::LogEntry& entry, const Style& style) {
  std::string block = style.Yellow("row " + std::to_string(entry.sequence())) + " " +
                      DeedOf(entry) + ": " + entry.outcome() + "\n";
  std::vector<std::vector<std::string>> rows = {{"  by:", entry.actor()},
                                                {"  started:", entry.started()},
                                                {"  finished:", entry.finished()},
                                                {"  took:", RenderDuration(entry.duration_us())}};
  if (!entry.id().empty()) rows.push_back({"  id:", entry.id()});
  if (!entry.plan().empty()) rows.push_back({"  plan:", entry.plan()});
  rows.push_back({"  hash:", entry.hash().empty() ? "none yet (unsealed)" : entry.hash()});
  return block + RenderTable(rows);
}

}  // namespace

std::string RenderAudit(const v1::VerifyAuditResponse& audit, const std::string& target,
                        const Style& style) {
  std::string text = target + ": " + Counted(audit.rows(), "row") + " of the log, " +
                     Counted(audit.objects(), "revision") + "; " + SeenSentence(audit) + "\n";
  for (const auto& finding : audit.findings()) {
    text += style.Red(finding.kind() + ":") + " " + Printable(finding.message()) + "\n";
  }
  if (!audit.unchecked().empty())
    text += "not compared: mig_version with the log, because " + audit.unchecked() + "\n";
  if (!audit.findings().empty()) return text;
  const std::string what = audit.unchecked().empty() ? "all" : "the rest";
  text += style.Green(what + " is as mig left it") + "\n";
  return text;
}

std::string RenderLog(const v1::ListLogResponse& log, bool verbose, const Style& style) {
  std::string text;
  if (verbose) {
    for (const v1::LogEntry& entry : log.entries())
      text += (text.empty() ? "" : "\n") + BlockOf(PrintableEntry(entry), style);
    return text;
  }
  if (log.entries().empty()) return "";
  std::vector<std::vector<std::string>> rows = {{"ROW", "WHEN", "WHAT", "OUTCOME", "BY"}};
  for (const v1::LogEntry& listed : log.entries()) {
    const v1::LogEntry entry = PrintableEntry(listed);
    rows.push_back({std::to_string(entry.sequence()), entry.finished(), DeedOf(entry),
                    entry.hash().empty() ? entry.outcome() + " (unsealed)" : entry.outcome(),
                    entry.actor()});
  }
  const std::string table = RenderTable(rows);
  const std::size_t end = table.find('\n');
  return style.Dim(table.substr(0, end)) + table.substr(end);
}

}  // namespace mig
