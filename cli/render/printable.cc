#include "cli/render/printable.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/core/source_text.h"

namespace mig {
namespace {

// C0 and DEL are of one byte, C1 of two: U+0080 to U+009F, which some terminals obey as ESC and a
// letter.
std::size_t ControlBytesAt(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(at) < ' ' || byte(at) == 0x7F) return 1;
  return byte(at) == 0xC2 && at + 1 < text.size() && byte(at + 1) < 0xA0 ? 2 : 0;
}

std::string Escaped(std::string_view bytes) {
  std::string shown;
  for (const char c : bytes) shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return shown;
}

std::string WithoutControls(std::string_view text, std::string_view kept) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t valid = FindInvalidUtf8(text).value_or(text.size());
    for (std::size_t i = 0; i < valid;) {
      const std::size_t control = kept.find(text[i]) != kept.npos ? 0 : ControlBytesAt(text, i);
      if (control == 0) shown += text[i];
      shown += Escaped(text.substr(i, control));
      i += std::max<std::size_t>(control, 1);
    }
    shown += Escaped(text.substr(valid, 1));
    text.remove_prefix(std::min(valid + 1, text.size()));
  }
  return shown;
}

}  // namespace

std::string Printable(std::string_view text) { return WithoutControls(text, "\n\t"); }

std::string PrintableLine(std::string_view text) { return WithoutControls(text, ""); }

}  // namespace mig
