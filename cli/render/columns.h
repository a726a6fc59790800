// The room that text takes on a terminal: a column for each character of UTF-8. That some of East
// Asia take two, and accents none, is not looked at.
#pragma once

#include <cstddef>
#include <string_view>

namespace mig {

std::size_t ColumnsOf(std::string_view text);

// As many characters as fit.
std::string_view FirstColumns(std::string_view text, std::size_t columns);

}  // namespace mig
