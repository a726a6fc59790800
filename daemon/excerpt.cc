#include "daemon/excerpt.h"

#include <string_view>

namespace mig {

std::string Excerpt(std::string text, std::size_t limit) {
  constexpr std::string_view kMark = "...";
  if (text.size() <= limit) return text;
  std::size_t end = limit - kMark.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text.append(kMark);
}

}  // namespace mig
