// From revision files, which name each other, to revisions, which are bound to each other by id.
//
// An id covers the ids of parents and dependencies, so ids are computed in topological order, and
// editing a file gives it and all its descendants new ones.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "store/core/id.h"
#include "store/core/result.h"
#include "store/core/revision.h"
#include "store/core/revision_file.h"

namespace mig {

struct LinkedRevision {
  Id id;
  Revision revision;
  RevisionFile file;
  // How many stored revisions have its name, where it stands for a parent or dependency that no
  // file has. Among several the latest was taken: it may be looked at and taken back, not applied.
  std::size_t stands_for = 1;
};

// What the store knows of revisions whose file is gone: the id that goes by exactly this name, or
// declares this label. Asked only for what no file answers; an empty function knows nothing.
struct StoredRevisions {
  std::function<std::optional<Id>(std::string_view name)> named;
  std::function<std::optional<Id>(std::string_view label)> labelled;
};

// The revisions of `files`, parents and dependencies before their children; where that leaves a
// choice, by `created`, then name. The order does not depend on the order of `files`. A dependency
// is a name, else a label.
//
// Takes time linear in files and links, but for sorting.
//
// Errors, with the details file, line and name; for duplicates also other_file and other_line; for
// circles file and names, the members separated by commas:
//   kDuplicateName        two files' names or aliases differ at most in case
//   kDuplicateLabel       two files declare a label, or one declares another's name; ignoring case
//   kMissingParent        no file and no stored revision has the name
//   kMissingDependency    likewise, with labels
//   kSelfLoop, kDependencySelfLoop    a revision names itself as parent, or as dependency
//   kCycle                parents lead in a circle; the message names its members in order
//   kDependencyCycle      parents and dependencies together do
Result<std::vector<LinkedRevision>> Link(std::vector<RevisionFile> files,
                                         const StoredRevisions& stored);

}  // namespace mig
