#include "daemon/identity.h"

#include <gtest/gtest.h>

namespace mig {
namespace {

const Identity kOwner = {Identity::Proof::kOwner, "ann"};
const Identity kNeighbour = {Identity::Proof::kUser, "bob"};
const Identity kTeam = {Identity::Proof::kToken, "team-a"};
const Identity kShopOnly = {Identity::Proof::kToken, "shop-ci", {"shop", "stock"}};
const Identity kReader = {Identity::Proof::kToken, "dashboard", {}, /*read_only=*/true};

std::string AnswerTo(const Identity& caller, Access access,
                     const std::optional<std::string>& project) {
  const auto checked = CheckAccess(caller, access, project);
  if (checked) return "may";
  EXPECT_EQ(checked.error().reason, Reason::kPermissionDenied);
  return checked.error().message;
}

TEST(Identity, MayWhatItsTokenSays) {
  EXPECT_EQ(AnswerTo(kTeam, Access::kWrite, "shop"), "may");
  EXPECT_EQ(AnswerTo(kShopOnly, Access::kWrite, "stock"), "may");
  EXPECT_EQ(AnswerTo(kShopOnly, Access::kRead, "billing"),
            "token shop-ci is not for project `billing`");
  EXPECT_EQ(AnswerTo(kShopOnly, Access::kRead, ""), "token shop-ci is not for project ``");
  EXPECT_EQ(AnswerTo(kReader, Access::kRead, "shop"), "may");
  EXPECT_EQ(AnswerTo(kReader, Access::kWrite, "shop"),
            "token dashboard may read, and nothing else");
}

TEST(Identity, OfTheSameMachineAdministers) {
  EXPECT_EQ(AnswerTo(kOwner, Access::kAdminister, std::nullopt), "may");
  EXPECT_EQ(AnswerTo(kNeighbour, Access::kAdminister, std::nullopt), "may");
  EXPECT_EQ(AnswerTo(kTeam, Access::kAdminister, std::nullopt),
            "token team-a may not administer the daemon");
}

TEST(Identity, IsNamedBesideWhatItCallsItself) {
  EXPECT_EQ(ActorOf(kOwner, "Ann <ann@example.com>"), "Ann <ann@example.com>");
  EXPECT_EQ(ActorOf(kNeighbour, "Ann <ann@example.com>"), "Ann <ann@example.com> (user bob)");
  EXPECT_EQ(ActorOf(kTeam, "Pia <pia@example.com>"), "Pia <pia@example.com> (token team-a)");
  EXPECT_EQ(ActorOf(kTeam, ""), "token team-a");
}

TEST(Identity, TakesALineOfALogWhateverItCallsItself) {
  EXPECT_EQ(ActorOf(kTeam, "Pia\n\x1b[31m"), "Pia??[31m (token team-a)");
  EXPECT_EQ(ActorOf(kOwner, "Zo\xc3\xab\t"), "Zo\xc3\xab?");
  EXPECT_EQ(ActorOf(kTeam, std::string(3'000'000, 'y')),
            std::string(997, 'y') + "... (token team-a)");
  EXPECT_EQ(ActorOf(kOwner, std::string(3'000'000, 'y')).size(), 1000u);
}

}  // namespace
}  // namespace mig
