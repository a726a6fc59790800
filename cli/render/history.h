// A history as text: one line a revision, newest first, or the graph.
#pragma once

#include <string>
#include <vector>

#include "cli/render/style.h"
#include "mig/v1/revision.pb.h"

namespace mig {

struct HistoryForm {
  bool verbose = false;
  bool graph = false;
};

std::string RenderHistory(const std::vector<v1::Revision>& revisions, const HistoryForm& form,
                          const Style& style);

}  // namespace mig
