#include <nlohmann/json.hpp>

#include "cli/command_help.h"
#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/manual_page.h"

namespace mig {
namespace {

constexpr Option kHelpOptions[] = {
    {"--man", "", "print a manual page, for `man -l -`"},
};

// For tools: what is known of all commands, or of one.
std::string Json(std::span<const Command* const> commands) {
  using nlohmann::ordered_json;
  ordered_json list = ordered_json::array();
  for (const Command* command : commands) {
    ordered_json options = ordered_json::array();
    for (const Option* option : OptionsOf(*command)) {
      options.push_back({{"names", NamesOf(*option)},
                         {"value", option->value},
                         {"summary", option->help},
                         {"repeated", option->repeated}});
    }
    list.push_back({{"name", command->name},
                    {"summary", command->summary},
                    {"arguments", command->operands.usage},
                    {"options", options}});
  }
  return ordered_json{{"commands", list}}.dump() + "\n";
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
