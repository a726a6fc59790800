#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/file.h"
#include "cli/local_places.h"
#include "cli/render/target.h"

namespace mig {
namespace {

constexpr Option kOptions[] = {
    {"--only-if-idle", "", "stop: leave it alone when runs are active"},
};

Result<int> PrintStatus(Context& context, Client* client) {
  v1::GetDaemonResponse answer = TRY(client->Call(v1::GetDaemonRequest()));
  if (context.json()) {
    context.PrintJson(answer);
  } else {
    context.terminal().Print(RenderDaemon(answer));
  }
  return kDone;
}

Result<int> Status(Context& context) {
  Result<Client*> client = context.running_client();
  if (client) return PrintStatus(context, *client);
  Error error = std::move(client).error();
  const bool is_private = TRY(context.config())->daemon.address.text == "local";
  if (is_private && error.reason == Reason::kDaemonUnreachable)
    error.hint = "`mig daemon start` starts one, as every command does that needs it";
  return error;
}

Result<int> Stop(Context& context) {
  v1::StopDaemonRequest request;
  request.set_only_if_idle(context.args().Has("only-if-idle"));
  Result<Client*> client = context.running_client();
  if (!client && client.error().reason == Reason::kDaemonUnreachable) {
    context.terminal().Tell("no daemon is running\n");
    return kDone;
  }
  Client* daemon = TRY(std::move(client));
  v1::StopDaemonResponse answer = TRY(daemon->Call(request));
  if (context.json()) context.PrintJson(answer);
  context.terminal().Tell(answer.stopping() ? "the daemon is stopping\n"
                                            : "the daemon goes on: runs are active\n");
  return kDone;
}

Result<int> Log(Context& context) {
  const Config* config = TRY(context.config());
  if (config->daemon.address.text != "local") {
    return Error{Reason::kUnsupported,
                 "the log of " + config->daemon.address.text + " is where that daemon runs"};
  }
  LocalPlaces places = TRY(PlacesOf(config->root));
  context.terminal().Print(TRY(ReadFile(places.log())));
  return kDone;
}

Result<int> Run(Context& context) {
  std::string verb = context.args().Operand(0);
  if (verb.empty() || verb == "status") return Status(context);
  if (verb == "stop") return Stop(context);
  if (verb == "log") return Log(context);
  if (verb == "start") return PrintStatus(context, TRY(context.client()));
  Error error{Reason::kUsage, "`mig daemon` has no `" + verb + "`"};
  error.hint = "`mig daemon` takes status, start, stop or log";
  return error;
}

}  // namespace

const Command kDaemon = {
    .name = "daemon",
    .group = Group::kOperate,
    .summary = "Look at, start or stop the daemon of this work tree",
    .description =
        "A private daemon starts by itself with the first command that needs it, and ends when it "
        "is idle.",
    .operands = {"[status|start|stop|log]", 0, 1},
    .options = kOptions,
    .examples =
        "$ mig daemon         # is one running, and what is it doing?\n"
        "$ mig daemon stop    # runs are allowed to end first\n"
        "$ mig daemon log     # what a private daemon wrote to its log",
    .run = Run,
};

}  // namespace mig
