#include "store/core/names.h"

#include <gmock/gmock.h>

namespace mig {
namespace {

TEST(CheckRevisionName, TakesWhatTheRuleSays) {
  for (const std::string& name :
       {std::string("a"), std::string("_"), std::string("0"), std::string("a."),
        std::string("20261122081530_create_products_table"), std::string("Users.v2"),
        std::string("headroom"), std::string(128, 'x')}) {
    EXPECT_TRUE(CheckRevisionName(name)) << name;
  }
}

struct BadName {
  std::string name;
  std::string why;
};

TEST(CheckRevisionName, SaysWhichRuleIsBroken) {
  const BadName names[] = {
      {"", "`` cannot be a revision name: it is empty"},
      {".hidden", "`.hidden` cannot be a revision name: it starts with `.`"},
      {"a-b", "`a-b` cannot be a revision name: it holds `-`"},
      {"a b", "`a b` cannot be a revision name: it holds ` `"},
      {"a/b", "`a/b` cannot be a revision name: it holds `/`"},
      {"a\x1b[1m", "`a?[1m` cannot be a revision name: it holds `?`"},
      {"pr\xC3\xA9nom", "`pr\xC3\xA9nom` cannot be a revision name: it holds `\xC3\xA9`"},
      {"a\xFF", "`a?` cannot be a revision name: it holds `?`"},
      {"head", "`head` cannot be a revision name: the word is reserved"},
      {"HEADS", "`HEADS` cannot be a revision name: the word is reserved"},
      {"Base", "`Base` cannot be a revision name: the word is reserved"},
      {"current", "`current` cannot be a revision name: the word is reserved"},
  };
  for (const BadName& bad : names) {
    const Result<void> checked = CheckRevisionName(bad.name);
    ASSERT_FALSE(checked) << bad.name;
    EXPECT_EQ(checked.error().reason, Reason::kNameInvalid);
    EXPECT_EQ(checked.error().message, bad.why);
  }
  EXPECT_FALSE(CheckRevisionName(std::string(129, 'x')));
}

TEST(CheckLabel, AlsoTakesHyphensButNotFirst) {
  EXPECT_TRUE(CheckLabel("team-a.prices"));
  EXPECT_TRUE(CheckLabel("billing_base"));
  EXPECT_FALSE(CheckLabel("-1"));
  EXPECT_FALSE(CheckLabel("a+1"));
  EXPECT_FALSE(CheckLabel("heads"));
}

TEST(CheckRefName, TakesWhatGitTakesInAscii) {
  for (const char* ref :
       {"main", "team-a/prices", "a.b", "x@y", "team/heads", "a/b/c", "fix/#12", "header"}) {
    EXPECT_TRUE(CheckRefName(ref)) << ref;
  }
  for (const char* ref :
       {"",     "/",     "/a",    "a/",     "a//b",     ".a",        "a/.b",   "-a",
        "a/-b", "a..b",  "a.",    "a.lock", "a.lock/b", "@",         "a@{1}",  "a b",
        "a\tb", "a\x7f", "a~1",   "a^",     "a:b",      "a?",        "a*",     "a[b",
        "a\\b", "a\xFF", "heads", "HEAD",   "Base",     "refs/main", "Refs/x", "m\xD0\xB0in"}) {
    const Result<void> checked = CheckRefName(ref);
    ASSERT_FALSE(checked) << ref;
    EXPECT_EQ(checked.error().reason, Reason::kNameInvalid);
    EXPECT_THAT(HintOf(checked.error()), testing::HasSubstr("names of refs"));
  }
  EXPECT_TRUE(CheckRefName(std::string(255, 'r')));
  EXPECT_FALSE(CheckRefName(std::string(256, 'r')));
}

TEST(NameKey, IgnoresCaseAndNothingElse) {
  EXPECT_EQ(NameKey("Create_Users.V2"), NameKey("create_users.v2"));
  EXPECT_NE(NameKey("create_users"), NameKey("create.users"));
}

}  // namespace
}  // namespace mig
