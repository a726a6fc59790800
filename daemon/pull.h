// Pulls: what the files of a work tree become when it gets all that a ref has.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "daemon/catalog.h"
#include "store/core/id.h"
#include "store/core/result.h"

namespace mig {

// A file that is to be written with a revision's text.
struct PulledFile {
  std::string name;
  std::string beside;  // the path of a parent's file; empty: no parent has one
  Id id;
};

// A file of the work tree with other parents.
struct ReparentedFile {
  std::string path;
  std::string text;
};

struct PullPlan {
  std::vector<PulledFile> new_files;  // parents first
  std::vector<ReparentedFile> changed_files;
  std::vector<std::string> own;  // names of the work tree's revisions that the ref does not have
};

// What `tree`, the catalog of a work tree, needs to have all of `ref`. A file that is deleted comes
// back. With `rebase`, own revisions that follow revisions of the ref follow the ref's heads above
// those instead; only `parents` in their headers changes. `why_fixed` says of a revision why it
// must stay as it is ("target dev has it applied"), or nothing.
//
// Errors: kNameTaken for a file that is called as a revision of the ref and differs (details name,
// file, ours, theirs); kDuplicateLabel for a label that both have; kEditedSinceApplied for an own
// revision that would be given other parents and must not be; kMultipleHeads where several of the
// ref's heads could be followed.
Result<PullPlan> PlanPull(const Catalog& tree, const Catalog& ref, const std::string& ref_name,
                          bool rebase, const std::function<std::string(const Id&)>& why_fixed);

}  // namespace mig
