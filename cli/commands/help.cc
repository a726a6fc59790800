#include "cli/command_help.h"
#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/manual_page.h"

namespace mig {
namespace {

constexpr Option kHelpOptions[] = {
    {"--man", "", "print a manual page, for `man -l -`"},
};

// For tools: the names of all commands, or one.
std::string Json(std::span<const Command* const> commands) {
  std::string list;
  for (const Command* command : commands) {
    list.append(list.empty() ? "" : ",").append("{\"name\":\"").append(command->name);
    list.append("\",\"summary\":\"").append(command->summary).append("\"}");
  }
  return "{\"commands\":[" + list + "]}\n";
}

Result<int> RunHelp(Context& context) {
  const Style& style = context.terminal().out_style();
  const std::string verb = context.args().Operand(0);
  const bool manual = context.args().Has("man");
  std::string text;
  if (verb.empty()) {
    text = context.json() ? Json(AllCommands()) : manual ? ManualOverview() : Overview(style);
  } else {
    const Command* command = TRY(FindCommand(verb));
    text = context.json() ? Json({&command, 1})
           : manual       ? ManualOf(*command)
                          : HelpOf(*command, style);
  }
  context.terminal().Print(text);
  return kDone;
}

}  // namespace

const Command kHelp = {
    .name = "help",
    .group = Group::kOperate,
    .summary = "List the commands, or show one's arguments and examples",
    .operands = {"[COMMAND]", 0, 1},
    .options = kHelpOptions,
    .examples =
        "$ mig help\n"
        "$ mig help upgrade\n"
        "$ mig help upgrade --man | man -l -",
    .run = RunHelp,
};

}  // namespace mig
