#include "cli/render/target.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "cli/commands/all.h"
#include "cli/context.h"

namespace mig {
namespace {

Result<int> List(Context& context) {
  const Config* config = TRY(context.config());
  const Result<ResolvedTarget> target = TargetOf(*config, context.args().Value("target"));
  if (!target && target.error().reason == Reason::kNoTarget && context.args().Has("target"))
    return target.error();
  const std::string chosen = target ? target->name : "";
  std::vector<std::string> names;
  for (const auto& [name, configured] : config->targets) names.push_back(name);
  if (names.empty() && target) names.push_back(chosen);
  for (const std::string& name : names) {
    if (context.json()) {
      context.PrintJson(nlohmann::ordered_json{{"name", name}, {"default", name == chosen}});
    } else {
      context.terminal().Print((name == chosen ? "* " : "  ") + name + "\n");
    }
  }
  return kDone;
}

Result<int> Show(Context& context) {
  v1::DescribeTargetRequest request;
  *request.mutable_target() = TRY(context.target(context.args().Operand(1)));
  Client* client = TRY(context.client());
  v1::DescribeTargetResponse answer = TRY(client->Call(request));
  if (context.json()) {
    context.PrintJson(answer);
  } else {
    context.terminal().Print(RenderTarget(answer, request.target().name()));
  }
  return kDone;
}

constexpr Option kTargetOptions[] = {
    {.names = "--new-id",
     .help = "of `adopt`: give the database an id of its own, as a clone that goes its way",
     .verb = "adopt"},
};

constexpr Verb kTargetVerbs[] = {
    {"list"}, {"show", {"[TARGET]", 0, 1}}, {"adopt", {"[TARGET]", 0, 1}}};

Result<int> Adopt(Context& context) {
  v1::AdoptTargetRequest request;
  *request.mutable_target() = TRY(context.target(context.args().Operand(1)));
  request.set_new_id(context.args().Has("new-id"));
  request.set_actor(context.Author());
  Client* client = TRY(context.client());
  const v1::AdoptTargetResponse answer = TRY(client->Call(request));
  if (context.json()) {
    context.PrintJson(answer);
    return kDone;
  }
  const std::string& name = request.target().name();
  if (!answer.was().empty()) context.terminal().Tell(name + ": " + answer.was() + "\n");
  context.terminal().Tell(name + " is taken as it is" +
                          (request.new_id() ? ", with an id of its own" : "") + "\n");
  return kDone;
}

Result<int> RunTarget(Context& context) {
  const std::string verb = context.args().Operand(0);
  if (verb == "show") return Show(context);
  if (verb == "adopt") return Adopt(context);
  return List(context);
}

Result<int> RunEnsureVersion(Context& context) {
  v1::EnsureVersionRequest request;
  *request.mutable_target() = TRY(context.target());
  Client* client = TRY(context.client());
  v1::EnsureVersionResponse answer = TRY(client->Call(request));
  if (context.json()) context.PrintJson(answer);
  context.terminal().Tell(answer.created()
                              ? "made mig's tables in " + answer.target_url() + "\n"
                              : "mig's tables are in " + answer.target_url() + " already\n");
  return kDone;
}

}  // namespace

const Command kTarget = {
    .name = "target",
    .group = Group::kOperate,
    .summary = "List the targets, show what one is, or take one as it is",
    .description =
        "`adopt` is for a database that is not the one it was: restored from a backup, cloned, or "
        "put in another's place. The decision is written to its log.",
    .operands = {"[list|show|adopt] [TARGET]", 0, 2},
    .verbs = kTargetVerbs,
    .options = kTargetOptions,
    .examples =
        "$ mig target             # the names in mig.toml; the star marks the default one\n"
        "$ mig target show        # engine, version, bookkeeping, who runs on it\n"
        "$ mig target show prod\n"
        "$ mig target adopt prod              # it was restored from a backup\n"
        "$ mig target adopt copy --new-id     # it is a clone of another one",
    .run = RunTarget,
};

const Command kEnsureVersion = {
    .name = "ensure-version",
    .group = Group::kApply,
    .summary = "Make mig's own tables in a target, and nothing else",
    .examples =
        "$ mig ensure-version\n"
        "$ mig ensure-version -t prod",
    .run = RunEnsureVersion,
};

}  // namespace mig
