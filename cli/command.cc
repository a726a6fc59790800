#include "cli/command.h"

#include <algorithm>
#include <array>
#include <string>

#include "cli/commands/all.h"
#include "store/core/nearest.h"

namespace mig {
namespace {

constexpr const Command* kCommands[] = {
    &kInit,       &kRevision, &kMerge,   &kEdit,          &kRestore,   &kImport,    &kHistory,
    &kHeads,      &kBranches, &kLog,     &kDiff,          &kMergeBase, &kRevList,   &kShow,
    &kCatFile,    &kStatus,   &kCurrent, &kPlan,          &kUpgrade,   &kDowngrade, &kStamp,
    &kReapply,    &kResolve,  &kClone,   &kPush,          &kPull,      &kFetch,     &kRefs,
    &kRuns,       &kWatch,    &kTarget,  &kEnsureVersion, &kAudit,     &kRecover,   &kListTemplates,
    &kDaemon,     &kFsck,     &kGc,      &kBackup,        &kExport,    &kLogin,     &kLogout,
    &kCompletion, &kVersion,  &kHelp,
};

constexpr Option kGlobalOptions[] = {
    {"-C,--directory", "DIR", "work as if started in DIR"},
    {"-t,--target", "NAME", "the target of mig.toml to work on"},
    {"--json", "", "print the answer as JSON, one object a line"},
    {"-q,--quiet", "", "no progress and no advice on stderr"},
    {"--no-color", "", "plain text, as with NO_COLOR set"},
    {"-h,--help", "", "show what the command does, its arguments and examples"},
};

constexpr std::pair<Group, std::string_view> kGroups[] = {
    {Group::kWrite, "Write revisions"},   {Group::kLook, "Look"},
    {Group::kApply, "Change a database"}, {Group::kShare, "Share a history"},
    {Group::kOperate, "Operate"},
};

struct Refused {
  std::string_view name;
  std::string_view why;
  std::string_view instead;
};

constexpr Refused kRefused[] = {
    {"--autogenerate", "this version of mig does not compare schemas yet",
     "`mig revision --edit` starts a file to write by hand"},
    {"--sql",
     "it prints the script of an upgrade, downgrade or stamp, and revision files are SQL already",
     "leave it out"},
    {"-x", "there is no env.py to pass arguments to", "${NAME} in mig.toml reads the environment"},
    {"--tag", "there is no env.py to pass a tag to", "leave it out"},
    {"-c", "mig.toml is found by walking up from the folder", "`-C DIR` names another folder"},
    {"--config", "mig.toml is found by walking up from the folder",
     "`-C DIR` names another folder"},
    {"-n", "there are no sections to choose from", "`-t NAME` names a target of mig.toml"},
    {"--name", "there are no sections to choose from", "`-t NAME` names a target of mig.toml"},
    {"--raiseerr", "there are no tracebacks to show",
     "every error has a reason and an exit status; `--json` prints them"},
    {"--package", "revision files are SQL, not a Python package", "leave it out"},
};

// Commands of Alembic that have no place here yet.
constexpr Refused kRefusedCommands[] = {
    {"check", "this version of mig does not compare schemas yet",
     "`mig current --check-heads` tells whether every revision is applied"},
};

Error HasNo(const Refused& refused) {
  return {Reason::kUnsupported,
          "mig has no " + std::string(refused.name) + ": " + std::string(refused.why),
          {},
          std::string(refused.instead)};
}

bool SameName(std::string_view given, std::string_view name) {
  return std::ranges::equal(given, name,
                            [](char a, char b) { return a == b || (a == '_' && b == '-'); });
}

}  // namespace

std::string_view Option::key() const {
  std::string_view key = names.substr(names.rfind(',') + 1);
  return key.substr(std::min(key.find_first_not_of('-'), key.size()));
}

std::span<const Command* const> AllCommands() { return kCommands; }

std::span<const std::pair<Group, std::string_view>> CommandGroups() { return kGroups; }

std::span<const Option> GlobalOptions() { return kGlobalOptions; }

Result<const Command*> FindCommand(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Command* command : kCommands) {
    if (SameName(name, command->name)) return command;
    names.push_back(command->name);
  }
  for (const Refused& refused : kRefusedCommands) {
    if (refused.name == name) return HasNo(refused);
  }
  Error error{Reason::kUsage, "there is no command `" + std::string(name) + "`"};
  error.hint = DidYouMean(name, names);
  if (error.hint.empty()) error.hint = "`mig help` lists the commands";
  return error;
}

std::vector<const Option*> OptionsOf(const Command& command) {
  std::vector<const Option*> options;
  std::vector<std::string_view> taken;
  auto add = [&](const Option& option) {
    std::vector<std::string_view> names = NamesOf(option);
    if (std::ranges::find_first_of(names, taken) != names.end()) return;
    options.push_back(&option);
  };
  for (const Option& option : command.options) add(option);
  for (const Option* option : options)
    std::ranges::copy(NamesOf(*option), std::back_inserter(taken));
  for (const Option& option : kGlobalOptions) add(option);
  return options;
}

CommandOptions OptionsByOrigin(const Command& command) {
  CommandOptions options;
  for (const Option* option : OptionsOf(command)) {
    const bool is_own = command.options.data() <= option &&
                        option < command.options.data() + command.options.size();
    (is_own ? options.own : options.global).push_back(option);
  }
  return options;
}

std::vector<std::string_view> NamesOf(const Option& option) {
  std::vector<std::string_view> names;
  for (std::string_view rest = option.names; !rest.empty();) {
    std::size_t comma = std::min(rest.find(','), rest.size());
    names.push_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return names;
}

std::optional<Error> RefusalOf(std::string_view option) {
  std::string_view name = option.substr(0, option.find('='));
  for (const Refused& refused : kRefused) {
    if (refused.name == name) return HasNo(refused);
  }
  return {};
}

}  // namespace mig
