#include "store/core/slug.h"

#include "store/core/ascii.h"

namespace mig {
namespace {

constexpr std::size_t kLongestSlug = 40;

// The letters of U+00C0 to U+017F, Latin-1 Supplement and Latin Extended-A, in ASCII; two of them
// are no letters.
constexpr const char* kInAscii[] = {
    "A", "A", "A",  "A",  "A", "A", "AE", "C",  "E",  "E", "E", "E", "I",  "I",  "I", "I", "D", "N",
    "O", "O", "O",  "O",  "O", "",  "O",  "U",  "U",  "U", "U", "Y", "TH", "ss", "a", "a", "a", "a",
    "a", "a", "ae", "c",  "e", "e", "e",  "e",  "i",  "i", "i", "i", "d",  "n",  "o", "o", "o", "o",
    "o", "",  "o",  "u",  "u", "u", "u",  "y",  "th", "y", "A", "a", "A",  "a",  "A", "a", "C", "c",
    "C", "c", "C",  "c",  "C", "c", "D",  "d",  "D",  "d", "E", "e", "E",  "e",  "E", "e", "E", "e",
    "E", "e", "G",  "g",  "G", "g", "G",  "g",  "G",  "g", "H", "h", "H",  "h",  "I", "i", "I", "i",
    "I", "i", "I",  "i",  "I", "i", "IJ", "ij", "J",  "j", "K", "k", "k",  "L",  "l", "L", "l", "L",
    "l", "L", "l",  "L",  "l", "N", "n",  "N",  "n",  "N", "n", "n", "N",  "n",  "O", "o", "O", "o",
    "O", "o", "OE", "oe", "R", "r", "R",  "r",  "R",  "r", "S", "s", "S",  "s",  "S", "s", "S", "s",
    "T", "t", "T",  "t",  "T", "t", "U",  "u",  "U",  "u", "U", "u", "U",  "u",  "U", "u", "U", "u",
    "W", "w", "Y",  "y",  "Y", "Z", "z",  "Z",  "z",  "Z", "z", "s",
};

bool IsPair(std::string_view text) {
  return text.size() >= 2 && (text[0] & 0xE0) == 0xC0 && (text[1] & 0xC0) == 0x80;
}

// The code point of two bytes of UTF-8.
unsigned CodePoint(char first, char second) {
  return (static_cast<unsigned>(first) & 0x1FU) << 6 | (static_cast<unsigned>(second) & 0x3FU);
}

}  // namespace

std::string WithoutAccents(std::string_view text) {
  constexpr unsigned kFirstLetter = 0xC0, kFirstMark = 0x300, kLastMark = 0x36F;
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned code = IsPair(text.substr(i)) ? CodePoint(text[i], text[i + 1]) : 0;
    const bool is_letter = code >= kFirstLetter && code - kFirstLetter < std::size(kInAscii) &&
                           *kInAscii[code - kFirstLetter] != '\0';
    const bool is_mark = code >= kFirstMark && code <= kLastMark;
    if (is_letter) plain += kInAscii[code - kFirstLetter];
    if (is_letter || is_mark) {
      ++i;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::string SlugOf(std::string_view message) {
  std::string slug;
  for (const char c : WithoutAccents(message)) {
    if (IsAsciiAlphanumeric(c)) {
      slug += AsciiLower(c);
    } else if (!slug.empty() && slug.back() != '_') {
      slug += '_';
    }
  }
  if (slug.size() > kLongestSlug) {
    const std::size_t cut = slug.rfind('_', kLongestSlug);
    slug.resize(cut == std::string::npos ? kLongestSlug : cut);
  }
  if (slug.ends_with('_')) slug.pop_back();
  return slug;
}

}  // namespace mig
