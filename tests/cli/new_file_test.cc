#include "cli/commands/new_file.h"

#include <gtest/gtest.h>

namespace mig {
namespace {

// A daemon names the files that the client writes, and may be anybody's.
TEST(NewFile, StaysInItsFolder) {
  EXPECT_EQ(*PathOfNew("./migrations", "20260105_users.sql"), "migrations/20260105_users.sql");
  for (const char* name : {"../users.sql", "/etc/cron.d/users.sql", "a/../../users.sql", ".sql", "",
                           "users", "users.sh", "..sql", ".bashrc", "a\nb.sql"}) {
    const auto path = PathOfNew("migrations", name);
    ASSERT_FALSE(path) << name;
    EXPECT_EQ(path.error().reason, Reason::kNameInvalid) << name;
  }
}

}  // namespace
}  // namespace mig
