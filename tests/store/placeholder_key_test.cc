#include "store/placeholder_key.h"

#include <gtest/gtest.h>

#include "store/memory_kv.h"

namespace mig {
namespace {

TEST(PlaceholderKey, IsTheOneThatWasMadeFirst) {
  MemoryKv kv;
  EXPECT_EQ(*PlaceholderKey(kv, [] { return std::string("first"); }), "first");
  EXPECT_EQ(*PlaceholderKey(kv, [] { return std::string("second"); }), "first");
}

TEST(PlaceholderKey, IsOneForTwoThatMakeItAtOnce) {
  MemoryKv kv;
  const auto slow = [&kv] {
    EXPECT_EQ(*PlaceholderKey(kv, [] { return std::string("quick"); }), "quick");
    return std::string("slow");
  };
  EXPECT_EQ(*PlaceholderKey(kv, slow), "quick");
}

}  // namespace
}  // namespace mig
