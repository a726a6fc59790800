// Adds a few sorted values to many.
#pragma once

#include <algorithm>
#include <vector>

namespace mig {

// `few` in among `many`, both sorted by `before`; among equals those of `few` come after, or
// before. Compares O(few * log(many)) times, and copies the rest.
template <typename Value, typename Before>
std::vector<Value> MergeSorted(const std::vector<Value>& many, const std::vector<Value>& few,
                               Before before, bool after_equals) {
  std::vector<Value> merged;
  merged.reserve(many.size() + few.size());
  auto from = many.begin();
  for (const Value& value : few) {
    const auto to = after_equals ? std::upper_bound(from, many.end(), value, before)
                                 : std::lower_bound(from, many.end(), value, before);
    merged.insert(merged.end(), from, to);
    merged.push_back(value);
    from = to;
  }
  merged.insert(merged.end(), from, many.end());
  return merged;
}

}  // namespace mig
