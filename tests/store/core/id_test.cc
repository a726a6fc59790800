#include "store/core/id.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace mig {
namespace {

constexpr char kHex[] = "892d909dbac451a30a090cecce1f564c685df23a287142535bd15a3a9d392b9a";

TEST(Id, ReadsWhatItWrites) {
  const std::optional<Id> id = Id::FromHex(kHex);
  ASSERT_TRUE(id);
  EXPECT_EQ(id->hex(), kHex);
  EXPECT_EQ(id->short_hex(), "892d909dbac4");
}

TEST(Id, IsNothingButSixtyFourLowerCaseDigits) {
  const std::string hex = kHex;
  std::string upper = hex, other = hex;
  upper[4] = '9', upper[5] = 'D';
  other[63] = 'g';
  for (const std::string& text :
       {std::string(), hex.substr(1), hex + "0", upper, other, " " + hex.substr(1)}) {
    EXPECT_FALSE(Id::FromHex(text)) << text;
  }
}

TEST(Id, IsOrderedAsItsDigitsAre) {
  const Id low = *Id::FromHex(std::string(63, '0') + "1");
  const Id high = *Id::FromHex("8" + std::string(63, '0'));
  EXPECT_LT(Id(), low);
  EXPECT_LT(low, high);
}

TEST(Id, CanBeKeptInHashedSets) {
  std::unordered_set<Id> ids = {Id(), *Id::FromHex(kHex), *Id::FromHex(kHex)};
  EXPECT_EQ(ids.size(), 2u);
}

}  // namespace
}  // namespace mig
