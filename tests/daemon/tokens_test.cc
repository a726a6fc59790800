#include "daemon/tokens.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/token_command.h"
#include "store/core/sha256.h"
#include "tests/scratch_directory.h"

namespace mig {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kDigest[] = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class TokensTest : public ::testing::Test {
 protected:
  TokensTest() {
    world_.now = [] { return std::chrono::system_clock::from_time_t(1795335330); };
    world_.random_hex = [this](std::size_t digits) { return std::string(digits, next_++); };
  }

  std::string Run(const TokenCommand& command) {
    const auto text = RunTokenCommand(command, folder_, world_);
    return text ? *text : std::string(InfoOf(text.error().reason).text);
  }
  std::string Add(const std::string& name) { return Run({TokenCommand::Verb::kAdd, name}); }
  std::string Revoke(const std::string& name) { return Run({TokenCommand::Verb::kRevoke, name}); }
  std::string List() { return Run({}); }

  const ScratchDirectory scratch_;
  const std::string folder_ = scratch_.path();
  World world_;
  char next_ = 'a';
};

TEST_F(TokensTest, AreShownOnceAndKeptAsHashes) {
  const std::string secret = "mig_" + std::string(64, 'a');
  EXPECT_EQ(Run({TokenCommand::Verb::kAdd, "ci", {"shop", "stock"}, true}), secret + "\n");
  EXPECT_EQ(TextOf(folder_ + "/TOKENS"),
            "mig-tokens 1\nci sha256=" + Hex(Sha256(secret)) +
                " made=2026-11-22T08:15:30Z project=shop project=stock read-only\n");
  EXPECT_EQ(List(), "ci                   made 2026-11-22T08:15:30Z, for shop, stock, read-only\n");
  struct stat file = {};
  ASSERT_EQ(::stat((folder_ + "/TOKENS").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600U);
}

TEST_F(TokensTest, AreInForceUntilTheyAreRevoked) {
  Add("ci");
  EXPECT_EQ(Add("ci"), "NAME_TAKEN");
  EXPECT_EQ(Revoke("ci"), "revoked ci\n");
  EXPECT_EQ(Revoke("ci"), "INVALID_ARGUMENT");
  EXPECT_EQ(Revoke("nobody"), "INVALID_ARGUMENT");
  EXPECT_THAT(List(), HasSubstr("revoked 2026-11-22T08:15:30Z"));
  EXPECT_THAT(Add("ci"), HasSubstr("mig_")) << "the name may be given anew";
}

TEST_F(TokensTest, AreSeenAtOnceByWhoHasTheFileOpen) {
  const TokenFile seen_by_the_daemon(folder_);
  EXPECT_TRUE((*seen_by_the_daemon.Current())->empty());
  Add("ci");
  const auto current = *seen_by_the_daemon.Current();
  EXPECT_EQ(FindSecret(*current, "mig_" + std::string(64, 'a'))->name, "ci");
  EXPECT_EQ(FindSecret(*current, "mig_" + std::string(64, 'x')), nullptr);
  EXPECT_EQ(FindSecret(*current, ""), nullptr);
  EXPECT_EQ(*seen_by_the_daemon.Current(), current) << "an unchanged file is not read again";
  Revoke("ci");
  EXPECT_EQ((*seen_by_the_daemon.Current())->front().revoked, "2026-11-22T08:15:30Z");
}

TEST_F(TokensTest, NeedAStoreAndProperNames) {
  EXPECT_EQ(Add("with blank"), "NAME_INVALID");
  EXPECT_EQ(Add(""), "NAME_INVALID");
  EXPECT_EQ(Run({TokenCommand::Verb::kAdd, "ci", {"no project"}}), "NAME_INVALID");
  std::filesystem::remove_all(folder_);
  EXPECT_EQ(Add("ci"), "FILE_UNWRITABLE");
  EXPECT_EQ(List(), "FILE_UNREADABLE");
  EXPECT_FALSE(std::filesystem::exists(folder_)) << "a mistyped folder is not made";
}

TEST(TokenFileText, ReadsExactlyWhatItWrites) {
  const std::vector<AccessToken> tokens = {
      {"ci", kDigest, "2026-11-22T08:15:30Z", {"shop"}, true, ""},
      {"team-a", kDigest, "2026-11-22T08:15:30Z", {}, false, "2026-11-23T00:00:00Z"}};
  const auto read = ParseTokens("TOKENS", FormatTokens(tokens));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, tokens);
}

TEST(TokenFileText, RefusesWhatItDoesNotKnow) {
  const auto error_in = [](const std::string& text) {
    const auto read = ParseTokens("TOKENS", text);
    return read ? std::string("read") : read.error().message;
  };
  const std::string token = "ci sha256=" + std::string(kDigest);
  EXPECT_EQ(error_in("mig-tokens 1\n" + token + "\n"), "read");
  EXPECT_EQ(error_in("mig-tokens 2\n"), "TOKENS:1: this is no line of a file of tokens");
  EXPECT_EQ(error_in("mig-tokens 1\n" + token + " admin\n"),
            "TOKENS:2: this is no line of a file of tokens");
  EXPECT_EQ(error_in("mig-tokens 1\nci\n"), "TOKENS:2: this is no line of a file of tokens");
  EXPECT_EQ(error_in("mig-tokens 1\nci sha256=12\n"),
            "TOKENS:2: this is no line of a file of tokens");
}

}  // namespace
}  // namespace mig
