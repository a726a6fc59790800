#include "cli/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cctype>
#include <map>
#include <memory>
#include <span>

#include "store/core/nearest.h"

namespace mig {
namespace {

// Marks a word that is no option whatever it starts with. No shell passes this byte by accident.
constexpr char kMark = '\x01';

bool LooksNegative(std::string_view word) {
  return word.size() >= 2 && word[0] == '-' && std::isdigit(static_cast<unsigned char>(word[1]));
}

// Whether the parser would drop the word's value: it takes an empty one for none.
bool EndsInNothing(std::string_view word) {
  return word.empty() ||
         (word.starts_with("--") && word.ends_with('=') && word.find('=') == word.size() - 1);
}

// The parser takes words from the back.
std::vector<std::string> Marked(const std::vector<std::string>& words) {
  std::vector<std::string> marked;
  bool only_operands = false;
  for (const std::string& word : words) {
    if (!only_operands && word == "--") {
      only_operands = true;
    } else if (only_operands || LooksNegative(word)) {
      marked.push_back(kMark + word);
    } else {
      marked.push_back(EndsInNothing(word) ? word + kMark : word);
    }
  }
  return {marked.rbegin(), marked.rend()};
}

std::string Unmarked(std::string word) {
  if (!word.empty() && word[0] == kMark) word.erase(0, 1);
  return word;
}

Error UsageError(const Command& command, std::string message, std::string hint = "") {
  return PointingToHelp(command, Error{Reason::kUsage, std::move(message), {}, std::move(hint)});
}

Error UnknownOption(const Command& command, std::string_view word) {
  if (std::optional<Error> refusal = RefusalOf(word)) return *std::move(refusal);
  std::vector<std::string_view> names;
  for (const Option* option : OptionsOf(command)) {
    for (std::string_view name : NamesOf(*option)) names.push_back(name);
  }
  std::string_view name = word.substr(0, word.find('='));
  return UsageError(command,
                    "`mig " + std::string(command.name) + "` has no option " + std::string(name),
                    DidYouMean(name, names));
}

// "list, create and delete exist".
std::string VerbsOf(const Command& command) {
  std::string list;
  for (const Verb& verb : command.verbs) {
    const bool last = &verb == &command.verbs.back();
    list.append(list.empty() ? "" : last ? " and " : ", ").append(verb.name);
  }
  return list + " exist";
}

// What is called, and how that is spelled: `mig refs`, `mig refs create`.
struct Called {
  const Verb* verb = nullptr;  // null: the command has none
  std::string name;
};

Result<Called> CalledBy(const Command& command, const std::vector<std::string>& operands) {
  Called called;
  const std::string name = "mig " + std::string(command.name);
  called.name = "`" + name + "`";
  if (command.verbs.empty()) return called;
  called.verb = command.verbs.data();
  if (operands.empty()) return called;
  const auto found = std::ranges::find(command.verbs, operands[0], &Verb::name);
  if (found == command.verbs.end()) {
    return UsageError(command, called.name + " has no `" + operands[0] + "`", VerbsOf(command));
  }
  called.verb = &*found;
  called.name = "`" + name + " " + operands[0] + "`";
  return called;
}

Result<void> CheckCount(const Command& command, const std::string& called, const Operands& expected,
                        std::span<const std::string> operands) {
  const int count = static_cast<int>(operands.size());
  if (count < expected.least)
    return UsageError(command, called + " needs " + std::string(expected.usage));
  if (count <= expected.most) return {};
  return UsageError(command, called + " does not take `" +
                                 operands[static_cast<std::size_t>(expected.most)] + "`");
}

Result<void> CheckOptions(const Command& command, const Called& called,
                          const Arguments& arguments) {
  std::map<std::string_view, std::string_view> chosen;  // of each group
  for (const Option& option : command.options) {
    if (!arguments.Has(option.key())) continue;
    const std::string name = "--" + std::string(option.key());
    if (!option.verb.empty() && option.verb != called.verb->name)
      return UsageError(command, called.name + " has no " + name);
    if (option.group.empty() || chosen.emplace(option.group, option.key()).second) continue;
    return UsageError(command, "--" + std::string(chosen[option.group]) + " and " + name +
                                   " exclude each other: give one of them");
  }
  return {};
}

// Nothing that was said is left unheard.
Result<void> CheckHeard(const Command& command, const Arguments& arguments) {
  const std::vector<std::string>& operands = arguments.operands();
  const Called called = TRY(CalledBy(command, operands));
  if (called.verb == nullptr || operands.empty()) {
    TRY(CheckCount(command, called.name, command.operands, operands));
  } else {
    TRY(CheckCount(command, called.name, called.verb->operands, std::span(operands).subspan(1)));
  }
  return CheckOptions(command, called, arguments);
}

// The library's message begins with the option, which is named as ours are, and ends in what its
// kinds of errors have in common.
Error UsageErrorOf(const Command& command, const CLI::ParseError& failure) {
  const std::string message = failure.what();
  const std::string_view name = std::string_view(message).substr(0, message.find(':'));
  for (const Option* option : OptionsOf(command)) {
    if (option->value.empty() || std::ranges::count(NamesOf(*option), name) == 0) continue;
    return UsageError(command, std::string(name) + " needs a value: " + std::string(option->value));
  }
  return UsageError(command, message.substr(0, message.find('\n')));
}

}  // namespace

std::string Arguments::Value(std::string_view key) const {
  auto found = values_.find(key);
  return found == values_.end() || found->second.empty() ? "" : found->second.back();
}

std::vector<std::string> Arguments::Values(std::string_view key) const {
  auto found = values_.find(key);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::string Arguments::Operand(std::size_t index) const {
  return index < operands_.size() ? operands_[index] : "";
}

Words SplitVerb(const std::vector<std::string>& words) {
  Words split;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!split.verb.empty() || word.starts_with('-')) {
      split.rest.push_back(word);
    } else {
      split.verb = word;
    }
    bool takes_value = word == "-C" || word == "--directory" || word == "-t" || word == "--target";
    if (split.verb.empty() && takes_value && i + 1 < words.size()) split.rest.push_back(words[++i]);
  }
  return split;
}

