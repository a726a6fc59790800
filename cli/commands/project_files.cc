#include "cli/commands/project_files.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "store/core/ascii.h"
#include "store/core/nearest.h"
#include "store/core/slug.h"

namespace mig {
namespace {

constexpr ProjectTemplate kTemplates[] = {
    {"sqlite", "works at once: the target dev is the SQLite file dev.db", "sqlite:dev.db"},
    {"postgresql", "the target dev is what the environment variable DATABASE_URL says",
     "${DATABASE_URL}"},
    {"mariadb", "the same, for MariaDB or MySQL: mariadb://user@host/database", "${DATABASE_URL}"},
};

// A TOML basic string.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

// As a shell takes it for one word.
std::string InShell(const std::string& word) {
  const bool is_plain = std::ranges::all_of(word, [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("/._-+,:@").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (is_plain && !word.starts_with('-')) return word;
  std::string quoted = word.starts_with('-') ? "'./" : "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::span<const ProjectTemplate> AllTemplates() { return kTemplates; }

Result<const ProjectTemplate*> ChosenTemplate(const std::string& name) {
  if (name.empty()) return &AllTemplates()[0];
  std::vector<std::string_view> names;
  for (const ProjectTemplate& known : AllTemplates()) {
    if (known.name == name) return &known;
    names.push_back(known.name);
  }
  Error error{Reason::kUsage, "there is no template `" + name + "`"};
  error.hint = DidYouMean(name, names);
  if (error.hint.empty()) error.hint = "`mig list-templates` shows the choice";
  return error;
}

std::string ProjectConfig(const std::string& name, const ProjectTemplate& chosen,
                          const std::string& url) {
  std::string text =
      "# The work tree of a database's migrations. `mig help` lists the "
      "commands.\n\n[project]\nname = " +
      Quoted(name) + "\n";
  text +=
      "migrations = \"migrations\"   # the folder of the revision files, or a list of folders\n"
      "# target = \"dev\"            # what commands work on without --target\n\n"
      "[daemon]\n"
      "address = \"local\"           # a private daemon, started when needed; or \"unix:PATH\", "
      "\"https://HOST:PORT\"\n\n"
      "# ${NAME} is replaced by an environment variable, or by a line of .env beside this file.\n"
      "[targets.dev]\n";
  text += "url = " + Quoted(url) + "\n";
  std::string_view other =
      chosen.name == "sqlite" ? "postgresql://user@localhost/shop" : "sqlite:dev.db";
  return text + "\n# [targets.prod]\n# url = " + Quoted(other) +
         "\n# schema = \"public\"          # where mig keeps its own tables; on MariaDB a "
         "database\n";
}

std::vector<std::string> IgnoredFiles(std::string_view url) {
  constexpr std::string_view kScheme = "sqlite:";
  std::vector<std::string> lines = {".mig/", ".env"};
  if (!url.starts_with(kScheme)) return lines;
  std::string_view path = url.substr(kScheme.size());
  if (path.starts_with("///")) path.remove_prefix(3);  // sqlite:///RELATIVE
  if (path.starts_with("./")) path.remove_prefix(2);
  const bool is_elsewhere = path.empty() || path.starts_with('/') || path.starts_with("../");
  if (is_elsewhere || path.starts_with(':')) return lines;
  std::string pattern = "/";
  for (const char c : path) {
    if (std::string_view("*?[\\ ").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  lines.push_back(pattern);
  lines.push_back(pattern + "-*");
  return lines;
}

std::string RemoteSection(const std::string& name, const std::string& address,
                          const std::vector<std::pair<std::string_view, std::string>>& files) {
  std::string section = "\n# Where `mig push` and `mig pull` share the history.\n[remotes." + name +
                        "]\naddress = " + Quoted(address) + "\n";
  for (const auto& [key, path] : files) {
    if (!path.empty()) section += std::string(key) + " = " + Quoted(path) + "\n";
  }
  return section;
}

std::string FirstSteps(const std::string& directory, bool adopted) {
  std::string steps = "\nNext:\n";
  if (!directory.empty() && directory != ".") steps += "  cd " + InShell(directory) + "\n";
  steps += adopted
               ? "  mig revision -m \"first change\"   # write a revision, then edit the file\n"
               : "  mig revision -m \"create users\"   # write a revision, then edit the file\n";
  return steps +
         "  mig upgrade head                 # apply it\n"
         "  mig status                       # see where you are\n";
}

std::string ProjectNameFrom(std::string_view folder) {
  std::string name;
  for (const char c : WithoutAccents(folder)) {
    if (IsAsciiAlphanumeric(c) || c == '_' || c == '.') {
      name += c;
    } else if (!name.ends_with('-')) {
      name += '-';
    }
  }
  name.erase(0, std::min(name.find_first_not_of(".-"), name.size()));
  if (name.ends_with('-')) name.pop_back();
  return name.empty() ? "app" : name;
}

bool HoldsPassword(std::string_view url) {
  if (url.find("password=") != std::string_view::npos) return true;
  std::size_t authority = url.find("://");
  if (authority == std::string_view::npos) return false;
  std::string_view rest = url.substr(authority + 3);
  std::size_t at = rest.substr(0, rest.find_first_of("/?")).rfind('@');
  return at != std::string_view::npos && rest.substr(0, at).find(':') != std::string_view::npos;
}

}  // namespace mig
