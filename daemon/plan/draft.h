// Drafts: the header of a revision that is about to be written, by `revision` or `merge`.
#pragma once

#include <string>
#include <vector>

#include "store/core/expression.h"
#include "store/core/graph.h"

namespace mig {

struct DraftRequest {
  std::string name = {};                      // complete, e.g. 20261122081530_create_products
  std::vector<std::string> heads = {"head"};  // expressions for the parents, in order; `base`: none
  bool splice = false;                        // a parent need not be a head
  std::vector<std::string> labels = {};
  std::vector<std::string> depends = {};  // expressions
  bool merge = false;  // its parents are to be several, and none of them another's ancestor
};

struct Draft {
  std::string name;
  Positions parents;  // in the order asked for
  Positions depends;  // what `depends_words` stand for, in the same order
  std::vector<std::string>
      depends_words;  // as the file should say it: a label where a label was given, else the name
  std::vector<std::string> labels = {};
};

// Errors: those of Resolver, kIllegalCharacter (in the name), kDuplicateName, kDuplicateHeads,
// kNotAHead, kDuplicateLabel; of a merge kInvalidArgument where it would join nothing, kOverlap.
Result<Draft> PlanDraft(const Graph& graph, const DraftRequest& request);

// The names of the heads (by parent links) once the draft is a revision.
std::vector<std::string> HeadsWith(const Graph& graph, const Draft& draft);

}  // namespace mig
