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
  std::vector<std::string> aliases;
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

// Whether `fresh` revisions can stand beside those of `there`, which people know as `where` ("ref
// `main`"): no two have one name or alias, and no label is another's name, alias or label, ignoring
// case. A fresh revision that is there already is no clash.
//
// Errors:
//   kNameTaken        details name, ours, theirs (ids)
//   kDuplicateLabel   where one of the two words is a label; details label, ours, theirs
Result<void> CheckWords(std::string_view where, const Graph& there,
                        const std::vector<std::shared_ptr<const LinkedRevision>>& fresh);

struct PushPlan {
  enum class Outcome { kUpToDate, kCreated, kFastForward };
  Outcome outcome = Outcome::kUpToDate;
  std::vector<Id> heads;  // of the ref afterwards, sorted
};

// What a ref becomes. `ref` is the graph of all that it reaches, and empty where it does not exist;
// `old_heads` are its maximal revisions. `fresh` is all that `heads` reach and the ref does not,
// parents first. REQUIRES: each of `heads` is in `ref` or `fresh`.
//
// Errors, besides those of CheckWords:
//   kNotFastForward   by the policy kFastForward; details ours and theirs (ids)
//   kMultipleHeads    `heads` would leave a ref of policy kFastForward with several
Result<PushPlan> PlanPush(std::string_view ref_name, const Graph& ref,
                          const std::vector<Id>& old_heads,
                          const std::vector<std::shared_ptr<const LinkedRevision>>& fresh,
                          const std::vector<Id>& heads, RefPolicy policy);

}  // namespace mig
