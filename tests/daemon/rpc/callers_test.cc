#include "daemon/rpc/callers.h"

#include <gmock/gmock.h>

#include "mig/v1/ref.pb.h"
#include "mig/v1/run.pb.h"
#include "mig/v1/target.pb.h"

namespace mig {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SubjectOf, NamesTheProjectThatAPushMovesARefOf) {
  v1::PushRefRequest push;
  push.set_project("billing");
  EXPECT_THAT(SubjectOf(push).projects, ElementsAre("billing"));
  push.mutable_view()->set_project("shop");
  EXPECT_THAT(SubjectOf(push).projects, ElementsAre("shop", "billing"));
}

TEST(SubjectOf, NamesNoProjectWhereACallIsOfAllThatItsCallerMayName) {
  v1::ListRunsRequest list;
  EXPECT_THAT(SubjectOf(list).projects, IsEmpty());
  list.set_project("shop");
  EXPECT_THAT(SubjectOf(list).projects, ElementsAre("shop"));
}

TEST(SubjectOf, NamesTheTargetsThatAreLookedAt) {
  v1::PlanPullRequest pull;
  pull.mutable_view()->set_project("shop");
  pull.add_targets()->set_name("dev");
  pull.add_targets()->set_name("prod");
  EXPECT_THAT(SubjectOf(pull).targets, ElementsAre("dev", "prod"));
  v1::DescribeTargetRequest describe;
  EXPECT_THAT(SubjectOf(describe).targets, IsEmpty());
  describe.mutable_target()->set_name("prod");
  EXPECT_THAT(SubjectOf(describe).targets, ElementsAre("prod"));
}

TEST(SubjectOf, NamesTheTargetsThatPoliciesLookAt) {
  v1::StartRunRequest run;
  run.mutable_target()->set_name("prod");
  v1::Target* before = run.mutable_target()->mutable_policy()->mutable_applied_before();
  before->set_name("staging");
  before->mutable_policy()->mutable_applied_before()->set_name("test");
  EXPECT_THAT(SubjectOf(run).targets, ElementsAre("prod", "staging", "test"));
  v1::PlanPullRequest pull;
  *pull.add_targets() = run.target();
  EXPECT_THAT(SubjectOf(pull).targets, ElementsAre("prod", "staging", "test"));
}

}  // namespace
}  // namespace mig
