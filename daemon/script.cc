#include "daemon/script.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "daemon/plan/plan.h"

namespace mig {
namespace {

std::string ListOf(const std::vector<std::string>& names) {
  return names.empty() ? "<base>" : fmt::format("{}", fmt::join(names, ", "));
}

class ScriptWriter {
 public:
  ScriptWriter(const Bookkeeping& book, const ScriptSetting& setting)
      : book_(book), setting_(setting) {}

  void Begin() {
    text_ += book_.dialect() == Dialect::kSqlite ? ".bail on\n" : "\\set ON_ERROR_STOP on\n";
    // Tables that are there are no news.
    if (book_.dialect() == Dialect::kPostgresql) text_ += "SET client_min_messages = warning;\n";
    text_ += "BEGIN;\n";
    for (const SqlCommand& command : book_.CreateTables(setting_.target_id)) Add(command);
    text_ += "COMMIT;\n";
  }

  Result<void> AddStep(const RunStep& step) {
    const auto units = TRY(UnitsOf(step, book_.dialect()));
    text_ += fmt::format("\n-- {} {} -> {}\n", NameOf(step.summary.kind), ListOf(step.summary.from),
                         ListOf(step.summary.to));
    AddReset();
    for (std::size_t i = 0; i < units.size(); ++i) {
      if (units[i].transaction) text_ += "BEGIN;\n";
      for (const PlannedStatement& statement : units[i].statements) text_ += statement.sql + ";\n";
      if (i + 1 == units.size()) AddRows(step);
      if (units[i].transaction) text_ += "COMMIT;\n";
    }
    return {};
  }

  std::string Take() { return std::move(text_); }

 private:
  // Every revision starts from the same session, as far as a client can be brought back to one.
  void AddReset() {
    if (book_.dialect() != Dialect::kPostgresql) return;
    text_ += "RESET SESSION AUTHORIZATION;\nRESET ROLE;\nRESET ALL;\nDISCARD TEMP;\n";
  }

  void Add(const SqlCommand& command) { text_ += WithLiterals(book_.dialect(), command) + ";\n"; }

  void AddRows(const RunStep& step) {
    for (const SqlCommand& command : book_.RegainRole()) Add(command);
    for (const Id& id : step.rows_removed) Add(book_.DeleteVersion(id));
    for (const VersionRow& row : step.rows_added) Add(book_.InsertVersion(row));
    for (const RevisionPtr& object : step.objects)
      Add(book_.InsertObject(object->id, object->revision));
    LogEntry entry;
    entry.kind = step.summary.kind;
    entry.id = step.summary.id == Id() ? "" : step.summary.id.hex();
    entry.name = step.summary.name;
    entry.actor = setting_.actor;
    entry.started_at = setting_.time;
    entry.finished_at = setting_.time;
    entry.outcome = "done";
    Add(book_.InsertUnsealedLog(entry));
  }

  const Bookkeeping& book_;
  const ScriptSetting& setting_;
  std::string text_;
};

Result<Plan> OfflinePlan(const Graph& graph, const Operation& operation) {
  switch (operation.kind) {
    case Operation::Kind::kUpgrade:
      return PlanOfflineUpgrade(graph, operation.revisions.at(0));
    case Operation::Kind::kDowngrade:
      return PlanOfflineDowngrade(graph, operation.revisions.at(0));
    case Operation::Kind::kStamp:
      return PlanOfflineStamp(graph, operation.revisions);
    case Operation::Kind::kReapply:
      break;
  }
  return Error{Reason::kUnsupported,
               "reapply looks at the target, so it cannot be written as a script"};
}

}  // namespace

Result<std::string> RenderScript(const Catalog& catalog, const Operation& operation,
                                 const Bookkeeping& book, const ScriptSetting& setting) {
  const Plan plan = TRY(OfflinePlan(catalog.graph(), operation));
  ScriptWriter writer(book, setting);
  writer.Begin();
  for (const Step& step : plan.steps) TRY(writer.AddStep(StepOf(catalog, step)));
  if (operation.kind == Operation::Kind::kStamp) TRY(writer.AddStep(StampStep(catalog, plan)));
  return writer.Take();
}

}  // namespace mig
