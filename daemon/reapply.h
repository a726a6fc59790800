// `mig reapply`: brings files and target together after files were edited.
//
// What is applied from the lowest edited revision upward falls in two: revisions whose own SQL
// means the same are relinked, that is, take their new id without running anything; those whose SQL
// changed, and all that stands on them, are rolled back from the stored originals and applied again
// from the files.
#pragma once

#include "daemon/run_plan.h"

namespace mig {

// Errors: kMissingParent for an applied revision without a file above an edited one; kIrreversible
// comes with the units.
Result<RunPlan> PlanReapply(const Situation& situation, Dialect dialect);

// Whether two texts of a revision run the same SQL in a dialect: sections with their options,
// without comments and white space.
Result<bool> MeansTheSame(const RevisionFile& a, const RevisionFile& b, Dialect dialect);

}  // namespace mig
