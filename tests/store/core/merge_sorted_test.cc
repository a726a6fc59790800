#include "store/core/merge_sorted.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>

namespace mig {
namespace {

// A number and where it came from; only the number is compared.
using Value = std::pair<unsigned, char>;

bool Less(const Value& a, const Value& b) { return a.first < b.first; }

std::vector<Value> Sorted(std::mt19937& random, std::size_t count, char from) {
  std::vector<Value> values;
  for (std::size_t i = 0; i < count; ++i) values.emplace_back(random() % 100, from);
  std::sort(values.begin(), values.end());
  return values;
}

TEST(MergeSorted, PutsEqualOnesWhereItIsTold) {
  std::mt19937 random(17);
  for (int round = 0; round < 500; ++round) {
    const auto many = Sorted(random, random() % 60, 'm'), few = Sorted(random, random() % 60, 'f');
    std::vector<Value> after(many.size() + few.size()), before(many.size() + few.size());
    std::merge(many.begin(), many.end(), few.begin(), few.end(), after.begin(), Less);
    std::merge(few.begin(), few.end(), many.begin(), many.end(), before.begin(), Less);
    ASSERT_EQ(MergeSorted(many, few, Less, true), after);
    ASSERT_EQ(MergeSorted(many, few, Less, false), before);
  }
}

}  // namespace
}  // namespace mig
