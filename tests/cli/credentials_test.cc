#include "cli/credentials.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include "tests/scratch_directory.h"

namespace mig {
namespace {

TEST(AnAddressOfADaemon, HasOneSpelling) {
  for (const char* same : {"https://migd.example:7433", "https://migd.example:7433/"})
    EXPECT_EQ(NormalAddress(same).value(), "https://migd.example:7433");
  for (const char* other : {"local", "unix:/run/mig/", "nonsense"})
    EXPECT_EQ(NormalAddress(other).value(), other);
  for (const char* wrong : {"https://", "https:///", "https://:7433", "https://migd.example/shop",
                            "https://ann@migd.example", "https://migd.example 7433"}) {
    const auto normal = NormalAddress(wrong);
    ASSERT_FALSE(normal) << wrong;
    EXPECT_EQ(normal.error().reason, Reason::kConfigInvalid) << wrong;
  }
}

TEST(Credentials, AreKeptBelowTheHomeThatTheSystemKnowsWhereNoneIsSet) {
  const passwd* user = ::getpwuid(::getuid());
  ASSERT_NE(user, nullptr);
  const std::string file = std::string(user->pw_dir) + "/.config/mig/credentials";
  EXPECT_EQ(CredentialsFile({}).value(), file);
  EXPECT_EQ(CredentialsFile({{"HOME", ""}}).value(), file);
  EXPECT_EQ(CredentialsFile({{"HOME", "/home/ann"}}).value(), "/home/ann/.config/mig/credentials");
}

TEST(Credentials, AreFoundUntilTheyAreForgotten) {
  const ScratchDirectory folder;
  const Environment environment = {{"XDG_CONFIG_HOME", folder.path().string()}};
  const std::string address = "https://migd.example:7433";
  ASSERT_TRUE(KeepCredential(environment, {address, "mig_1"}));
  ASSERT_TRUE(KeepCredential(environment, {address, "mig_2", "/ca file.pem"}));
  const auto found = FindCredential(environment, address).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->token, "mig_2");
  EXPECT_EQ(found->ca_file, "/ca file.pem");
  EXPECT_TRUE(ForgetCredential(environment, address).value());
  EXPECT_FALSE(FindCredential(environment, address).value());
  EXPECT_FALSE(ForgetCredential(environment, address).value());
}

}  // namespace
}  // namespace mig
