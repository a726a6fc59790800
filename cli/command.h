// The commands of `mig`, as a table: parsing, help, completions and suggestions are all made from
// these records.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "store/core/result.h"

namespace mig {

class Context;

// "-m,--message" with a value called TEXT, or a switch.
struct Option {
  std::string_view
      names;  // short name first, separated by a comma; the last long name identifies it
  std::string_view value = {};  // what the value is called in help; empty: a switch
  std::string_view help = {};
  bool repeated = false;        // may be given several times
  std::string_view group = {};  // options of one group exclude each other; empty: of none
  std::string_view verb = {};   // the only verb of the command that takes it; empty: all of them

  // "message": the last long name, without dashes. Arguments are asked for by this.
  std::string_view key() const;
};

// The arguments that are no options.
struct Operands {
  std::string_view usage;  // "REV...", as the synopsis shows them
  int least = 0;
  int most = 0;  // kAny: no limit
};

inline constexpr int kAny = 1 << 20;

// The first operand of a command that does several things: `create` of `mig refs create main`.
struct Verb {
  std::string_view name;
  Operands operands = {};  // behind it
};

// Exit statuses of success; those of errors are in store/core/reasons.inc.
inline constexpr int kDone = 0;
inline constexpr int kFindings = 4;

// Does the work; the answer is the exit status.
using Handler = Result<int> (*)(Context&);

enum class Group { kWrite, kLook, kApply, kShare, kOperate };

struct Command {
  std::string_view name;
  Group group = Group::kLook;
  std::string_view summary;           // one line, for the list of commands
  std::string_view description = {};  // whole sentences, for the command's own help
  Operands operands = {};
  // Those that it has. Where none is given, which `operands` allows or not, the first is meant.
  std::span<const Verb> verbs = {};
  std::span<const Option> options = {};
  std::string_view examples;  // lines "$ mig ... # what it does"
  Handler run = nullptr;
};

// In the order of help.
std::span<const Command* const> AllCommands();

// The groups and their titles, in that order.
std::span<const std::pair<Group, std::string_view>> CommandGroups();

// Taken by every command that does not define an option of the same name.
std::span<const Option> GlobalOptions();

// By name, or with underscores for dashes as Alembic spells them. Errors: kUsage, with the
// nearest name as hint.
Result<const Command*> FindCommand(std::string_view name);

// "-m" and "--message".
std::vector<std::string_view> NamesOf(const Option& option);

// The options a command takes: its own, then the global ones it does not shadow.
std::vector<const Option*> OptionsOf(const Command& command);

// The same, apart.
struct CommandOptions {
  std::vector<const Option*> own;
  std::vector<const Option*> global;
};
CommandOptions OptionsByOrigin(const Command& command);

// Why an option of Alembic has no place here, and what does: kUnsupported. Unset: it is not one of
// those.
std::optional<Error> RefusalOf(std::string_view option);

}  // namespace mig
