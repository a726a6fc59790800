#include "daemon/world.h"

#include <gtest/gtest.h>

namespace mig {
namespace {

using std::chrono::system_clock;

TEST(WorldTest, WritesTimesToTheMillisecond) {
  EXPECT_EQ(FormatMilliseconds(system_clock::from_time_t(1'795'773'600) + Milliseconds(7)),
            "2026-11-27T10:00:00.007Z");
  EXPECT_EQ(FormatMilliseconds(system_clock::from_time_t(951'782'400) - Milliseconds(1)),
            "2000-02-28T23:59:59.999Z");
}

}  // namespace
}  // namespace mig
