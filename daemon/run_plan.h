// From what a caller asks of a target to the steps that the executor takes.
//
// The plan itself is daemon/plan's; here the view, the target's rows and the revisions that only
// the target knows are brought together, and every step gets what it needs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/joined_history.h"
#include "daemon/plan/plan.h"
#include "daemon/step.h"
#include "daemon/target.h"
#include "daemon/unfinished.h"
#include "daemon/views.h"
#include "store/core/result.h"

namespace mig {

struct Operation {
  enum class Kind { kUpgrade, kDowngrade, kStamp, kReapply, kResolve };
  Kind kind = Kind::kUpgrade;
  std::vector<std::string> revisions;  // one for upgrade and downgrade, none for reapply, at most
                                       // one for resolve
  bool purge = false;                  // stamp: forget the rows first
  bool from_alembic = false;           // stamp: what Alembic's version table says; no revisions
  Resolution::Answer answer = Resolution::Answer::kApplied;  // resolve
};
// "upgrade head", for people and the log.
std::string SummaryOf(const Operation& operation);

// A view and a target together.
struct Situation {
  ViewPtr view;
  TargetState state;
  JoinedHistoryPtr history;  // of both

  // Nothing is applied.
  static Situation Untouched(ViewPtr view);
  std::vector<Id> row_ids() const;
};
// Whether Alembic may have moved the target since mig last knew.
enum class AlembicMoves { kRefuse, kAllow };
// Errors: those of ReadState, LoadUnknown, TakeOverRows and RefuseDifference
// (daemon/alembic_plan.h).
Result<Situation> SituationOf(ViewPtr view, OpenTarget& target, JoinedHistories& histories,
                              AlembicMoves moves = AlembicMoves::kRefuse);

// Errors: those of daemon/plan/plan.h; kEditedSinceApplied. Values that are missing are no error
// yet: UnitsOf tells where.
Result<RunPlan> PlanOperation(const Situation& situation, const Operation& operation,
                              Dialect dialect,
                              std::shared_ptr<const PlaceholderValues> placeholders = nullptr);

// Refuses a plan other than the one somebody looked at; an empty `wanted` takes any. Errors:
// kPlanChanged, whose detail `differs` is `rows` or `steps`; kInvalidArgument for what is no hash.
Result<void> CheckPlan(const std::string& wanted, const RunPlan& plan);

// How an unfinished step goes on when somebody has looked: one step, which records the answer and
// runs nothing. `revision` may be left empty. Errors: kNoSuchRevision when nothing of that name is
// unfinished; kUsage when nothing is in doubt and the answer is about a statement that is.
Result<RunPlan> PlanResolve(const std::optional<Unfinished>& unfinished,
                            const std::string& revision, Resolution::Answer answer);

// A step's place in its graph, as the executor takes it, and as the offline script does.
// Errors: those of Catalog::Load; kMissingParent to enter what has no file and is stored under one
// name in several versions.
Result<RunStep> StepOf(const Catalog& catalog, const Step& step);
// A stamp as one step: all rows of the plan's start go, all of its end come.
Result<RunStep> StampStep(const Catalog& catalog, const Plan& plan);

}  // namespace mig
