#include "cli/command_line.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "cli/command_help.h"

namespace mig {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Option kOptions[] = {
    {"-m,--message", "TEXT", "help"},
    {"-l,--label", "LABEL", "help", true},
    {"-r,--rev-range", "RANGE", "help"},
    {"-v,--verbose", "", "help"},
};

const Command kCommand = {.name = "try",
                          .summary = "s",
                          .operands = {"REV...", 1, 2},
                          .options = kOptions,
                          .examples = "$ mig try"};

constexpr Option kOptionsOfVerbs[] = {
    {.names = "--far", .help = "help", .group = "place"},
    {.names = "--near", .help = "help", .group = "place"},
    {.names = "--fast", .help = "help", .verb = "go"},
};

constexpr Verb kVerbs[] = {{"stay"}, {"go", {"PLACE", 1, 1}}};

const Command kWithVerbs = {.name = "move",
                            .summary = "s",
                            .operands = {"[stay|go] [PLACE]", 0, 2},
                            .verbs = kVerbs,
                            .options = kOptionsOfVerbs,
                            .examples = "$ mig move"};

Arguments Parse(const std::vector<std::string>& words) {
  Result<Arguments> arguments = ParseArguments(kCommand, words);
  EXPECT_TRUE(arguments.has_value()) << (arguments ? "" : arguments.error().message);
  return arguments ? *arguments : Arguments{};
}

Error Failure(const std::vector<std::string>& words) {
  Result<Arguments> arguments = ParseArguments(kCommand, words);
  EXPECT_FALSE(arguments.has_value());
  return arguments ? Error{Reason::kInternal, ""} : arguments.error();
}

TEST(AUsageError, HintsAtTheHelpOfItsCommandUnlessItKnowsBetter) {
  const std::string help = "`mig help try` shows its arguments and examples";
  EXPECT_EQ(PointingToHelp(kCommand, {Reason::kUsage, "no"}).hint, help);
  const std::string of_a_daemon = HintOf({Reason::kUsage, "no"});
  EXPECT_EQ(PointingToHelp(kCommand, {Reason::kUsage, "no", {}, of_a_daemon}).hint, help);
  EXPECT_EQ(PointingToHelp(kCommand, {Reason::kUsage, "no", {}, "do this"}).hint, "do this");
  EXPECT_EQ(PointingToHelp(kCommand, {Reason::kNoTarget, "no"}).hint, "");
}

TEST(Arguments, SortsOptionsSwitchesAndOperands) {
  Arguments arguments = Parse({"a", "-m", "two words", "--verbose", "b", "--json"});
  EXPECT_THAT(arguments.operands(), ElementsAre("a", "b"));
  EXPECT_EQ(arguments.Value("message"), "two words");
  EXPECT_TRUE(arguments.Has("verbose"));
  EXPECT_TRUE(arguments.Has("json"));
  EXPECT_FALSE(arguments.Has("quiet"));
}

TEST(Arguments, TakesRelativeRevisionsForWhatTheyAre) {
  EXPECT_THAT(Parse({"-1"}).operands(), ElementsAre("-1"));
  EXPECT_THAT(Parse({"+1"}).operands(), ElementsAre("+1"));
  EXPECT_THAT(Parse({"-v", "-12", "x@-1"}).operands(), ElementsAre("-12", "x@-1"));
}

TEST(Arguments, TakesARangeThatStartsWithAMinusInEverySpelling) {
  EXPECT_EQ(Parse({"x", "-r-3:current"}).Value("rev-range"), "-3:current");
  EXPECT_EQ(Parse({"x", "-r", "-3:current"}).Value("rev-range"), "-3:current");
  EXPECT_EQ(Parse({"x", "--rev-range=-3:"}).Value("rev-range"), "-3:");
  EXPECT_EQ(Parse({"x", "--rev-range", "-3:"}).Value("rev-range"), "-3:");
}

TEST(Arguments, KeepsValuesAsTheyAre) {
  for (std::string value : {"", "[a,b]", "a=b", "{}", "x y", "\"q\"", "%%", "head"}) {
    EXPECT_EQ(Parse({"x", "-m", value}).Value("message"), value) << value;
    EXPECT_EQ(Parse({"x", "--message=" + value}).Value("message"), value) << value;
  }
}

TEST(Arguments, CollectsARepeatedOptionAndRefusesAnotherGivenTwice) {
  EXPECT_THAT(Parse({"x", "-l", "a", "-l", "b"}).Values("label"), ElementsAre("a", "b"));
  EXPECT_EQ(Failure({"x", "-m", "a", "-m", "b"}).message, "--message is given twice");
}

TEST(Arguments, AfterTwoDashesAreAllOperands) {
  EXPECT_THAT(Parse({"-v", "--", "--weird"}).operands(), ElementsAre("--weird"));
}

TEST(Arguments, NamesAnUnknownOptionAndTheNearest) {
  Error error = Failure({"x", "--mesage", "y"});
  EXPECT_EQ(error.reason, Reason::kUsage);
  EXPECT_EQ(error.message, "`mig try` has no option --mesage");
  EXPECT_EQ(error.hint, "did you mean `--message`?");
}

TEST(Arguments, SaysWhyAnOptionOfAlembicHasNoPlace) {
  Error error = Failure({"x", "--raiseerr"});
  EXPECT_EQ(error.reason, Reason::kUnsupported);
  EXPECT_THAT(error.message, HasSubstr("tracebacks"));
}

TEST(Arguments, CountsOperands) {
  EXPECT_EQ(Failure({}).message, "`mig try` needs REV...");
  EXPECT_EQ(Failure({"a", "b", "c"}).message, "`mig try` does not take `c`");
  EXPECT_EQ(Failure({"x", "-m"}).reason, Reason::kUsage);
  EXPECT_THAT(Parse({"--help"}).operands(), IsEmpty());
}

TEST(Arguments, OfAVerbAreThoseItTakes) {
  const auto refusal = [](const std::vector<std::string>& words) {
    const Result<Arguments> arguments = ParseArguments(kWithVerbs, words);
    return arguments ? std::string() : arguments.error().message + "; " + arguments.error().hint;
  };
  const std::string help = "; `mig help move` shows its arguments and examples";
  EXPECT_EQ(refusal({}), "");
  EXPECT_EQ(refusal({"stay", "--far"}), "");
  EXPECT_EQ(refusal({"go", "home", "--fast", "--near"}), "");
  EXPECT_EQ(refusal({"go", "--help"}), "");
  EXPECT_EQ(refusal({"run"}), "`mig move` has no `run`; stay and go exist");
  EXPECT_EQ(refusal({"go"}), "`mig move go` needs PLACE" + help);
  EXPECT_EQ(refusal({"stay", "home"}), "`mig move stay` does not take `home`" + help);
  EXPECT_EQ(refusal({"go", "home", "away"}), "`mig move go` does not take `away`" + help);
  EXPECT_EQ(refusal({"stay", "--fast"}), "`mig move stay` has no --fast" + help);
  EXPECT_EQ(refusal({"--fast"}), "`mig move` has no --fast" + help);
}

TEST(Arguments, OfOneGroupAreRefusedTogether) {
  const Result<Arguments> both = ParseArguments(kWithVerbs, {"--near", "--far"});
  ASSERT_FALSE(both.has_value());
  EXPECT_EQ(both.error().reason, Reason::kUsage);
  EXPECT_EQ(both.error().message, "--far and --near exclude each other: give one of them");
}

TEST(Words, BeforeTheVerbBelongToItToo) {
  Words words = SplitVerb({"-C", "dir", "--json", "upgrade", "head", "-t", "prod"});
  EXPECT_EQ(words.verb, "upgrade");
  EXPECT_THAT(words.rest, ElementsAre("-C", "dir", "--json", "head", "-t", "prod"));
  EXPECT_EQ(SplitVerb({"--help"}).verb, "");
}

TEST(Commands, AreFoundByNameAliasAndAlembicsSpelling) {
  EXPECT_EQ((*FindCommand("history"))->name, "history");
  EXPECT_EQ((*FindCommand("log"))->name, "log");
  EXPECT_EQ((*FindCommand("ensure_version"))->name, "ensure-version");
  EXPECT_EQ((*FindCommand("list_templates"))->name, "list-templates");
}

TEST(Commands, UnknownNameTheNearest) {
  Result<const Command*> found = FindCommand("upgrde");
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().reason, Reason::kUsage);
  EXPECT_EQ(found.error().hint, "did you mean `upgrade`?");
}

