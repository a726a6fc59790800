// Columns of text.
#pragma once

#include <string>
#include <vector>

namespace mig {

// Each row's cells, padded to the widest of their column, two blanks between. The last column is
// not padded.
std::string RenderTable(const std::vector<std::vector<std::string>>& rows);

}  // namespace mig
