#include "cli/commands/project_files.h"

#include <gmock/gmock.h>

#include "cli/config.h"

namespace mig {
namespace {

using testing::ElementsAre;

TEST(IgnoredFiles, HoldADatabaseThatIsAFileOfTheWorkTree) {
  EXPECT_THAT(IgnoredFiles("sqlite:dev.db"), ElementsAre(".mig/", ".env", "/dev.db", "/dev.db-*"));
  EXPECT_THAT(IgnoredFiles("sqlite:///./var/my db.db"),
              ElementsAre(".mig/", ".env", "/var/my\\ db.db", "/var/my\\ db.db-*"));
  for (const char* url : {"sqlite:/srv/dev.db", "sqlite:////srv/dev.db", "sqlite:../dev.db",
                          "sqlite::memory:", "sqlite:", "${DATABASE_URL}", "postgresql:///shop"}) {
    EXPECT_THAT(IgnoredFiles(url), ElementsAre(".mig/", ".env")) << url;
  }
}

TEST(RemoteSection, HasTheFilesThatAreGiven) {
  const std::string text =
      "[project]\nname = \"shop\"\n" +
      RemoteSection("origin", "https://migd.example:7433",
                    {{"ca_file", ""}, {"certificate_file", "/a \"b\".pem"}, {"key_file", "/k"}});
  const auto config = ParseConfig("mig.toml", text);
  ASSERT_TRUE(config) << text;
  const DaemonConfig& daemon = config->remotes.at("origin").daemon;
  EXPECT_EQ(daemon.address.text, "https://migd.example:7433");
  EXPECT_EQ(daemon.ca_file.text, "");
  EXPECT_EQ(daemon.certificate_file.text, "/a \"b\".pem");
  EXPECT_EQ(daemon.key_file.text, "/k");
}

TEST(ProjectNames, AreMadeOfWhatAFolderIsCalled) {
  EXPECT_EQ(ProjectNameFrom("shop-2.0_x"), "shop-2.0_x");
  EXPECT_EQ(ProjectNameFrom("Mein Lädchen (neu)"), "Mein-Ladchen-neu");
  EXPECT_EQ(ProjectNameFrom("..-shop"), "shop");
  EXPECT_EQ(ProjectNameFrom("магазин"), "app");
}

}  // namespace
}  // namespace mig
