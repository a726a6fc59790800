#include "store/core/slug.h"

#include "store/core/ascii.h"

namespace mig {
namespace {

constexpr std::size_t kLongestSlug = 40;

}  // namespace

std::string SlugOf(std::string_view message) {
  std::string slug;
  for (const char c : message) {
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
