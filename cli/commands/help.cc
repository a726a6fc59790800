#include "cli/command_help.h"
#include "cli/commands/all.h"
#include "cli/context.h"

namespace mig {
namespace {

Result<int> Run(Context& context) {
  const Style& style = context.terminal().out_style();
  std::string verb = context.args().Operand(0);
  if (verb.empty()) {
    context.terminal().Print(Overview(style));
  } else {
    context.terminal().Print(HelpOf(*TRY(FindCommand(verb)), style));
  }
  return kDone;
}

}  // namespace

const Command kHelp = {
    .name = "help",
    .group = Group::kOperate,
    .summary = "List the commands, or show one's arguments and examples",
    .operands = {"[COMMAND]", 0, 1},
    .examples =
        "$ mig help\n"
        "$ mig help upgrade",
    .run = Run,
};

}  // namespace mig
