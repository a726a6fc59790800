#include "daemon/rpc/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <memory>

#include "tests/without_threads.h"

namespace mig {
namespace {

TEST(Pool, RunsWhatWasQueuedBeforeItStops) {
  std::atomic<int> ran = 0;
  Pool pool(2, 100);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(pool.Post([&ran] { ++ran; }));
  pool.Stop();
  EXPECT_EQ(ran, 100);
}

TEST(Pool, RefusesBeyondItsQueue) {
  std::promise<void> gate;
  std::promise<void> started;
  Pool pool(1, 1);
  ASSERT_TRUE(pool.Post([&] {
    started.set_value();
    gate.get_future().wait();
  }));
  started.get_future().wait();
  EXPECT_TRUE(pool.Post([] {}));
  const auto refused = pool.Post([] { FAIL() << "a refused task ran"; });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kLimitExceeded);
  gate.set_value();
}

TEST(Pool, RefusesOnceStopped) {
  Pool pool(1, 1);
  pool.Stop();
  EXPECT_EQ(pool.Post([] {}).error().reason, Reason::kDraining);
}

TEST(Pool, RefusesWhereThereIsNoThreadToBeHad) {
  ExpectWithoutThreads([] {
    Pool pool(2, 100);
    const auto refused = pool.Post([] {});
    return !refused && refused.error().reason == Reason::kLimitExceeded;
  });
}

TEST(Pool, HasAThreadForEachTaskThatWaitsAsFarAsThereMayBe) {
  constexpr int kThreads = 3;
  std::latch all(kThreads);  // each task waits for the others
  Pool pool(kThreads, 100);
  for (int i = 0; i < kThreads; ++i) {
    ASSERT_TRUE(pool.Post([&all] { all.arrive_and_wait(); }));
  }
  pool.Stop();
}

TEST(Pool, LetsGoOfATaskWhenItHasRun) {
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = held;
  Pool pool(1, 1);
  ASSERT_TRUE(pool.Post([held = std::move(held)] {}));
  pool.Stop();
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace mig
