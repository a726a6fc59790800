// Two texts as a unified diff.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/render/style.h"

namespace mig {

// How lines of one text became lines of another: a stretch that is kept, taken out or put in.
struct LineEdit {
  enum class Kind { kKept, kRemoved, kAdded } kind;
  std::string_view line;  // without its line feed
};

// The shortest way from one to the other, by E. W. Myers, "An O(ND) Difference Algorithm and Its
// Variations" (1986). Texts that have little in common are replaced as a whole: the search is given
// up where it would take too long.
std::vector<LineEdit> LineEdits(std::string_view from, std::string_view to);

// "--- from", "+++ to", and hunks with three lines around each change, as `diff -u` writes them; on
// a terminal each line as Style::Shown.
// Empty for equal texts. An empty name is /dev/null.
std::string UnifiedDiff(const std::string& from_name, std::string_view from,
                        const std::string& to_name, std::string_view to, const Style& style);

}  // namespace mig
