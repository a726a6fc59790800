// Two tools on one target: how Alembic's version table and mig's own rows are kept together.
#pragma once

#include "daemon/run_plan.h"

namespace mig {

// Where mig has done nothing yet, what Alembic's table says becomes the rows of `state`. Nothing
// happens where the view did not come from Alembic: no revision has an alias, and no row is known.
// Errors: kUnknownApplied for a row that no alias stands for.
Result<void> TakeOverRows(const Graph& view, TargetState& state);

// kVersionsDiffer where Alembic's table is neither what mig last knew nor what mig's own rows say.
Result<void> RefuseDifference(const Graph& both, const TargetState& state);

// Gives the plan what it needs beside its own steps: first a stamp that enters the rows taken over,
// and, in each step, the statements that keep Alembic's table, or mig's memory of it, up to date.
// Errors: kUnsupported for a revision that Alembic does not know and that its table would have to
// name.
Result<void> FollowInAlembic(const Situation& situation, const Operation& operation,
                             const Catalog& both, const Bookkeeping& book,
                             const AlembicTable& table, RunPlan& plan);

// The same for one step of a script, which sees no table: Alembic's rows are those of mig, and may
// be there already.
Result<void> FollowInScript(const Catalog& catalog, const AlembicTable& table, RunStep& step);

}  // namespace mig
