// Stores revisions so that a project never has one without what is below it.
#pragma once

#include <string>
#include <vector>

#include "daemon/catalog.h"
#include "store/core/result.h"
#include "store/objects.h"

namespace mig {

// Stores `wanted`, and of what is below them in `catalog` what the project lacks, parents first.
// What is below a revision that it has it is taken to have. Errors: those of Objects.
Result<void> PutWithAncestors(Objects& objects, const std::string& project, const Catalog& catalog,
                              const std::vector<RevisionPtr>& wanted);

}  // namespace mig
