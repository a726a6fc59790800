#include "cli/config.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/scratch_directory.h"

namespace mig {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kMinimal[] = "[project]\nname = \"shop\"\n";

Config Read(const std::string& text) {
  Result<Config> config = ParseConfig("mig.toml", text);
  EXPECT_TRUE(config.has_value()) << (config ? "" : config.error().message);
  return config ? *config : Config{};
}

Error Failure(const std::string& text) {
  Result<Config> config = ParseConfig("mig.toml", text);
  EXPECT_FALSE(config.has_value()) << text;
  return config ? Error{Reason::kInternal, ""} : config.error();
}

TEST(ParseConfig, OfANameAloneFillsInTheRest) {
  Config config = Read(kMinimal);
  EXPECT_EQ(config.project, "shop");
  EXPECT_THAT(config.migrations, ElementsAre("migrations"));
  EXPECT_EQ(config.daemon.address.text, "local");
  EXPECT_TRUE(config.targets.empty());
}

TEST(ParseConfig, TakesTheExampleInTheDocumentation) {
  std::ifstream file(MIG_TEST_DATA "/../docs/mig.toml");
  const Config config = Read({std::istreambuf_iterator<char>(file), {}});
  EXPECT_EQ(config.default_target, "dev");
  EXPECT_EQ(config.daemon.address.text, "https://mig.internal:7433");
  EXPECT_EQ(config.targets.at("staging").schema, "migrations");
  EXPECT_EQ(config.targets.at("prod").require_applied_on, "staging");
  EXPECT_EQ(config.targets.at("prod").placeholders.at("app_role").text, "shop_prod");
  EXPECT_EQ(config.remotes.at("origin").project, "shop");
}

TEST(ParseConfig, RefusesARemoteThatLeadsNowhere) {
  const std::string start(kMinimal);
  EXPECT_THAT(Failure(start + "[remotes.origin]\nproject = \"shop\"\n").message,
              HasSubstr("[remotes.origin] has no address"));
  EXPECT_THAT(Failure(start + "[remotes.origin]\nadress = \"unix:/x\"\n").hint,
              HasSubstr("`address`"));
  EXPECT_EQ(Failure(start + "[remotes.\"a..b\"]\naddress = \"unix:/x\"\n").reason,
            Reason::kConfigInvalid);
}

TEST(RemoteNameOf, IsOriginOrTheOnlyOne) {
  Config config = Read(std::string(kMinimal) + "[remotes.shared]\naddress = \"unix:/x\"\n");
  EXPECT_EQ(*RemoteNameOf(config, ""), "shared");
  EXPECT_EQ(RemoteNameOf(config, "shred").error().hint, "did you mean `shared`?");
  config.remotes["origin"] = {};
  EXPECT_EQ(*RemoteNameOf(config, ""), "origin");
  EXPECT_EQ(RemoteNameOf(Read(kMinimal), "").error().reason, Reason::kNoRemote);
}

TEST(ParseConfig, ReadsEverySection) {
  Config config = Read(R"(
[project]
name = "shop"
migrations = ["core", "billing"]
target = "prod"
[daemon]
address = "https://migd:7433"
token = "${MIG_TOKEN}"
[targets.prod]
url = "postgresql:///shop"
schema = "ops"
[targets.dev]
url = "sqlite:dev.db"
[autogenerate]
schema = "schema.sql"
[remotes.origin]
address = "https://migd:7433"
[remotes.prices]
address = "unix:/run/migd.sock"
project = "prices"
token = "${PRICES_TOKEN}"
)");
  EXPECT_EQ(config.remotes.at("origin").daemon.address.text, "https://migd:7433");
  EXPECT_EQ(config.remotes.at("origin").project, "");
  EXPECT_EQ(config.remotes.at("prices").project, "prices");
  EXPECT_EQ(config.remotes.at("prices").daemon.token.text, "${PRICES_TOKEN}");
  EXPECT_THAT(config.migrations, ElementsAre("core", "billing"));
  EXPECT_EQ(config.default_target, "prod");
  EXPECT_EQ(config.daemon.token.text, "${MIG_TOKEN}");
  EXPECT_EQ(config.targets.at("prod").schema, "ops");
  EXPECT_EQ(config.targets.at("dev").url.text, "sqlite:dev.db");
  EXPECT_EQ(config.targets.at("dev").url.line, 13);
}

TEST(ParseConfig, NamesFileLineAndKeyOfAnUnknownOneAndTheNearest) {
  Error error = Failure("[project]\nname = \"shop\"\nmigration = \"m\"\n");
  EXPECT_EQ(error.reason, Reason::kConfigInvalid);
  EXPECT_EQ(error.message, "mig.toml:3: unknown key `migration` in [project]");
  EXPECT_EQ(error.hint, "did you mean `migrations`?");
  EXPECT_EQ(Failure(std::string(kMinimal) + "[target.dev]\n").hint, "did you mean `targets`?");
  EXPECT_THAT(Failure(std::string(kMinimal) + "[targets.dev]\nuri = \"x\"\n").message,
              HasSubstr("mig.toml:4: unknown key `uri` in [targets.dev]"));
}

TEST(ParseConfig, RefusesWhatIsNoToml) {
  Error error = Failure("[project\nname = 1\n");
  EXPECT_EQ(error.reason, Reason::kConfigInvalid);
  EXPECT_THAT(error.message, HasSubstr("mig.toml:1: "));
}

TEST(ParseConfig, RefusesValuesOfAnotherKind) {
  EXPECT_THAT(Failure("[project]\nname = 3\n").message,
              HasSubstr("mig.toml:2: `name` must be a text in quotes"));
  EXPECT_THAT(Failure("[project]\nname = \"s\"\nmigrations = []\n").message,
              HasSubstr("mig.toml:3: `migrations` is a folder"));
  EXPECT_THAT(Failure("project = \"shop\"\n").message, HasSubstr("write [project]"));
  EXPECT_THAT(Failure(std::string(kMinimal) + "[targets]\ndev = \"sqlite:x\"\n").message,
              HasSubstr("write [targets.dev]"));
}

TEST(ParseConfig, NeedsAProjectsName) {
  EXPECT_THAT(Failure("").message, HasSubstr("[project] is missing"));
  EXPECT_THAT(Failure("[project]\n").message, HasSubstr("[project] has no name"));
}

TEST(DotEnv, ReadsQuotesCommentsAndExports) {
  Environment values = ParseDotEnv("# c\nA=1\nexport B = \"two words\"\nC='x'\nno equals\n\nD=a=b");
  EXPECT_EQ(values, (Environment{{"A", "1"}, {"B", "two words"}, {"C", "x"}, {"D", "a=b"}}));
}

TEST(ExpandVariables, ReplacesNamesAndKeepsOtherDollars) {
  Config config = Read(kMinimal);
  config.environment = {{"USER_1", "ann"}, {"EMPTY", ""}};
  EXPECT_EQ(*ExpandVariables(config, {"a${USER_1}b${EMPTY}c$d$$e$", 1}, "k"), "aannbc$d$e$");
}

TEST(ExpandVariables, NamesTheMissingVariableItsKeyAndLine) {
  Config config = Read(kMinimal);
  config.root = "/srv/shop";
  Result<std::string> expanded = ExpandVariables(config, {"${DB}", 7}, "targets.dev.url");
  ASSERT_FALSE(expanded.has_value());
  EXPECT_EQ(expanded.error().message,
            "/srv/shop/mig.toml:7: `targets.dev.url` needs the environment variable DB, which is "
            "not set");
  EXPECT_FALSE(ExpandVariables(config, {"${DB", 7}, "k").has_value());
  EXPECT_FALSE(ExpandVariables(config, {"${}", 7}, "k").has_value());
}

Config WithTargets(const std::string& targets, Environment environment = {}) {
  Config config = Read(kMinimal + targets);
  config.root = "/srv/shop";
  config.environment = std::move(environment);
  return config;
}

TEST(Target, IsTheOneAskedForElseTheConfiguredElseTheOnlyElseDev) {
  std::string two = "[targets.a]\nurl = \"sqlite:a\"\n[targets.dev]\nurl = \"sqlite:d\"\n";
  EXPECT_EQ(TargetOf(WithTargets(two), "a")->url, "sqlite:a");
  EXPECT_EQ(TargetOf(WithTargets(two), "")->url, "sqlite:d");
  EXPECT_EQ(TargetOf(WithTargets("target = \"a\"\n" + two), "")->url, "sqlite:a");
  EXPECT_EQ(TargetOf(WithTargets("[targets.only]\nurl = \"sqlite:o\"\n"), "")->name, "only");
}

TEST(Target, OfSeveralWithoutADefaultMustBeNamed) {
  Result<ResolvedTarget> target =
      TargetOf(WithTargets("[targets.a]\nurl = \"x\"\n[targets.b]\nurl = \"y\"\n"), "");
  ASSERT_FALSE(target.has_value());
  EXPECT_EQ(target.error().reason, Reason::kNoTarget);
}

TEST(Target, WithoutAUrlIsDatabaseUrl) {
  EXPECT_EQ(TargetOf(WithTargets("", {{"DATABASE_URL", "sqlite:e"}}), "")->url, "sqlite:e");
  EXPECT_EQ(TargetOf(WithTargets("[targets.ci]\n", {{"DATABASE_URL", "sqlite:e"}}), "")->url,
            "sqlite:e");
  EXPECT_EQ(TargetOf(WithTargets(""), "").error().reason, Reason::kNoTarget);
}

TEST(Target, WhoseUrlIsAnEmptyVariableSaysSo) {
  const Result<ResolvedTarget> target = TargetOf(
      WithTargets("[targets.dev]\nurl = \"${DATABASE_URL}\"\n", {{"DATABASE_URL", ""}}), "");
  ASSERT_FALSE(target.has_value());
  EXPECT_EQ(target.error().reason, Reason::kConfigInvalid);
  EXPECT_THAT(target.error().message, HasSubstr("`targets.dev.url` is empty"));
}

TEST(Target, UnknownNamesTheNearestAndNeverFallsBackToDatabaseUrl) {
  Result<ResolvedTarget> target =
      TargetOf(WithTargets("[targets.prod]\nurl = \"x\"\n", {{"DATABASE_URL", "sqlite:e"}}), "prd");
  ASSERT_FALSE(target.has_value());
  EXPECT_EQ(target.error().message, "mig.toml has no target `prd`");
  EXPECT_EQ(target.error().hint, "did you mean `prod`?");
}

TEST(Target, UnknownAndNearNoneListsThemAll) {
  const std::string dev = "[targets.dev]\nurl = \"x\"\n";
  EXPECT_EQ(TargetOf(WithTargets(dev), "elsewhere").error().hint, "its target is dev");
  EXPECT_EQ(TargetOf(WithTargets(dev + "[targets.prod]\nurl = \"x\"\n"), "elsewhere").error().hint,
            "its targets are dev, prod");
}

TEST(Target, CarriesTheCallersConnectionVariablesAndNothingElse) {
  Config config = WithTargets("[targets.dev]\nurl = \"postgresql:///x\"\n",
                              {{"PGUSER", "ann"}, {"HOME", "/h"}, {"SECRET", "s"}});
  EXPECT_EQ(TargetOf(config, "")->environment, (Environment{{"HOME", "/h"}, {"PGUSER", "ann"}}));
  EXPECT_EQ(TargetOf(config, "")->base_directory, "/srv/shop");
}

TEST(Target, CarriesItsPolicies) {
  Config config = WithTargets(
      "[targets.prod]\nurl = \"sqlite:p\"\nprotected = true\nbackup = \"cp x "
      "$MIG_BACKUP_FILE\"\nbackup_timeout = \"2h\"\nrequire_applied_on = \"staging\"\n",
      {});
  Result<ResolvedTarget> target = TargetOf(config, "prod");
  ASSERT_TRUE(target.has_value());
  EXPECT_TRUE(target->is_protected);
  EXPECT_EQ(target->backup, "cp x $MIG_BACKUP_FILE");
  EXPECT_EQ(target->backup_directory, "/srv/shop/backups");
  EXPECT_EQ(target->backup_time_ms, 7200000);
  EXPECT_EQ(target->applied_before, "staging");
}

TEST(Target, HasNoPoliciesWhereNoneAreWritten) {
  Config config = WithTargets("[targets.dev]\nurl = \"sqlite:d\"\n", {});
  Result<ResolvedTarget> target = TargetOf(config, "dev");
  ASSERT_TRUE(target.has_value());
  EXPECT_FALSE(target->is_protected);
  EXPECT_EQ(target->backup + target->backup_directory + target->applied_before, "");
}

TEST(Target, CarriesTheValuesOfItsPlaceholders) {
  const std::string text =
      "[targets.prod]\nurl = \"sqlite:p\"\nplaceholder_key = \"${KEY}\"\n"
      "[targets.prod.placeholders]\nrole = \"shop\"\nsecret = \"${SECRET}$$\"\nnone = \"\"\n";
  Result<ResolvedTarget> target =
      TargetOf(WithTargets(text, {{"KEY", "k"}, {"SECRET", "s"}}), "prod");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->placeholder_key, "k");
  EXPECT_EQ(target->placeholders,
            (std::map<std::string, std::string>{{"none", ""}, {"role", "shop"}, {"secret", "s$"}}));
  target = TargetOf(WithTargets(text, {{"KEY", "k"}}), "prod");
  ASSERT_FALSE(target.has_value());
  EXPECT_THAT(
      target.error().message,
      HasSubstr("`targets.prod.placeholders.secret` needs the environment variable SECRET"));
}

