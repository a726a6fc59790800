// Revisions as text, in the forms Alembic's users know.
#pragma once

#include <string>

#include "cli/render/style.h"
#include "mig/v1/history.pb.h"
#include "mig/v1/target.pb.h"

namespace mig {

// "(head)" or "(effective head)", "(current)", "(implied)", and with `tree` "(branchpoint)" and
// "(mergepoint)"; each with a blank before it.
std::string Marks(const v1::Revision& revision, bool tree, const Style& style);

// "name (labels) (head)".
std::string ShortLine(const v1::Revision& revision, bool tree, const Style& style);

// "parents (dependencies) -> name (labels) (head) (current) (branchpoint) (mergepoint), message".
std::string HistoryLine(const v1::Revision& revision, const Style& style);

// Several lines, "Rev: name (head)" first, the message last and indented.
std::string Entry(const v1::Revision& revision, const Style& style);

std::string RenderHeads(const v1::ListHeadsResponse& answer, bool verbose, const Style& style);
std::string RenderBranches(const v1::ListBranchesResponse& answer, bool verbose,
                           const Style& style);
std::string RenderCurrent(const v1::GetCurrentResponse& answer, bool verbose, const Style& style);

// Each revision's entry and the sections of its file.
std::string RenderShown(const v1::ShowRevisionsResponse& answer, const Style& style);

// "a, b"; `none` for an empty list.
template <typename Names>
std::string CommaList(const Names& names, const std::string& none = "") {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list.empty() ? none : list;
}

}  // namespace mig
