#include "daemon/store_care.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/scratch_directory.h"

namespace mig {
namespace {

using std::chrono::seconds;

TEST(StoreCare, CollectsNothingWithAGraceThatNobodyMeans) {
  const ScratchDirectory folder;
  const auto kv = *RocksKv::Open(folder.path());
  const World world = World::Real();
  StoreCare care(*kv, folder.path(), world, [] { return std::string(); });
  const GcObserver observer = {[](const Garbage&) {}, [](std::int64_t) { return true; }};
  EXPECT_TRUE(care.Collect(true, seconds(0), observer));
  EXPECT_TRUE(care.Collect(true, std::chrono::hours(24 * 3650), observer));
  for (const seconds grace : {seconds(-1), seconds(std::chrono::hours(24 * 3651)),
                              seconds(std::numeric_limits<std::int64_t>::min()),
                              seconds(std::numeric_limits<std::int64_t>::max())}) {
    const auto collected = care.Collect(true, grace, observer);
    EXPECT_EQ(collected ? Reason::kInternal : collected.error().reason, Reason::kInvalidArgument)
        << grace.count();
  }
}

}  // namespace
}  // namespace mig
