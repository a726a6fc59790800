#include "cli/command_help.h"

#include <algorithm>
#include <string_view>

namespace mig {
namespace {

constexpr std::size_t kWidth = 100;

std::string Padded(std::string_view text, std::size_t width) {
  std::string padded(text);
  padded.resize(std::max(width, text.size()), ' ');
  return padded;
}

// `text` in lines of at most kWidth columns, each after the first indented.
std::string Wrapped(std::string_view text, std::size_t indent) {
  std::string wrapped;
  std::size_t column = indent;
  while (!text.empty()) {
    std::size_t end = std::min(text.find(' '), text.size());
    if (column > indent && column + 1 + end > kWidth) {
      wrapped += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      wrapped += ' ';
      ++column;
    }
    wrapped += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return wrapped;
}

// "-m, --message TEXT"
std::string Spelling(const Option& option) {
  std::string spelling = option.names.starts_with("--") ? "    " : "";
  for (std::string_view name : NamesOf(option)) {
    if (spelling.find('-') != std::string::npos) spelling += ", ";
    spelling += name;
  }
  return option.value.empty() ? spelling : spelling + " " + std::string(option.value);
}

std::string OptionLines(const std::vector<const Option*>& options) {
  constexpr std::size_t kColumn = 30;
  std::string lines;
  for (const Option* option : options) {
    std::string spelling = "  " + Spelling(*option);
    std::string gap = spelling.size() + 2 > kColumn ? "\n" + std::string(kColumn, ' ') : "";
    std::string help(option->help);
    if (option->repeated) help += " (may be repeated)";
    lines +=
        (gap.empty() ? Padded(spelling, kColumn) : spelling + gap) + Wrapped(help, kColumn) + "\n";
  }
  return lines;
}

std::string Synopsis(const Command& command) {
  std::string synopsis = "mig " + std::string(command.name);
  if (!command.operands.usage.empty()) synopsis += " " + std::string(command.operands.usage);
  return synopsis + " [OPTION...]\n";
}

std::string Examples(std::string_view examples) {
  std::string lines;
  while (!examples.empty()) {
    std::size_t end = std::min(examples.find('\n'), examples.size());
    lines.append("  ").append(examples.substr(0, end)).append("\n");
    examples.remove_prefix(std::min(end + 1, examples.size()));
  }
  return lines;
}

}  // namespace

std::string Overview(const Style& style) {
  std::string text = "mig keeps the migrations of a database the way Git keeps files.\n\n";
  text += style.Bold("Usage:") + " mig COMMAND [ARGUMENT...] [OPTION...]\n";
  for (const auto& [group, title] : CommandGroups()) {
    text += "\n" + style.Bold(title) + "\n";
    for (const Command* command : AllCommands()) {
      if (command->group != group) continue;
      text += "  " + Padded(command->name, 17) + std::string(command->summary) + "\n";
    }
  }
  text += "\n" + style.Bold("Options of every command") + "\n";
  std::vector<const Option*> global;
  for (const Option& option : GlobalOptions()) global.push_back(&option);
  return text + OptionLines(global) +
         "\n`mig help COMMAND` shows a command's arguments and examples.\n";
}

std::string HelpOf(const Command& command, const Style& style) {
  std::string text =
      std::string(command.summary) + "\n\n" + style.Bold("Usage:") + " " + Synopsis(command);
  if (!command.description.empty()) text += "\n" + Wrapped(command.description, 0) + "\n";
  const auto [own, global] = OptionsByOrigin(command);
  if (!own.empty()) text += "\n" + style.Bold("Options") + "\n" + OptionLines(own);
  text += "\n" + style.Bold("Options of every command") + "\n" + OptionLines(global);
  return text + "\n" + style.Bold("Examples") + "\n" + Examples(command.examples);
}

}  // namespace mig
