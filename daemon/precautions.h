// What is looked at and done under the lease, after the plan and before its first statement: is the
// database the one it was, is the plan applied where it has to be before, is what it destroys
// consented to, or told where nobody has to consent to what a reapply destroys, is there a backup.
// And what is put in the place of placeholders is noted.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/audit.h"
#include "daemon/event.h"
#include "daemon/lease.h"
#include "daemon/plan/consent.h"
#include "daemon/run_plan.h"
#include "daemon/step.h"
#include "daemon/target.h"
#include "daemon/views.h"
#include "daemon/world.h"
#include "store/core/result.h"
#include "store/seen_targets.h"

namespace mig {

// The name under which a target is remembered: its url without secrets, and its schema.
std::string MemoryAddress(const TargetAddress& address);

// What is known of the database that is open there. Errors: those of Session and Kv;
// kDatabaseFormat where it has no id.
Result<IdentityFacts> IdentityOf(OpenTarget& target, SeenTargets& seen);
// Remembers where its log ends now. Errors: as IdentityOf.
Result<void> Remember(OpenTarget& target, SeenTargets& seen, const World& world);

// What the steps would destroy, told without the values of placeholders; with rows only where they
// are not to be counted, since the step sets which tables its names stand for. Errors: those of
// UnitsOf.
Result<std::vector<Loss>> LossesOf(const RunPlan& plan, Dialect dialect);

using TargetFinder = std::function<Result<TargetAddress>(const TargetSpec&)>;

// Refuses steps upward that are not applied yet where the target's policy wants them first. Errors:
// kNotAppliedBefore; those of opening and reading that other target.
Result<void> CheckAppliedBefore(const TargetAddress& target, const RunPlan& plan,
                                const ViewPtr& view, JoinedHistories& histories,
                                const TargetFinder& find);

class Precautions {
 public:
  struct Setting {
    std::string actor;
    std::string run;  // its id
    std::vector<std::string> allow;
    Observer observe;
    std::function<bool()> cancelled;  // from another thread, too
    TargetFinder find;
  };

  // All of them outlive it.
  Precautions(OpenTarget& target, const Lease& lease, const World& world, Setting setting)
      : target_(target), lease_(lease), world_(world), setting_(std::move(setting)) {}

  // All of them, in order; the first that does not hold ends it, and nothing was changed.
  //
  // Errors: kTargetChanged, kNotAppliedBefore, kConsentMissing, kBackupFailed, kCancelled; those of
  // Session and Kv.
  Result<void> Take(const RunPlan& plan, const ViewPtr& view, SeenTargets& seen,
                    JoinedHistories& histories);

 private:
  Result<void> CheckIdentity(SeenTargets& seen);
  Result<void> CheckLosses(const RunPlan& plan);
  Result<void> BackUp(const RunPlan& plan);
  Result<void> Log(std::string_view direction, std::string name, const RunPlan& plan);
  void LogFailedBackup(LogEntry entry, const Error& error);
  const TargetPolicy& policy() const { return target_.address.policy; }

  OpenTarget& target_;
  const Lease& lease_;
  const World& world_;
  const Setting setting_;
  std::string break_;  // how the log is not as it was seen; empty: it is
};

}  // namespace mig
