// A history as text: one line a revision, newest first, or the graph.
#pragma once

#include <string>
#include <vector>

#include "cli/render/graph.h"
#include "cli/render/style.h"
#include "mig/v1/graph.pb.h"
#include "mig/v1/revision.pb.h"

namespace mig {

struct HistoryForm {
  bool verbose = false;
  bool graph = false;
  bool oneline = false;
};

// Writes revisions one after the other, newest first: what is still to come may be long.
class HistoryWriter {
 public:
  HistoryWriter(const HistoryForm& form, const Style& style) : form_(form), style_(style) {}

  std::string Write(const v1::ListRevisionsResponse::Listed& listed);

 private:
  const HistoryForm form_;
  const Style style_;
  GraphDrawing drawing_;
};

std::string RenderHistory(const std::vector<v1::Revision>& revisions, const HistoryForm& form,
                          const Style& style);

}  // namespace mig
