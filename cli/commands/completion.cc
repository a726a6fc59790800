#include <algorithm>

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

// "-C|--directory|-t|--target": what may stand before the command with a word that is none.
std::string LeadingOptions() {
  std::string pattern;
  for (const Option& option : GlobalOptions()) {
    if (option.value.empty()) continue;
    for (std::string_view name : NamesOf(option))
      pattern.append(pattern.empty() ? "" : "|").append(name);
  }
  return pattern;
}

// `--directory=DIR` is three words to bash.
std::string BashScript() {
  std::string script =
      "_mig() {\n"
      "  local word value=\"\" verb=\"\" options=\"\" current=\"${COMP_WORDS[COMP_CWORD]}\"\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    if [[ \"$word\" == = ]]; then value=yes; continue; fi\n"
      "    if [[ -n \"$value\" ]]; then value=\"\"; continue; fi\n"
      "    case \"$word\" in\n"
      "      " +
      LeadingOptions() +
      ") value=yes ;;\n"
      "      -*) ;;\n"
      "      *) verb=\"$word\"; break ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$verb\" in\n";
  for (const Command* command : AllCommands()) {
    script +=
        "    " + std::string(command->name) + ") options=\"" + OptionNames(*command) + "\" ;;\n";
  }
  return script +
         "  esac\n"
         "  if [[ -n \"$value\" ]]; then\n"
         "    COMPREPLY=($(compgen -f -- \"${current#=}\"))\n"
         "  elif [[ -z \"$verb\" ]]; then\n"
         "    COMPREPLY=($(compgen -W \"" +
         CommandNames() +
         "\" -- \"$current\"))\n"
         "  elif [[ \"$current\" == -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
         "  else\n"
         "    COMPREPLY=($(compgen -W \"head heads base\" -- \"$current\") $(compgen -f -- "
         "\"$current\"))\n"
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
              ZshOptions(*command) + "        '*:revision:(head heads base)' ;;\n";
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
