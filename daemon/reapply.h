// `mig reapply`: brings files and target together after files were edited.
//
// What is applied from the lowest edited revision upward falls in two: revisions whose own SQL
// means the same are relinked, that is, take their new id without running anything; those whose SQL
// changed, and all that stands on them, are rolled back from the stored originals and applied again
// from the files.
#pragma once

#include "daemon/run_plan.h"

namespace mig {

// Where an edit changed who follows whom, a file that follows one of the latter is one of them, and
// the rows become the maximal elements of what is applied as the files have it.
//
// Errors: kMissingParent for an applied revision without a file above an edited one, and for one
// whose file was put on top of what is not applied; kIrreversible comes with the units.
Result<RunPlan> PlanReapply(const Situation& situation, Dialect dialect);

// Whether a revision as it was applied and as its file is now run the same SQL in a dialect:
// sections with their options, without comments and white space, and without timeouts, which only
// say how long is waited. A direction of `applied` that was
// not rendered may say anything now: no mig ran it.
Result<bool> MeansTheSame(const RevisionFile& applied, const RevisionFile& file, Dialect dialect);

}  // namespace mig
