#include "daemon/config.h"

#include <gmock/gmock.h>

namespace mig {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kDigest[] = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

Result<DaemonConfig> Parse(const std::string& text) {
  return ParseDaemonConfig("migd.toml", text,
                           {{"MIG_STORE", "/var/lib/mig"}, {"SECRET", "hunter2"}});
}

Error ErrorIn(const std::string& text) {
  const auto config = Parse(text);
  return config ? Error{Reason::kInternal, "it was accepted"} : config.error();
}

TEST(DaemonConfig, HoldsWhatTheFileSays) {
  const auto config = Parse(R"(
store = "${MIG_STORE}/shop"
listen = ["unix:/run/mig/migd.sock", "0.0.0.0:7433"]
accept_urls = true
[log]
format = "json"
level = "debug"
[tls]
certificate = "/etc/mig/server.pem"
key = "/etc/mig/server.key"
[[tokens]]
name = "team-a"
sha256 = ")" + std::string(kDigest) +
                            R"("
projects = ["shop", "stock"]
read_only = true
[unix]
allow_uids = [1000, 1001]
[targets.prod]
project = "shop"
url = "postgresql://mig:${SECRET}@db/shop"
)");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->store, "/var/lib/mig/shop");
  EXPECT_THAT(config->listen, ElementsAre("unix:/run/mig/migd.sock", "0.0.0.0:7433"));
  EXPECT_TRUE(config->accept_urls);
  EXPECT_EQ(config->log_format, LogFormat::kJson);
  EXPECT_EQ(config->log_level, LogLevel::kDebug);
  EXPECT_EQ(config->tls.key, "/etc/mig/server.key");
  ASSERT_EQ(config->tokens.size(), 1U);
  EXPECT_EQ(config->tokens[0].name, "team-a");
  EXPECT_THAT(config->tokens[0].projects, ElementsAre("shop", "stock"));
  EXPECT_TRUE(config->tokens[0].read_only);
  EXPECT_THAT(config->allowed_uids, ElementsAre(1000U, 1001U));
  EXPECT_EQ(config->targets.at("prod").url, "postgresql://mig:hunter2@db/shop");
  EXPECT_TRUE(CheckDaemonConfig(*config));
}

TEST(DaemonConfig, AcceptsTheExampleThatIsInstalled) {
  const auto config = LoadDaemonConfig(MIG_TEST_DATA "/../docs/migd.toml", {});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_TRUE(CheckDaemonConfig(*config));
}

TEST(DaemonConfig, NamesFileLineAndKeyOfAMistake) {
  const Error error = ErrorIn("store = \"/x\"\n[log]\nlevel = 3\n");
  EXPECT_EQ(error.reason, Reason::kConfigInvalid);
  EXPECT_EQ(error.message, "migd.toml:3: `log.level` must be a string");
  EXPECT_EQ(error.details.at("file"), "migd.toml");
  EXPECT_EQ(error.details.at("line"), "3");
  EXPECT_EQ(error.details.at("key"), "log.level");
}

TEST(DaemonConfig, SuggestsTheKeyThatWasMeant) {
  EXPECT_EQ(ErrorIn("lisen = []").hint, "did you mean `listen`?");
  EXPECT_EQ(ErrorIn("[tls]\ncertifcate = \"x\"").hint, "did you mean `certificate`?");
}

TEST(DaemonConfig, RefusesWhatItCannotMean) {
  EXPECT_EQ(ErrorIn("store = ").details.at("line"), "1");
  EXPECT_EQ(ErrorIn("listen = \"unix:/a\"").message, "migd.toml:1: `listen` must be a list");
  EXPECT_EQ(ErrorIn("listen = [\"unix:relative\"]").reason, Reason::kConfigInvalid);
  EXPECT_EQ(ErrorIn("listen = [\"localhost\"]").reason, Reason::kConfigInvalid);
  EXPECT_EQ(ErrorIn("[[tokens]]\nname = \"a\"\nsha256 = \"plain\"").reason, Reason::kConfigInvalid);
  EXPECT_EQ(ErrorIn("[tls]\nkey = \"k\"").reason, Reason::kConfigInvalid);
  EXPECT_EQ(ErrorIn("[unix]\nallow_uids = [\"bob\"]").reason, Reason::kConfigInvalid);
  EXPECT_EQ(ErrorIn("[log]\nformat = \"xml\"").reason, Reason::kConfigInvalid);
  EXPECT_EQ(ErrorIn("[targets.prod]\nproject = \"p\"").message,
            "migd.toml:1: `targets.prod` needs a `url`");
}

TEST(DaemonConfig, TakesNoListOfProjectsThatNamesNone) {
  const std::string token = "[[tokens]]\nname = \"a\"\nsha256 = \"" + std::string(kDigest) + "\"\n";
  ASSERT_TRUE(Parse(token));
  EXPECT_EQ(ErrorIn(token + "projects = []").message,
            "migd.toml:4: `tokens.projects` names no project");
  EXPECT_EQ(ErrorIn(token + "projects = [\"shop\", \"a b\"]").reason, Reason::kConfigInvalid);
  EXPECT_EQ(ErrorIn(token + "projects = [\"\"]").reason, Reason::kConfigInvalid);
}

TEST(DaemonConfig, RefusesTargetsThatNoCallCouldReach) {
  const auto error_of = [](const std::string& url) {
    return ErrorIn("[targets.prod]\nurl = \"" + url + "\"").message;
  };
  EXPECT_THAT(error_of("postgrs://mig:hunter2@db/shop"),
              AllOf(HasSubstr("migd.toml:2: `targets.prod.url` is wrong: "), HasSubstr("postgrs"),
                    Not(HasSubstr("hunter2"))));
  EXPECT_THAT(error_of("sqlite:rel.db"), HasSubstr("rel.db is relative to no known folder"));
  EXPECT_THAT(
      ErrorIn("[targets.prod]\nurl = \"sqlite:/p\"\nproject = \"a b\"").message,
      HasSubstr("migd.toml:3: `targets.prod.project` is wrong: `a b` is no project's name"));
}

TEST(DaemonConfig, RefusesNamesThatAreNone) {
  EXPECT_THAT(ErrorIn("[projects.\"a b\".refs.main]\n").message,
              HasSubstr("`a b` is no project's name"));
  const std::string token = "[[tokens]]\nname = \"a\"\nsha256 = \"" + std::string(kDigest) + "\"\n";
  EXPECT_THAT(ErrorIn(token + token).message, HasSubstr("has the name `a` twice"));
}

TEST(DaemonConfig, ReadsThePoliciesOfItsTargets) {
  const auto config = Parse(
      "[targets.staging]\nurl = \"sqlite:/s\"\n[targets.prod]\nurl = \"sqlite:/p\"\nprotected = "
      "true\nbackup = \"cp x $MIG_BACKUP_FILE\"\nbackup_directory = \"/b\"\nbackup_timeout = "
      "\"30min\"\nrequire_applied_on = \"staging\"");
  ASSERT_TRUE(config) << config.error().message;
  const ServedTarget& prod = config->targets.at("prod");
  EXPECT_TRUE(prod.policy.is_protected);
  EXPECT_EQ(prod.policy.backup, "cp x $MIG_BACKUP_FILE");
  EXPECT_EQ(prod.policy.backup_directory, "/b");
  EXPECT_EQ(prod.policy.backup_time, std::chrono::minutes(30));
  EXPECT_EQ(prod.require_applied_on, "staging");
  EXPECT_FALSE(config->targets.at("staging").policy.is_protected);
}

TEST(DaemonConfig, ReadsTheValuesOfPlaceholders) {
  const std::string prod = "[targets.prod]\nurl = \"sqlite:/p\"\n";
  const auto config = Parse(prod +
                            "placeholder_key = \"k\"\nplaceholders = { role = \"shop\", "
                            "secret = \"${SECRET}\" }");
  ASSERT_TRUE(config) << config.error().message;
  const ServedTarget& target = config->targets.at("prod");
  EXPECT_EQ(target.placeholder_key, "k");
  EXPECT_EQ(target.placeholders.at("role") + " " + target.placeholders.at("secret"),
            "shop hunter2");
  EXPECT_THAT(ErrorIn(prod + "placeholders = { \"a-b\" = \"x\" }").message,
              HasSubstr("`targets.prod.placeholders.a-b` is no name"));
}

TEST(DaemonConfig, RefusesPoliciesThatCannotHold) {
  const std::string prod = "[targets.prod]\nurl = \"sqlite:/p\"\n";
  EXPECT_THAT(ErrorIn(prod + "backup = \"sqlite\"").message, HasSubstr("`backup_directory`"));
  EXPECT_THAT(ErrorIn(prod + "backup_timeout = \"soon\"").message, HasSubstr("90s, 30min or 4h"));
  EXPECT_THAT(ErrorIn(prod + "require_applied_on = \"staging\"").message,
              HasSubstr("no other target"));
  EXPECT_THAT(ErrorIn(prod + "require_applied_on = \"prod\"").message,
              HasSubstr("no other target"));
  EXPECT_THAT(ErrorIn(prod + "protected = \"yes\"").message, HasSubstr("true or false"));
}

TEST(DaemonConfig, ReadsThePoliciesOfRefs) {
  const auto config = Parse(
      "[projects.shop.refs.main]\npolicy = \"fast-forward\"\n"
      "[projects.shop.refs.\"team-a/prices\"]\npolicy = \"heads\"\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->ref_policies, (RefPolicies{{{"shop", "main"}, RefPolicy::kFastForward},
                                               {{"shop", "team-a/prices"}, RefPolicy::kHeads}}));
}

