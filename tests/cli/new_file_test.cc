#include "cli/commands/new_file.h"

#include <gtest/gtest.h>

#include "cli/command_line.h"
#include "cli/commands/all.h"

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

TEST(MayOverwrite, IsConsentedToByThatNameAlone) {
  const auto given = [](const std::vector<std::string>& options) {
    std::vector<std::string> words = {"users"};
    words.insert(words.end(), options.begin(), options.end());
    return MayOverwrite(ParseArguments(kRestore, words).value());
  };
  EXPECT_FALSE(given({}).value());
  EXPECT_TRUE(given({"--allow", "overwrite"}).value());
  EXPECT_EQ(given({"--allow", "nonsense"}).error().reason, Reason::kUsage);
  EXPECT_EQ(given({"--allow", "overwrite", "--allow", "nonsense"}).error().reason, Reason::kUsage);
}

TEST(AFileOfARevision, MayHaveTheLineEndsOfACheckout) {
  const std::string text = "-- mig:up\nSELECT 1;\n";
  EXPECT_TRUE(IsFileOf(text, text));
  EXPECT_TRUE(IsFileOf(text, "\xEF\xBB\xBF-- mig:up\r\nSELECT 1;\r\n"));
  EXPECT_FALSE(IsFileOf(text, "-- mig:up\nSELECT 2;\n"));
  EXPECT_FALSE(IsFileOf(text, "-- mig:up\rSELECT 1;\n"));
}

}  // namespace
}  // namespace mig
