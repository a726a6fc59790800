#include "drivers/child_process.h"

#include <gmock/gmock.h>

#include <chrono>

#include "drivers/program_environment.h"

namespace mig {
namespace {

using testing::EndsWith;

Result<ChildOutcome> RunShell(const std::string& script, const ChildLimits& limits = {}) {
  return RunChild({"/bin/sh", "-c", script}, ProgramEnvironment(), limits);
}

TEST(ChildProcess, IsNotWaitedForBeyondItsTimeByWhatItLeftBehind) {
  const auto started = std::chrono::steady_clock::now();
  const auto outcome = RunShell("setsid sleep 60 & exit 0", {std::chrono::milliseconds(200)});
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(40));
}

TEST(ChildProcess, SaysMoreThanIsKept) {
  const auto outcome = RunShell(
      "head -c 70000000 /dev/zero; head -c 1000000 /dev/zero >&2; echo \"the last words\" >&2");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, 0);
  EXPECT_TRUE(outcome->cut);
  EXPECT_EQ(outcome->out.size(), kMostOutput);
  EXPECT_LT(outcome->err.size(), 200000U);
  EXPECT_THAT(outcome->err, EndsWith("the last words\n"));
}

}  // namespace
}  // namespace mig