Result<Arguments> ParseArguments(const Command& command, const std::vector<std::string>& words) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::pair<const Option*, CLI::Option*>> options;
  std::vector<std::unique_ptr<std::vector<std::string>>> storage;
  for (const Option* option : OptionsOf(command)) {
    if (option->value.empty()) {
      options.emplace_back(option, app.add_flag(std::string(option->names)));
      continue;
    }
    storage.push_back(std::make_unique<std::vector<std::string>>());
    CLI::Option* added = app.add_option(std::string(option->names), *storage.back());
    added->expected(1)->allow_extra_args(false)->multi_option_policy(
        CLI::MultiOptionPolicy::TakeAll);
    options.emplace_back(option, added);
  }
  try {
    std::vector<std::string> marked = Marked(words);
    app.parse(marked);
  } catch (const CLI::ParseError& failure) {
    return UsageErrorOf(command, failure);
  }
  Arguments arguments;
  for (const auto& [option, parsed] : options) {
    if (parsed->count() == 0) continue;
    std::vector<std::string>& values = arguments.values_[std::string(option->key())];
    for (const std::string& value : parsed->results()) values.push_back(Unmarked(value));
    if (values.size() > 1 && !option->repeated && !option->value.empty()) {
      return UsageError(command, "--" + std::string(option->key()) + " is given twice");
    }
  }
  for (const std::string& word : app.remaining()) {
    if (word.size() > 1 && word[0] == '-') return UnknownOption(command, word);
    arguments.operands_.push_back(Unmarked(word));
  }
  if (!arguments.Has("help")) TRY(CheckHeard(command, arguments));
  return arguments;
}

Error PointingToHelp(const Command& command, Error error) {
  if (error.reason != Reason::kUsage || HintOf(error) != InfoOf(Reason::kUsage).hint) return error;
  error.hint = command.name == "help" ? "`mig help` lists the commands"
                                      : "`mig help " + std::string(command.name) +
                                            "` shows its arguments and examples";
  return error;
}

}  // namespace mig
