#include "cli/commands/all.h"
#include "cli/context.h"

namespace mig {
namespace {

Result<int> RunVersion(Context& context) {
  std::string version = MIG_VERSION;
  context.terminal().Print(context.json() ? "{\"version\":\"" + version + "\"}\n"
                                          : "mig " + version + "\n");
  return kDone;
}

}  // namespace

const Command kVersion = {
    .name = "version",
    .group = Group::kOperate,
    .summary = "Print the version of mig",
    .description = "Asks no daemon; `mig daemon status` shows the daemon's version.",
    .examples =
        "$ mig version\n"
        "$ mig version --json",
    .run = RunVersion,
};

}  // namespace mig
