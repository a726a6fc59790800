// Pushes: what a ref becomes when revisions are brought to it, and what is refused there.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/plan/link.h"
#include "daemon/plan/ref_policy.h"
#include "store/core/graph.h"
#include "store/core/id.h"
#include "store/core/result.h"

namespace mig {

// By what words files refer to a revision.
struct RevisionWords {
  std::string name;
  std::vector<std::string> labels;
};

// A revision as somebody else sent it, read and checked by itself: its names are names, its body is
// a revision file, and that file names as parents and dependencies exactly those that the revision
// is bound to. Else a file written from it would be another revision. `words_of` knows stored
// revisions, and those sent before.
//
// Errors: kNameInvalid, kLimitExceeded; kFileInvalid for a body that is no revision file, or names
// others; kMissingParent, kMissingDependency for an id that nobody has.
Result<LinkedRevision> CheckIncoming(
    const Id& id, Revision revision,
    const std::function<std::optional<RevisionWords>(const Id&)>& words_of);

struct PushPlan {
  enum class Outcome { kUpToDate, kCreated, kFastForward };
  Outcome outcome = Outcome::kUpToDate;
  std::vector<Id> heads;  // of the ref afterwards, sorted
};

// What a ref becomes. `ref` is the graph of all that it reaches, and empty where it does not exist;
// `old_heads` are its maximal revisions. `fresh` is all that `heads` reach and the ref does not,
// parents first. REQUIRES: each of `heads` is in `ref` or `fresh`.
//
// Errors:
//   kNameTaken        a fresh revision has, ignoring case, the name of another one; details name,
//                     ref, ours, theirs (ids)
//   kDuplicateLabel   likewise, where one of the two words is a label; details label, ours, theirs
//   kNotFastForward   by the policy kFastForward; details ours and theirs (ids)
//   kMultipleHeads    `heads` would leave a ref of policy kFastForward with several
Result<PushPlan> PlanPush(std::string_view ref_name, const Graph& ref,
                          const std::vector<Id>& old_heads,
                          const std::vector<std::shared_ptr<const LinkedRevision>>& fresh,
                          const std::vector<Id>& heads, RefPolicy policy);

}  // namespace mig
