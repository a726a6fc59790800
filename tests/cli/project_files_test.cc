#include "cli/commands/project_files.h"

#include <gmock/gmock.h>

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

}  // namespace
}  // namespace mig
