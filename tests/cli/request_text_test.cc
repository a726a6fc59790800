#include "cli/request_text.h"

#include <gtest/gtest.h>

#include "mig/v1/run.pb.h"

namespace mig {
namespace {

std::string Refusal(const v1::StartRunRequest& request) {
  const auto checked = CheckUtf8(request);
  return checked ? "" : checked.error().message;
}

TEST(CheckUtf8, NamesTheTextThatIsNot) {
  v1::StartRunRequest request;
  request.set_actor("Jos\xC3\xA9");
  request.mutable_target()->mutable_environment()->insert({"PGUSER", "jos\xC3\xA9"});
  EXPECT_EQ(Refusal(request), "");
  request.mutable_target()->mutable_environment()->at("PGUSER") = "jos\xE9";
  EXPECT_EQ(Refusal(request), "PGUSER is not UTF-8");
  request.mutable_target()->clear_environment();
  request.mutable_target()->set_base_directory("/home/jos\xE9");
  EXPECT_EQ(Refusal(request), "the base directory is not UTF-8");
  request.clear_target();
  request.mutable_operation()->mutable_stamp()->add_revisions("a");
  request.mutable_operation()->mutable_stamp()->add_revisions("\xFF");
  EXPECT_EQ(Refusal(request), "one of the revisions is not UTF-8");
}

}  // namespace
}  // namespace mig
