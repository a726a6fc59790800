#include "store/core/duration.h"

#include <gtest/gtest.h>

namespace mig {
namespace {

using std::chrono::milliseconds;

TEST(Duration, IsAWholeNumberAndAUnit) {
  EXPECT_EQ(ParseDuration("500ms"), milliseconds(500));
  EXPECT_EQ(ParseDuration("90min"), std::chrono::minutes(90));
  EXPECT_EQ(ParseDuration("14d"), std::chrono::hours(14 * 24));
  EXPECT_EQ(ParseDuration("0"), milliseconds(0));
  for (const char* text : {"", "5", "s", "-1s", "1.5h", "5 s", "1h ", "1w"})
    EXPECT_FALSE(ParseDuration(text)) << text;
}

TEST(Duration, IsTenYearsAtMost) {
  EXPECT_EQ(ParseDuration("3650d"), kLongestDuration);
  for (const char* text : {"3651d", "200000d", "99999999999999999d", "99999999999999999999999s"})
    EXPECT_FALSE(ParseDuration(text)) << text;
}

TEST(Duration, IsWrittenInHoursAtMost) {
  EXPECT_EQ(WriteDuration(std::chrono::hours(48)), "48h");
  EXPECT_EQ(WriteDuration(milliseconds(90'000)), "90s");
  EXPECT_EQ(WriteDuration(milliseconds(0)), "0s");
}

}  // namespace
}  // namespace mig
