#include "cli/render/style.h"

#include "cli/render/printable.h"

namespace mig {

std::string Style::Shown(std::string_view text) const {
  return terminal_ ? Printable(text) : std::string(text);
}

std::string Style::Wrap(std::string_view code, std::string_view text) const {
  if (!color_ || text.empty()) return std::string(text);
  std::string wrapped = "\x1b[";
  wrapped.append(code).append("m").append(text).append("\x1b[0m");
  return wrapped;
}

}  // namespace mig
