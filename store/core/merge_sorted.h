// Adds a few sorted values to many.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace mig {

// `few` in among `many`, both sorted by `before`; among equals those of `few` come after, or
// before. Compares O(few * log(many / few)) times, and copies the rest.
template <typename Value, typename Before>
std::vector<Value> MergeSorted(const std::vector<Value>& many, const std::vector<Value>& few,
                               Before before, bool after_equals) {
  std::vector<Value> merged;
  merged.reserve(many.size() + few.size());
  auto from = many.begin();
  for (const Value& value : few) {
    const auto precedes = [&](const Value& other) {
      return after_equals ? !before(value, other) : before(other, value);
    };
    auto low = from, high = from;
    for (std::ptrdiff_t step = 1; high != many.end() && precedes(*high); step *= 2) {
      low = high + 1;
      high += std::min(step, many.end() - high);
    }
    const auto to = std::partition_point(low, high, precedes);
    merged.insert(merged.end(), from, to);
    merged.push_back(value);
    from = to;
  }
  merged.insert(merged.end(), from, many.end());
  return merged;
}

}  // namespace mig
