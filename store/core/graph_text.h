// A graph as a line of text, for tests and examples:
//
//     a; b: a; c: a; d: b c +users_base @catalog =old_name
//
// Each revision is `name: parents`, then any of +DEPENDENCY, @LABEL and =ALIAS. Ids are all zero
// and `created` is the place in the line, so that positions follow the text wherever the edges
// leave a choice.
#pragma once

#include <string_view>

#include "store/core/graph.h"

namespace mig {

// Errors: those of Graph::Build.
Result<Graph> GraphFromText(std::string_view text);

// The same for a text known to be right; any error ends the program.
Graph MakeGraph(std::string_view text);

}  // namespace mig
