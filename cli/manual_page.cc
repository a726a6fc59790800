#include "cli/manual_page.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace mig {
namespace {

// Text that roff prints as it is: no escape, no request at the start of a line, and hyphens that
// can be searched for and copied.
std::string Plain(std::string_view text) {
  std::string plain;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) plain += "\\&";
    if (c == '\\') {
      plain += "\\e";
    } else if (c == '-') {
      plain += "\\-";
    } else {
      plain += c;
    }
    at_start = c == '\n';
  }
  return plain;
}

std::string Bold(std::string_view text) { return "\\fB" + Plain(text) + "\\fR"; }
std::string Italic(std::string_view text) { return "\\fI" + Plain(text) + "\\fR"; }

std::string Title(std::string_view name) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  return ".TH " + Plain(upper) + " 1 \"\" \"mig " MIG_VERSION "\" \"mig manual\"\n";
}

std::string Section(std::string_view title) { return ".SH " + std::string(title) + "\n"; }

std::string Tagged(const std::string& tag, std::string_view text) {
  return ".TP\n" + tag + "\n" + Plain(text) + "\n";
}

std::string ManualSpelling(const Option& option) {
  std::string spelling;
  for (const std::string_view name : NamesOf(option))
    spelling += (spelling.empty() ? "" : ", ") + Bold(name);
  return option.value.empty() ? spelling : spelling + " " + Italic(option.value);
}

std::string OptionList(const std::vector<const Option*>& options) {
  std::string list;
  for (const Option* option : options) {
    list += Tagged(ManualSpelling(*option),
                   std::string(option->help) + (option->repeated ? " (may be repeated)." : "."));
  }
  return list;
}

constexpr std::string_view kStatuses[][2] = {
    {"0", "Done."},
    {"1", "A fault of mig itself."},
    {"2", "Wrong usage or a precondition that does not hold: refused, and nothing was changed."},
    {"3", "You said no."},
    {"4", "Done, with findings, where the command was asked to report them so."},
    {"5", "A conflict or a lost race: trying again makes sense."},
    {"6", "A statement failed; the message says what state the database is in."},
    {"7", "The daemon or the database cannot be reached."},
    {"130, 143", "Ended by a signal."},
};

constexpr std::string_view kFiles[][2] = {
    {"mig.toml", "The work tree's configuration, found by walking up from the current folder."},
    {".env", "Beside mig.toml: variables for it that the environment does not set."},
    {".mig/",
     "State of the work tree's private daemon. May be deleted while none runs; the list of runs, "
     "what was seen of logs and the key of placeholders go with it."},
    {"~/.config/mig/credentials", "Tokens that mig login keeps."},
};

constexpr std::string_view kVariables[][2] = {
    {"DATABASE_URL", "The url of a target that mig.toml gives none."},
    {"PGHOST, PGUSER, PGPASSWORD, ...", "What a PostgreSQL url leaves out, as for psql(1)."},
    {"MYSQL_HOST, MYSQL_TCP_PORT, MYSQL_PWD, ...",
     "What a MariaDB url leaves out, as for mariadb(1)."},
    {"GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL",
     "Who you are in the log; without them what git config says, then your user name."},
    {"VISUAL, EDITOR", "The editor for revision files."},
    {"MIG_PAGER, PAGER", "What shows long output on a terminal."},
    {"MIG_MIGD", "Absolute path of migd, instead of the one that is installed beside mig."},
    {"MIG_IDLE",
     "Seconds after which an idle private daemon ends, 600 without it; 0: with the command."},
    {"NO_COLOR", "Plain text, also on a terminal."},
};

template <std::size_t kRows>
std::string Table(const std::string_view (&rows)[kRows][2]) {
  std::string table;
  for (const auto& [tag, text] : rows) table += Tagged(Bold(tag), text);
  return table;
}

std::string CommandList() {
  std::string list;
  for (const auto& [group, title] : CommandGroups()) {
    list += ".SS " + std::string(title) + "\n";
    for (const Command* command : AllCommands()) {
      if (command->group != group) continue;
      list += Tagged(Bold("mig-" + std::string(command->name)) + "(1)",
                     std::string(command->summary) + ".");
    }
  }
  return list;
}

}  // namespace

std::string ManualOverview() {
  std::vector<const Option*> global;
  for (const Option& option : GlobalOptions()) global.push_back(&option);
  return Title("mig") + Section("NAME") + "mig \\- Git for database schemas\n" +
         Section("SYNOPSIS") + Bold("mig") + " " + Italic("COMMAND") + " [" + Italic("ARGUMENT") +
         "...] [" + Italic("OPTION") + "...]\n" + Section("DESCRIPTION") +
         Plain(
             "mig keeps the migrations of a database the way Git keeps files. A migration is a "
             "plain SQL file; once it is applied it is also an object named by the SHA-256 of "
             "its content and of everything below it. The work is done by migd, a daemon; the "
             "first command in a work tree starts one.\n") +
         Section("COMMANDS") + CommandList() + Section("OPTIONS OF EVERY COMMAND") +
         OptionList(global) + Section("EXIT STATUS") + Table(kStatuses) + Section("FILES") +
         Table(kFiles) + Section("ENVIRONMENT") + Table(kVariables);
}

std::string ManualOf(const Command& command) {
  const std::string name = "mig-" + std::string(command.name);
  const CommandOptions options = OptionsByOrigin(command);
  std::string page = Title(name) + Section("NAME") + Plain(name) + " \\- " +
                     Plain(command.summary) + "\n" + Section("SYNOPSIS") +
                     Bold("mig " + std::string(command.name));
  if (!command.operands.usage.empty()) page += " " + Italic(command.operands.usage);
  page += " [" + Italic("OPTION") + "...]\n";
  if (!command.description.empty())
    page += Section("DESCRIPTION") + Plain(command.description) + "\n";
  if (!options.own.empty()) page += Section("OPTIONS") + OptionList(options.own);
  page += Section("OPTIONS OF EVERY COMMAND") + OptionList(options.global);
  page += Section("EXAMPLES") + ".nf\n" + Plain(command.examples) + "\n.fi\n";
  return page + Section("SEE ALSO") + Bold("mig") + "(1)\n";
}

}  // namespace mig
