// Where in a script something is, as people count.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/core/error.h"

namespace mig {

struct Position {
  std::size_t line = 1;    // lines end with a line feed
  std::size_t column = 1;  // in bytes
};

Position PositionOf(std::string_view script, std::size_t offset);

// An error about the script at `offset`: the message with "at line L, column C" behind it, and the
// details `line` and `column`.
Error ErrorAt(Reason reason, std::string_view script, std::size_t offset, std::string message);

}  // namespace mig