TEST(Commands, AreCompleteRecords) {
  std::set<std::string_view> names;
  for (const Command* command : AllCommands()) {
    EXPECT_TRUE(names.insert(command->name).second) << command->name;
    EXPECT_FALSE(command->summary.empty()) << command->name;
    EXPECT_THAT(std::string(command->examples), HasSubstr("$ mig ")) << command->name;
    EXPECT_NE(command->run, nullptr) << command->name;
    EXPECT_TRUE(ParseArguments(*command, {"--help"}).has_value()) << command->name;
  }
}

TEST(Commands, HaveTheVerbsThatTheirOptionsName) {
  for (const Command* command : AllCommands()) {
    for (const Option& option : command->options) {
      if (option.verb.empty()) continue;
      EXPECT_EQ(std::ranges::count(command->verbs, option.verb, &Verb::name), 1)
          << command->name << " " << option.names;
    }
  }
}

TEST(Commands, DefineEveryOptionOnce) {
  for (const Command* command : AllCommands()) {
    std::set<std::string_view> seen;
    for (const Option* option : OptionsOf(*command)) {
      for (std::string_view name : NamesOf(*option))
        EXPECT_TRUE(seen.insert(name).second) << command->name << " " << name;
    }
  }
}

TEST(Help, ShowsSynopsisOptionsAndExamplesWithinAHundredColumns) {
  for (const Command* command : AllCommands()) {
    std::string help = HelpOf(*command, Style(false));
    EXPECT_THAT(help, HasSubstr("Usage: mig " + std::string(command->name)));
    EXPECT_THAT(help, HasSubstr("Examples\n  $ "));
    for (std::size_t start = 0; start < help.size();) {
      std::size_t end = help.find('\n', start);
      EXPECT_LE(end - start, 100U) << command->name << ": " << help.substr(start, end - start);
      start = end + 1;
    }
  }
}

}  // namespace
}  // namespace mig
