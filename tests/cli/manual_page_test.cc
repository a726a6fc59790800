#include "cli/manual_page.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

namespace mig {
namespace {

using testing::HasSubstr;

constexpr Option kOptions[] = {
    {"-m,--message", "TEXT", "what it does, in `one` line"},
    {"-l,--label", "LABEL", "a label", true},
};

const Command kTry = {.name = "try-it",
                      .summary = "Try something",
                      .description = "Once. 'Twice' with a \\ in it.",
                      .operands = {"REV...", 1, 2},
                      .options = kOptions,
                      .examples = "$ mig try-it a  # one\n'quoted'\n.dotted"};

TEST(ManualPage, IsWrittenInTheLanguageOfMan7) {
  const std::string page = ManualOf(kTry);
  EXPECT_THAT(page, testing::StartsWith(".TH MIG\\-TRY\\-IT 1 "));
  EXPECT_THAT(page, HasSubstr(".SH NAME\nmig\\-try\\-it \\- Try something\n"));
  EXPECT_THAT(page, HasSubstr(".SH SYNOPSIS\n\\fBmig try\\-it\\fR \\fIREV...\\fR"));
  EXPECT_THAT(page, HasSubstr(".TP\n\\fB\\-m\\fR, \\fB\\-\\-message\\fR \\fITEXT\\fR\n"
                              "what it does, in `one` line.\n"));
  EXPECT_THAT(page, HasSubstr("a label (may be repeated).\n"));
}

TEST(ManualPage, PrintsTextThatLooksLikeRoffAsItIs) {
  const std::string page = ManualOf(kTry);
  EXPECT_THAT(page, HasSubstr("'Twice' with a \\e in it."));
  EXPECT_THAT(page, HasSubstr("$ mig try\\-it a  # one\n\\&'quoted'\n\\&.dotted\n"));
}

TEST(ManualPage, KnowsEveryRequestAtTheStartOfALine) {
  const std::vector<std::string> known = {".TH", ".SH", ".SS", ".TP", ".P", ".nf", ".fi"};
  std::string pages = ManualOverview();
  for (const Command* command : AllCommands()) pages += ManualOf(*command);
  std::istringstream lines(pages);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_FALSE(line.starts_with('\'')) << line;
    if (!line.starts_with('.')) continue;
    EXPECT_THAT(known, testing::Contains(line.substr(0, line.find(' '))));
  }
}

TEST(ManualPage, OfMigNamesEveryCommand) {
  std::string overview = ManualOverview();
  std::erase(overview, '\\');
  for (const Command* command : AllCommands()) {
    EXPECT_THAT(overview, HasSubstr("mig-" + std::string(command->name) + "fR(1)"));
  }
}

}  // namespace
}  // namespace mig