TEST(ParseConfig, RefusesPlaceholdersThatSqlCannotName) {
  const Error error =
      Failure("[project]\nname = \"shop\"\n[targets.prod.placeholders]\n\"two words\" = \"x\"\n");
  EXPECT_THAT(error.message, HasSubstr("mig.toml:4: `two words` is no name"));
}

TEST(Config, RefusesPoliciesThatCannotHold) {
  auto message = [](const std::string& line) {
    Result<Config> config = ParseConfig(
        "/srv/shop/mig.toml", "[project]\nname = \"shop\"\n[targets.prod]\n" + line + "\n");
    return config ? "" : config.error().message;
  };
  EXPECT_THAT(message("protected = 1"), HasSubstr("mig.toml:4: `protected` must be true or false"));
  EXPECT_THAT(message("backup_timeout = \"soon\""), HasSubstr("90s, 30min or 4h"));
  EXPECT_THAT(message("require_applied_on = \"prod\""), HasSubstr("cannot require itself"));
}

TEST(Target, OfASharedDaemonGoesByNameAndTakesNoSecretAlong) {
  Config config = WithTargets("[daemon]\naddress = \"unix:/run/mig.sock\"\n",
                              {{"PGPASSWORD", "s"}, {"DATABASE_URL", "sqlite:e"}});
  Result<ResolvedTarget> target = TargetOf(config, "prod");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->name, "prod");
  EXPECT_EQ(target->url, "");
  EXPECT_TRUE(target->environment.empty());
  config.targets["prod"].placeholders["secret"] = {"s", 1};
  EXPECT_TRUE(TargetOf(config, "prod")->placeholders.empty());
}

class LoadConfigTest : public testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(root_ + "/" + name) << text;
  }

  ScratchDirectory directory_;
  const std::string root_ = directory_.path().string();
};

TEST_F(LoadConfigTest, FindsTheFileInAFolderAbove) {
  Write("mig.toml", kMinimal);
  std::filesystem::create_directories(root_ + "/a/b");
  Result<Config> config = LoadConfig(root_ + "/a/b", {});
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->root, root_);
}

TEST_F(LoadConfigTest, WithoutAFileSaysWhereItLooked) {
  Result<Config> config = LoadConfig(root_, {});
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().reason, Reason::kNoWorkTree);
  EXPECT_THAT(config.error().message, HasSubstr(root_));
}

TEST_F(LoadConfigTest, TakesFromDotEnvWhatTheEnvironmentDoesNotSay) {
  Write("mig.toml", kMinimal);
  Write(".env", "A=file\nB=file\n");
  Result<Config> config = LoadConfig(root_, {{"A", "shell"}});
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->environment, (Environment{{"A", "shell"}, {"B", "file"}}));
}

}  // namespace
}  // namespace mig
