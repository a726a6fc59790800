// What pull and clone write into a work tree.
#pragma once

#include "cli/context.h"

namespace mig {

// Writes what the work tree lacks of a fetched ref, and with `rebase` puts own revisions on top of
// it. Either everything is written or nothing, unless the disk fails: what was written then is
// found as it is by the next call. Errors: those of PlanPull, kFileExists for a file in the way.
Result<int> PullInto(Context& context, Remote& remote, const v1::Ref& ref, bool rebase);

}  // namespace mig
