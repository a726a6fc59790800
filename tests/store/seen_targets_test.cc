#include "store/seen_targets.h"

#include <gtest/gtest.h>

#include "store/memory_kv.h"

namespace mig {
namespace {

const std::string kId(32, 'a');
const std::string kOther(32, 'b');

class SeenTargetsTest : public testing::Test {
 protected:
  SeenTarget At(const std::string& id, const std::string& address, std::int64_t sequence) {
    return {id, address, sequence, sequence == 0 ? "" : "hash", "2026-11-22T08:15:30Z"};
  }

  MemoryKv kv_;
  SeenTargets seen_{kv_};
};

TEST_F(SeenTargetsTest, RemembersTheLastOfAnIdAtAnAddress) {
  EXPECT_EQ(*seen_.Find(kId, "here"), std::nullopt);
  ASSERT_TRUE(seen_.Put(At(kId, "here", 3)));
  ASSERT_TRUE(seen_.Put(At(kId, "here", 2)));
  EXPECT_EQ(*seen_.Find(kId, "here"), At(kId, "here", 2));
  EXPECT_EQ(*seen_.Find(kId, "there"), std::nullopt);
}

TEST_F(SeenTargetsTest, TellsWhichDatabaseWasAtAnAddressAndWhereADatabaseWas) {
  ASSERT_TRUE(seen_.Put(At(kId, "here", 1)));
  ASSERT_TRUE(seen_.Put(At(kId, "there", 0)));
  ASSERT_TRUE(seen_.Put(At(kOther, "here", 5)));
  EXPECT_EQ(*seen_.IdAt("here"), kOther);
  EXPECT_EQ(*seen_.IdAt("nowhere"), std::nullopt);
  const auto of = seen_.Of(kId);
  ASSERT_TRUE(of);
  EXPECT_EQ(of->size(), 2U);
}

TEST_F(SeenTargetsTest, RefusesWhatIsNoId) {
  const auto refused = seen_.Put(At("../x", "here", 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kInvalidArgument);
}

}  // namespace
}  // namespace mig
