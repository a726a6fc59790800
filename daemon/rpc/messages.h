// Between the engine's values and the API's messages: the one place that knows both.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "daemon/engine.h"
#include "mig/v1/history.pb.h"
#include "mig/v1/revision.pb.h"
#include "mig/v1/run.pb.h"
#include "mig/v1/target.pb.h"
#include "store/core/result.h"

namespace mig {

ViewName FromMessage(const v1::View& view);
TargetSpec FromMessage(const v1::Target& target);
// Errors: kInvalidArgument when no kind is set, or a revision is missing.
Result<Operation> FromMessage(const v1::Operation& operation);

// What the graph knows of a revision.
void ToBriefMessage(const Marked& marked, Position position, v1::Revision* message);
// What only its text says: author, path, parents in the order of the file. Errors: those of
// Catalog::Load.
Result<void> AddText(const Marked& marked, Position position, v1::Revision* message);
// Both.
Result<void> ToMessage(const Marked& marked, Position position, v1::Revision* message);
void ToMessage(const WorkTreeStatus& status, v1::GetStatusResponse* message);
void ToMessage(const TargetDescription& description, v1::DescribeTargetResponse* message);
void ToMessage(const UnfinishedReport& report, v1::GetUnfinishedResponse* message);
void ToMessage(const RunSummary& summary, v1::Run* message);
void ToMessage(const Event& event, v1::RunEvent* message);
// Whether the values of placeholders are told, and which ones there are.
struct ShownValues {
  bool show = false;
  const ValuesUsed& used;
};
// With what its text tells of locks and destruction.
void ToMessage(Dialect dialect, const PlannedStatement& statement, const ShownValues& values,
               bool alone, v1::PlanStatement* message);
// What an earlier run did of a unit, as `begun` has it of the step's; unset: nothing.
std::optional<v1::Unfinished::Part::State> StateOf(const std::vector<JournalRow>& begun,
                                                   std::size_t number, const Unit& unit);
void ToMessage(const ValueUsed& used, bool show, v1::Placeholder* message);
void ToMessage(const AuditReport& report, v1::VerifyAuditResponse* message);
void ToMessage(const LogRow& row, v1::LogEntry* message);
void ToMessage(const StepSummary& step, v1::PlanStep* message);

// Where a page starts: a token is the number of revisions or runs before it, or of the row of a
// log. A view never changes, so the number stays right. Errors: kInvalidArgument.
Result<std::size_t> PageOffsetOf(const std::string& token);

// Those whose revisions a request may be about.
template <typename Request>
std::vector<TargetSpec> TargetsOf(const Request& request) {
  std::vector<TargetSpec> targets;
  for (const v1::Target& target : request.targets()) targets.push_back(FromMessage(target));
  return targets;
}

// The target of a request that may have none.
template <typename Request>
std::optional<TargetSpec> TargetOf(const Request& request) {
  if (!request.has_target()) return std::nullopt;
  return FromMessage(request.target());
}

}  // namespace mig
