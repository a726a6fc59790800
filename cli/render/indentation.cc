#include "cli/render/indentation.h"

#include <algorithm>

namespace mig {

std::string Indented(std::string_view text) {
  std::string indented;
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) indented.append("    ").append(text.substr(0, end));
    indented += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return indented;
}

}  // namespace mig
