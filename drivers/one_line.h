// Foreign messages made fit for a sentence of ours.
#pragma once

#include <string>
#include <string_view>

namespace mig {

// A message on one line, without final full stop.
std::string OneLine(std::string_view message);

}  // namespace mig
