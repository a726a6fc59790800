#include "cli/render/target.h"

#include <gmock/gmock.h>

namespace mig {
namespace {

using ::testing::HasSubstr;

TEST(RenderTarget, CallsRowsByTheirNames) {
  v1::DescribeTargetResponse target;
  target.set_format(1);
  EXPECT_THAT(RenderTarget(target, "dev"), HasSubstr("rows:         <base>\n"));
  target.add_rows(std::string(64, 'a'));
  target.add_row_names("users");
  target.add_rows(std::string(64, 'b'));
  target.add_row_names("prices");
  EXPECT_THAT(RenderTarget(target, "dev"),
              HasSubstr("rows:         users (aaaaaaaaaaaa), prices (bbbbbbbbbbbb)\n"));
}

}  // namespace
}  // namespace mig
