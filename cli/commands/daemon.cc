#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <thread>

#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/file.h"
#include "cli/local_daemon.h"
#include "cli/local_places.h"
#include "cli/option_value.h"
#include "cli/render/count.h"
#include "cli/render/target.h"
#include "cli/running_process.h"
#include "store/core/duration.h"

namespace mig {
namespace {

// A daemon interrupts its runs after some seconds; what they wait for then takes seconds, too.
constexpr std::chrono::milliseconds kStopLimit{30'000};
constexpr std::chrono::milliseconds kStopPoll{50};

constexpr Option kDaemonOptions[] = {
    {.names = "--only-if-idle",
     .help = "stop: leave it alone when runs are active",
     .verb = "stop"},
    {.names = "--timeout",
     .value = "TIME",
     .help = "stop: wait so long for its end, 10s or 2min (default 30s)",
     .verb = "stop"},
};

constexpr Verb kDaemonVerbs[] = {{"status"}, {"start"}, {"stop"}, {"log"}};

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

Result<std::chrono::milliseconds> TimeoutOf(const Arguments& arguments) {
  if (!arguments.Has("timeout")) return kStopLimit;
  return DurationOf("--timeout", arguments.Value("timeout"), "10s or 2min");
}

Error StillStopping(std::int64_t pid, std::chrono::milliseconds limit, const std::string& doing) {
  const std::string process = std::to_string(pid);
  return {Reason::kDraining,
          "the daemon (process " + process + ") is still stopping after " + WriteDuration(limit) +
              ": " + doing,
          {{"pid", process}},
          "wait on with --timeout; `kill " + process +
              "` ends it at once, and what took effect is recorded in the targets"};
}

// A daemon that was told to stop, watched until it is gone. It is asked what it does as long as it
// answers: a connection that nobody reads from would keep it from ending.
class Stopping {
 public:
  Stopping(Client& daemon, v1::GetDaemonResponse before)
      : daemon_(daemon),
        last_(std::move(before)),
        process_(RunningProcess::Find(
            last_.pid() == daemon.ListeningProcess() ? static_cast<pid_t>(last_.pid()) : 0)) {}

  // Whether it is gone, after so long.
  bool AwaitEnd(std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!HasEnded()) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      if (answers_) Ask();
    }
    return true;
  }

  std::string doing() const {
    if (!answers_) return "it takes no calls any more";
    if (last_.active_runs() == 0) return "it ends its calls";
    return Counted(last_.active_runs(), "run is active", "runs are active");
  }

 private:
  // Looks for a moment. Where the process cannot be seen from here, since it is in another
  // container, the end of its answers is the last sign of it.
  bool HasEnded() const {
    if (process_) return process_->AwaitEnd(kStopPoll);
    std::this_thread::sleep_for(kStopPoll);
    return !answers_;
  }

  void Ask() {
    Result<v1::GetDaemonResponse> answer = daemon_.Call(v1::GetDaemonRequest());
    answers_ = answer && answer->started() == last_.started();
    if (answers_) last_ = std::move(answer).value();
  }

  Client& daemon_;
  v1::GetDaemonResponse last_;
  const std::optional<RunningProcess> process_;
  bool answers_ = true;
};

// A private daemon stops listening first, and holds its lock to the end.
Result<int> AwaitUnheard(Context& context, std::chrono::milliseconds limit) {
  const Config* config = TRY(context.config());
  pid_t holder = 0;
  if (config->daemon.address.text == "local")
    holder = LocalDaemon(TRY(PlacesOf(config->root))).LockHolder();
  const auto process = RunningProcess::Find(holder);
  if (process && !process->AwaitEnd(limit))
    return StillStopping(holder, limit, "it takes no calls any more");
  v1::StopDaemonResponse answer;
  answer.set_stopping(true);  // as asked for: it does not go on
  if (context.json()) context.PrintJson(answer);
  context.terminal().Tell(process ? "the daemon has stopped\n" : "no daemon is running\n");
  return kDone;
}

Result<int> Stop(Context& context) {
  const std::chrono::milliseconds limit = TRY(TimeoutOf(context.args()));
  v1::StopDaemonRequest request;
  request.set_only_if_idle(context.args().Has("only-if-idle"));
  Result<Client*> client = context.running_client();
  if (!client && client.error().reason == Reason::kDaemonUnreachable)
    return AwaitUnheard(context, limit);
  Client* daemon = TRY(std::move(client));
  const v1::GetDaemonResponse before = TRY(daemon->Call(v1::GetDaemonRequest()));
  Stopping stopping(*daemon, before);
  const v1::StopDaemonResponse answer = TRY(daemon->Call(request));
  if (answer.stopping() && before.active_runs() > 0) {
    context.terminal().Tell(
        Counted(before.active_runs(), "run is active and has", "runs are active and have") +
        " some seconds to end\n");
  }
  if (answer.stopping() && !stopping.AwaitEnd(limit))
    return StillStopping(before.pid(), limit, stopping.doing());
  if (context.json()) context.PrintJson(answer);
  context.terminal().Tell(answer.stopping() ? "the daemon has stopped\n"
                                            : "the daemon goes on: runs are active\n");
  return kDone;
}

Result<int> PrintLog(Context& context) {
  const Config* config = TRY(context.config());
  if (config->daemon.address.text != "local") {
    return Error{Reason::kUnsupported,
                 "the log of " + config->daemon.address.text + " is where that daemon runs"};
  }
  LocalPlaces places = TRY(PlacesOf(config->root));
  const std::string log = TRY(ReadFile(places.log()));
  if (!context.json()) {
    context.terminal().Print(log);
    return kDone;
  }
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);)
    context.PrintJson(nlohmann::ordered_json{{"line", line}});
  return kDone;
}

Result<int> RunDaemon(Context& context) {
  const std::string verb = context.args().Operand(0);
  if (verb == "stop") return Stop(context);
  if (verb == "log") return PrintLog(context);
  if (verb == "start") return PrintStatus(context, TRY(context.client()));
  return Status(context);
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
    .verbs = kDaemonVerbs,
    .options = kDaemonOptions,
    .examples =
        "$ mig daemon         # is one running, and what is it doing?\n"
        "$ mig daemon stop    # runs may end first; returns when the daemon is gone\n"
        "$ mig daemon log     # what a private daemon wrote to its log",
    .run = RunDaemon,
};

}  // namespace mig
