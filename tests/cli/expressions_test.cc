#include "cli/expressions.h"

#include <gtest/gtest.h>

namespace mig {
namespace {

std::string Spelled(const std::string& expression) {
  const auto current_of = [](const std::string& target) -> Result<std::string> {
    if (target == "prod") return std::string("1975ea83");
    if (target == "empty") return std::string("base");
    return Error{Reason::kNoTarget, "no target " + target};
  };
  const auto spelled = WithoutTargets(expression, current_of);
  return spelled ? *spelled : spelled.error().message;
}

TEST(WithoutTargets, PutsTheCurrentRevisionInTheirPlace) {
  EXPECT_EQ(Spelled("@prod"), "1975ea83");
  EXPECT_EQ(Spelled("@empty"), "base");
  EXPECT_EQ(Spelled("@nobody"), "no target nobody");
}

TEST(WithoutTargets, LooksAtBothSidesOfARange) {
  EXPECT_EQ(Spelled("@prod:head"), "1975ea83:head");
  EXPECT_EQ(Spelled("@empty:@prod"), "base:1975ea83");
  EXPECT_EQ(Spelled("@prod:"), "1975ea83:");
  EXPECT_EQ(Spelled(":"), ":");
}

TEST(WithoutTargets, LooksAtWhatSetsAreMadeOf) {
  EXPECT_EQ(Spelled("@prod..head"), "1975ea83..head");
  EXPECT_EQ(Spelled("head...@prod"), "head...1975ea83");
  EXPECT_EQ(Spelled("^@prod"), "^1975ea83");
  EXPECT_EQ(Spelled("..@prod"), "..1975ea83");
}

TEST(WithoutTargets, LeavesEverythingElse) {
  for (const char* expression :
       {"", "@", "users@head", "-1", "+2", "refs/main", "a:b:c", "a.b..c", "a..", "...", "^a"})
    EXPECT_EQ(Spelled(expression), expression);
}

}  // namespace
}  // namespace mig