TEST(DaemonConfig, RefusesPoliciesItDoesNotHave) {
  EXPECT_EQ(ErrorIn("[projects.shop.refs.main]\npolicy = \"merge\"").message,
            "migd.toml:2: `projects.shop.refs.main.policy` cannot be merge yet: this version knows "
            "fast-forward and heads");
  EXPECT_EQ(ErrorIn("[projects.shop.refs.main]\npolicy = \"force\"").reason,
            Reason::kConfigInvalid);
  EXPECT_EQ(ErrorIn("[projects.shop.refs.\"a..b\"]\n").reason, Reason::kConfigInvalid);
  EXPECT_EQ(ErrorIn("[projects.shop]\nref = 1\n").hint, "did you mean `refs`?");
}

TEST(DaemonConfig, NamesAVariableThatIsNotSet) {
  EXPECT_EQ(ErrorIn("store = \"${NOWHERE}\"").message,
            "migd.toml:1: `store` needs the environment variable `NOWHERE`, which is not set");
  EXPECT_EQ(ErrorIn("store = \"$HOME\"").reason, Reason::kConfigInvalid);
  EXPECT_EQ(Parse("store = \"/a$$b\"")->store, "/a$b");
}

TEST(DaemonConfig, NeverServesTcpInTheOpen) {
  DaemonConfig config;
  config.store = "/x";
  config.listen = {"0.0.0.0:7433"};
  EXPECT_EQ(CheckDaemonConfig(config).error().reason, Reason::kConfigInvalid);
  config.tls = {"server.pem", "server.key", ""};
  EXPECT_TRUE(CheckDaemonConfig(config)) << "tokens may be made later; until then nobody is let in";
}

TEST(DaemonConfig, NeedsAStoreAndAnAddress) {
  EXPECT_EQ(CheckDaemonConfig(DaemonConfig{}).error().details.at("key"), "store");
  DaemonConfig config;
  config.store = "/x";
  EXPECT_EQ(CheckDaemonConfig(config).error().details.at("key"), "listen");
}

}  // namespace
}  // namespace mig
