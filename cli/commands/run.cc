#include <algorithm>

#include "cli/commands/all.h"
#include "cli/commands/operation.h"
#include "cli/context.h"
#include "cli/follow.h"
#include "cli/option_value.h"

namespace mig {
namespace {

constexpr std::string_view kDefaultLockWait = "60s";

constexpr Option kPlanOption = {"--plan", "HASH",
                                "do this plan, as `mig plan` showed it, or nothing (PLAN_CHANGED)"};
constexpr Option kAllowOption = {"--allow", "KIND,...",
                                 "consent to losses by name: drop_table,truncate", true};
constexpr Option kLockWait = {
    "--lock-wait", "TIME",
    "how long to wait while another run holds the target, as 500ms, 10s (default 60s) or 5min"};
constexpr Option kAtomic = {"--atomic", "",
                            "all revisions in one transaction: all of them, or none"};
constexpr Option kDetach = {"--detach", "",
                            "leave the run alone once it is at work; its id goes to stdout"};
constexpr Option kVerbose = {"-v,--verbose", "", "a line for each statement: rows and time"};

constexpr Option kRunOptions[] = {
    kPlanOption,
    kAllowOption,
    {"--sql", "", "print the SQL script instead of running it; touches no database"},
    kLockWait,
    kAtomic,
    kDetach,
    kVerbose,
};

constexpr Option kStampOptions[] = {
    kPlanOption,
    {"--purge", "", "remove every row first, those of unknown revisions included"},
    {"--alembic", "", "what Alembic's version table says, after Alembic was used on the target"},
    {"--sql", "", "print the SQL script instead of running it; touches no database"},
    kLockWait,
    kAtomic,
    kDetach,
    kVerbose,
};

constexpr Option kReapplyOptions[] = {
    kPlanOption, kAllowOption, kLockWait, kAtomic, kDetach, kVerbose,
};

// A script that leaves out what was asked for besides would pass for one that has it.
Result<void> CheckScriptAlone(const Arguments& args) {
  for (const std::string_view option : {"plan", "allow", "lock-wait", "atomic", "detach"}) {
    if (args.Has(option))
      return Error{Reason::kUsage, "--" + std::string(option) +
                                       " cannot be combined with --sql: a script is no run of mig"};
  }
  return {};
}

Result<int> PrintScript(Context& context, v1::Operation operation) {
  TRY(CheckScriptAlone(context.args()));
  v1::RenderScriptRequest request;
  *request.mutable_operation() = std::move(operation);
  *request.mutable_target() = TRY(context.target());
  request.set_actor(context.Author());
  v1::RenderScriptResponse answer = TRY(context.Render(std::move(request)));
  if (context.json()) {
    context.PrintJson(answer);
  } else {
    context.terminal().Print(context.terminal().out_style().Shown(answer.script()));
  }
  return kDone;
}

// "drop_table,drop_column".
void AddKinds(std::string_view kinds, v1::StartRunRequest* request) {
  while (!kinds.empty()) {
    const std::size_t comma = std::min(kinds.find(','), kinds.size());
    if (comma > 0) request->add_allow(std::string(kinds.substr(0, comma)));
    kinds.remove_prefix(std::min(comma + 1, kinds.size()));
  }
}

Result<void> Consent(Context& context, const Error& refusal, const std::string& kinds) {
  context.terminal().Warn(refusal.message + ":\n" + refusal.details.at("losses") + "\n");
  if (context.terminal().Confirm("Go on, and lose it (" + kinds + ")?")) return {};
  return Error{Reason::kDeclined, "nothing was changed"};
}

Result<int> Start(Context& context, v1::Operation operation) {
  if (context.args().Has("sql")) return PrintScript(context, std::move(operation));
  v1::StartRunRequest request;
  *request.mutable_operation() = std::move(operation);
  *request.mutable_target() = TRY(context.target());
  std::string wait = context.args().Has("lock-wait") ? context.args().Value("lock-wait")
                                                     : std::string(kDefaultLockWait);
  request.set_atomic(context.args().Has("atomic"));
  request.set_lock_wait_ms(TRY(DurationOf("--lock-wait", wait, "500ms, 10s or 5min")).count());
  request.set_plan(context.args().Value("plan"));
  for (const std::string& kinds : context.args().Values("allow")) AddKinds(kinds, &request);
  Result<int> ended = StartAndFollow(context, request);
  if (ended || ended.error().reason != Reason::kConsentMissing) return ended;
  const std::string kinds = ended.error().details["allow"];
  if (!context.terminal().interactive() || context.json()) return ended;
  TRY(Consent(context, ended.error(), kinds));
  AddKinds(kinds, &request);
  return StartAndFollow(context, std::move(request));
}

Result<int> RunUpgrade(Context& context) {
  const std::vector<std::string>& operands = context.args().operands();
  return Start(context, UpgradeTo(operands.empty() ? "head" : operands[0]));
}

Result<int> RunDowngrade(Context& context) {
  if (!context.args().Has("sql")) context.LeaveAsideBrokenFiles();
  return Start(context, DowngradeTo(context.args().Operand(0)));
}

Result<int> RunStamp(Context& context) {
  bool purge = context.args().Has("purge");
  const bool alembic = context.args().Has("alembic");
  if (alembic == !context.args().operands().empty()) {
    return Error{Reason::kUsage, alembic ? "--alembic says itself which revisions to stamp"
                                         : "`mig stamp` needs REV... or --alembic"};
  }
  if (purge && context.args().Has("sql")) {
    return Error{
        Reason::kUsage,
        "--purge cannot be combined with --sql: a script cannot know which rows there are"};
  }
  if (alembic) return Start(context, StampFromAlembic());
  return Start(context, StampTo(context.args().operands(), purge));
}

Result<int> RunReapply(Context& context) { return Start(context, Reapply()); }

}  // namespace

const Command kUpgrade = {
    .name = "upgrade",
    .group = Group::kApply,
    .summary = "Apply revisions up to one of them",
    .description =
        "Without REV up to `head`. A target that is there already stays as it is. Ctrl-C cancels "
        "the statement that is running, and says what "
        "state the database is in.",
    .operands = {"[REV]", 0, 1},
    .options = kRunOptions,
    .examples =
        "$ mig upgrade head\n"
        "$ mig upgrade +1                 # the next one\n"
        "$ mig upgrade heads -t prod      # every branch\n"
        "$ mig upgrade users@head         # the branch labelled users\n"
        "$ mig upgrade --plan HASH        # what `mig plan upgrade` showed, or nothing\n"
        "$ mig upgrade --detach           # `mig watch` follows it, from anywhere\n"
        "$ mig upgrade base:head --sql    # a script for the database's own client",
    .run = RunUpgrade,
};

const Command kDowngrade = {
    .name = "downgrade",
    .group = Group::kApply,
    .summary = "Take revisions back down to one of them",
    .description =
        "REV stays applied. Works from the stored originals, so edited, deleted or broken files do "
        "not matter. A revision without a down section is "
        "refused before anything runs.",
    .operands = {"REV", 1, 1},
    .options = kRunOptions,
    .examples =
        "$ mig downgrade -1               # the last one\n"
        "$ mig downgrade base             # everything\n"
        "$ mig downgrade users@base       # one branch\n"
        "$ mig downgrade head:base --sql  # a script for the database's own client",
    .run = RunDowngrade,
};

const Command kStamp = {
    .name = "stamp",
    .group = Group::kApply,
    .summary = "Record revisions as applied without running anything",
    .operands = {"[REV...]", 0, kAny},
    .options = kStampOptions,
    .examples =
        "$ mig stamp head\n"
        "$ mig stamp base            # nothing is applied\n"
        "$ mig stamp --purge head    # whatever the rows say now\n"
        "$ mig stamp --alembic       # Alembic moved the target: go on from there",
    .run = RunStamp,
};

const Command kReapply = {
    .name = "reapply",
    .group = Group::kApply,
    .summary = "Bring files and target together after files were edited",
    .description =
        "Revisions whose own SQL did not change only take their new id, and so do those where only "
        "a timeout did. Those that changed are taken back from the stored original and applied "
        "again, with all that stands on them: what that destroys is told first.",
    .options = kReapplyOptions,
    .examples =
        "$ mig plan reapply  # what it would do\n"
        "$ mig reapply",
    .run = RunReapply,
};

}  // namespace mig
