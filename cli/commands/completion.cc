#include <algorithm>
#include <optional>

#include "cli/commands/all.h"
#include "cli/context.h"

namespace mig {
namespace {

std::string CommandNames() {
  std::string names;
  for (const Command* command : AllCommands())
    names.append(names.empty() ? "" : " ").append(command->name);
  return names;
}

std::string OptionNames(const Command& command) {
  std::string names;
  for (const Option* option : OptionsOf(command)) {
    for (std::string_view name : NamesOf(*option))
      names.append(names.empty() ? "" : " ").append(name);
  }
  return names;
}

constexpr std::string_view kRevisionWords = "head heads base";

// What the first operand can be; unset: a revision, a file, or what nobody here knows.
std::optional<std::string> FirstWords(const Command& command) {
  std::string words;
  for (const Verb& verb : command.verbs) words.append(words.empty() ? "" : " ").append(verb.name);
  if (!words.empty()) return words;
  if (command.operands.usage == "[COMMAND]") return CommandNames();
  words = command.operands.usage;
  const bool is_choice =
      std::ranges::all_of(words, [](char c) { return c == '|' || (c >= 'a' && c <= 'z'); });
  if (!is_choice) return std::nullopt;
  std::ranges::replace(words, '|', ' ');
  return words;
}

bool TakesRevisions(const Verb& verb) {
  return verb.operands.usage.find("REV") != std::string_view::npos;
}

// Of the options, the names of those with a value, or of the one called `key`.
template <typename Options>
std::string NamesWithValue(const Options& options, std::string_view key = "") {
  std::string names;
  for (const Option* option : options) {
    if (option->value.empty() || (!key.empty() && option->key() != key)) continue;
    for (std::string_view name : NamesOf(*option))
      names.append(names.empty() ? "" : " ").append(name);
  }
  return names;
}

std::string BashCommand(const Command& command) {
  const std::vector<const Option*> options = OptionsOf(command);
  const std::optional<std::string> first = FirstWords(command);
  return "          " + std::string(command.name) + ") options=\"" + OptionNames(command) +
         "\" values=\"" + NamesWithValue(options) + "\" targets=\"" +
         NamesWithValue(options, "target") + "\"" +
         (first ? " words=\"" + *first + "\" files=\"\"" : "") + " ;;\n";
}

// The verbs behind which revisions stand.
std::string BashVerbs() {
  std::string lines;
  for (const Command* command : AllCommands()) {
    for (const Verb& verb : command->verbs) {
      if (TakesRevisions(verb))
        lines += "      \"" + std::string(command->name) + " " + std::string(verb.name) +
                 "\") words=\"" + std::string(kRevisionWords) + "\" ;;\n";
    }
  }
  return lines;
}

// `--directory=DIR` is three words to bash.
std::string BashScript() {
  std::vector<const Option*> leading;
  for (const Option& option : GlobalOptions()) leading.push_back(&option);
  std::string script =
      "_mig() {\n"
      "  local word value=\"\" verb=\"\" first=\"\" options=\"\" words=\"" +
      std::string(kRevisionWords) +
      "\" files=yes\n"
      "  local values=\"" +
      NamesWithValue(leading) + "\" targets=\"" + NamesWithValue(leading, "target") +
      "\" current=\"${COMP_WORDS[COMP_CWORD]}\"\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    if [[ \"$word\" == = ]]; then value=\"${value:-=}\"; continue; fi\n"
      "    if [[ -n \"$value\" ]]; then value=\"\"; continue; fi\n"
      "    case \"$word\" in\n"
      "      -*) if [[ \" $values \" == *\" $word \"* ]]; then value=\"$word\"; fi ;;\n"
      "      *)\n"
      "        if [[ -n \"$verb\" ]]; then first=\"${first:-$word}\"; continue; fi\n"
      "        verb=\"$word\"\n"
      "        case \"$verb\" in\n";
  for (const Command* command : AllCommands()) script += BashCommand(*command);
  return script +
         "        esac ;;\n"
         "    esac\n"
         "  done\n"
         "  if [[ -n \"$first\" && -z \"$files\" ]]; then\n"
         "    words=\"\"\n"
         "    case \"$verb $first\" in\n" +
         BashVerbs() +
         "    esac\n"
         "  fi\n"
         "  if [[ -n \"$value\" && \" $targets \" == *\" $value \"* ]]; then\n"
         "    words=\"$(mig target 2>/dev/null | tr -d '* ')\" files=\"\" "
         "current=\"${current#=}\"\n"
         "  elif [[ -n \"$value\" ]]; then\n"
         "    words=\"\" files=yes current=\"${current#=}\"\n"
         "  elif [[ -z \"$verb\" ]]; then\n"
         "    words=\"" +
         CommandNames() +
         "\" files=\"\"\n"
         "  elif [[ \"$current\" == -* ]]; then\n"
         "    words=\"$options\" files=\"\"\n"
         "  fi\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  if [[ -n \"$files\" ]]; then\n"
         "    compopt -o filenames 2>/dev/null\n"
         "    while read -r word; do COMPREPLY+=(\"$word\"); done < <(compgen -f -- \"$current\")\n"
         "  fi\n"
         "}\n"
         "complete -F _mig mig\n";
}

// Text between single quotes of a shell, for a description.
std::string Quotable(std::string_view text) {
  std::string safe(text);
  std::erase(safe, '\'');
  std::ranges::replace(safe, ':', ';');
  std::ranges::replace(safe, '[', '(');
  std::ranges::replace(safe, ']', ')');
  return safe;
}

std::string ZshOptions(const Command& command) {
  std::string lines;
  for (const Option* option : OptionsOf(command)) {
    for (std::string_view name : NamesOf(*option)) {
      lines += "        '" + std::string(option->repeated ? "*" : "") + std::string(name) + "[" +
               Quotable(option->help) + "]";
      lines += option->value.empty() ? "' \\\n" : ":" + Quotable(option->value) + ":_files' \\\n";
    }
  }
  return lines;
}

std::string ZshOperands(const Command& command) {
  const std::string revisions = "'*:revision:(" + std::string(kRevisionWords) + ")'";
  const std::optional<std::string> first = FirstWords(command);
  if (!first) return "        " + revisions + " ;;\n";
  if (first->empty()) return "        ;;\n";
  return "        '1:what:(" + *first + ")'" +
         (std::ranges::any_of(command.verbs, TakesRevisions) ? " " + revisions : "") + " ;;\n";
}

std::string ZshScript() {
  std::string script = "#compdef mig\n_mig() {\n  local -a commands=(\n";
  for (const Command* command : AllCommands()) {
    script += "    '" + std::string(command->name) + ":" + Quotable(command->summary) + "'\n";
  }
  script +=
      "  )\n"
      "  if (( CURRENT == 2 )); then\n"
      "    _describe command commands\n"
      "    return\n"
      "  fi\n"
      "  case \"$words[2]\" in\n";
  for (const Command* command : AllCommands()) {
    script += "    " + std::string(command->name) + ")\n      _arguments \\\n" +
              ZshOptions(*command) + ZshOperands(*command);
  }
  // As a file in $fpath it is run to complete, in ~/.zshrc it is evaluated.
  return script +
         "  esac\n"
         "}\n"
         "if [[ \"$funcstack[1]\" == _mig ]]; then _mig \"$@\"; else compdef _mig mig; fi\n";
}

std::string FishOption(std::string_view verb, const Option& option) {
  std::string line = "complete -c mig -n '__fish_seen_subcommand_from " + std::string(verb) + "'";
  for (std::string_view name : NamesOf(option)) {
    line += name.starts_with("--") ? " -l " + std::string(name.substr(2))
                                   : " -s " + std::string(name.substr(1));
  }
  return line + (option.value.empty() ? "" : " -r") + " -d '" + Quotable(option.help) + "'\n";
}

std::string FishScript() {
  std::string script = "complete -c mig -f\n";
  for (const Command* command : AllCommands()) {
    script += "complete -c mig -n __fish_use_subcommand -a " + std::string(command->name) +
              " -d '" + Quotable(command->summary) + "'\n";
    for (const Option* option : OptionsOf(*command)) script += FishOption(command->name, *option);
    if (const std::string first = FirstWords(*command).value_or(""); !first.empty())
      script += "complete -c mig -n '__fish_seen_subcommand_from " + std::string(command->name) +
                "' -a '" + first + "'\n";
  }
  return script;
}

Result<int> RunCompletion(Context& context) {
  std::string shell = context.args().Operand(0);
  if (shell == "bash") {
    context.terminal().Print(BashScript());
  } else if (shell == "zsh") {
    context.terminal().Print(ZshScript());
  } else if (shell == "fish") {
    context.terminal().Print(FishScript());
  } else {
    return Error{Reason::kUsage,
                 "there is no completion for `" + shell + "`: bash, zsh and fish have one"};
  }
  return kDone;
}

}  // namespace

const Command kCompletion = {
    .name = "completion",
    .group = Group::kOperate,
    .summary = "Print a script that completes mig's commands in a shell",
    .operands = {"bash|zsh|fish", 1, 1},
    .examples =
        "$ eval \"$(mig completion bash)\"\n"
        "$ mig completion fish > ~/.config/fish/completions/mig.fish",
    .run = RunCompletion,
};

}  // namespace mig
