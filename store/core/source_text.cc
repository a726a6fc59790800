#include "store/core/source_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/core/limits.h"

namespace mig {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The length of the UTF-8 sequence that `bytes` starts with, or 0. The ranges are the table in RFC
// 3629, section 4.
std::size_t SequenceLength(std::string_view bytes) {
  const auto at = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (bytes.size() < length) return 0;
  const unsigned char least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (at(1) < least || at(1) > most) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

// Where the first NUL or lone CR stands, and what to say about it.
struct Fault {
  std::size_t offset;
  std::string_view what;
  std::string_view hint;
};

std::optional<Fault> FindForbiddenByte(std::string_view bytes) {
  static constexpr std::string_view kForbidden("\0\r", 2);
  std::size_t at = bytes.find_first_of(kForbidden);
  while (at != std::string_view::npos && bytes.substr(at, 2) == "\r\n") {
    at = bytes.find_first_of(kForbidden, at + 2);
  }
  if (at == std::string_view::npos) return std::nullopt;
  if (bytes[at] == '\0') return Fault{at, "a NUL byte", "save the file as UTF-8"};
  return Fault{at, "a carriage return without a line feed", "end lines with LF, or CRLF"};
}

void DropCarriageReturns(std::string& text) {
  text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
}

}  // namespace

Place PlaceOf(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 == 0
  return Place{static_cast<int>(lines) + 1, static_cast<int>(before.size() - line_start) + 1};
}

std::optional<std::size_t> FindInvalidUtf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = SequenceLength(bytes.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

Error FileError(std::string_view path, Place place, std::string_view what, std::string hint) {
  return Error{Reason::kFileInvalid,
               fmt::format("{}:{}:{}: {}", path, place.line, place.column, what),
               {{"file", std::string(path)},
                {"line", std::to_string(place.line)},
                {"column", std::to_string(place.column)}},
               std::move(hint)};
}

Result<std::string> NormaliseText(std::string_view path, std::string_view bytes) {
  if (bytes.size() > kMaxFileBytes) {
    return Error{Reason::kLimitExceeded,
                 fmt::format("{} has {} bytes, more than the {} a revision file may have", path,
                             bytes.size(), kMaxFileBytes),
                 {{"file", std::string(path)}}};
  }
  while (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  if (const auto fault = FindForbiddenByte(bytes)) {
    return FileError(path, PlaceOf(bytes, fault->offset), fault->what, std::string(fault->hint));
  }
  if (const auto offset = FindInvalidUtf8(bytes)) {
    return FileError(path, PlaceOf(bytes, *offset), "this byte is not UTF-8",
                     "save the file as UTF-8");
  }
  std::string text(bytes);
  DropCarriageReturns(text);
  return text;
}

}  // namespace mig
