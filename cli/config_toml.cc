// mig.toml's text into a Config. The one file of the client that includes toml++, because it is
// slow to compile.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>

#include "cli/config.h"
#include "store/core/duration.h"
#include "store/core/names.h"
#include "store/core/nearest.h"

namespace mig {
namespace {

class ConfigReader {
 public:
  explicit ConfigReader(std::string_view path) : path_(path) {}

  Error Fail(const toml::node& node, std::string_view what, std::string hint = "") const {
    return FailAt(node.source().begin, what, std::move(hint));
  }

  Error FailAt(const toml::source_position& at, std::string_view what,
               std::string hint = "") const {
    Error error{Reason::kConfigInvalid,
                path_ + ":" + std::to_string(at.line) + ": " + std::string(what)};
    error.details = {
        {"file", path_}, {"line", std::to_string(at.line)}, {"column", std::to_string(at.column)}};
    error.hint = std::move(hint);
    return error;
  }

  Result<void> Keys(const toml::table& table, std::string_view section,
                    const std::vector<std::string_view>& known) const {
    for (const auto& [key, node] : table) {
      if (std::ranges::find(known, key.str()) != known.end()) continue;
      std::string where = section.empty() ? "" : " in [" + std::string(section) + "]";
      return FailAt(key.source().begin, "unknown key `" + std::string(key.str()) + "`" + where,
                    DidYouMean(key.str(), known));
    }
    return {};
  }

  // The table `key` of `parent`, or nullptr where there is none.
  Result<const toml::table*> Table(const toml::table& parent, std::string_view key) const {
    const toml::node* node = parent.get(key);
    if (node == nullptr) return static_cast<const toml::table*>(nullptr);
    if (node->is_table()) return node->as_table();
    return Fail(*node, "`" + std::string(key) + "` is a section: write [" + std::string(key) + "]");
  }

  Result<std::string> Text(const toml::table& table, std::string_view key,
                           std::string fallback = "") const {
    const toml::node* node = table.get(key);
    if (node == nullptr) return fallback;
    if (node->is_string()) return node->as_string()->get();
    return Fail(*node, "`" + std::string(key) + "` must be a text in quotes");
  }

  Result<bool> Flag(const toml::table& table, std::string_view key) const {
    const toml::node* node = table.get(key);
    if (node == nullptr) return false;
    if (node->is_boolean()) return node->as_boolean()->get();
    return Fail(*node, "`" + std::string(key) + "` must be true or false");
  }

  Result<ConfigText> Located(const toml::table& table, std::string_view key,
                             std::string fallback = "") const {
    ConfigText located;
    located.text = TRY(Text(table, key, std::move(fallback)));
    const toml::node* node = table.get(key);
    if (node != nullptr) located.line = static_cast<int>(node->source().begin.line);
    return located;
  }

  Result<std::vector<std::string>> Folders(const toml::table& table, std::string_view key) const {
    const toml::node* node = table.get(key);
    if (node == nullptr) return std::vector<std::string>{"migrations"};
    if (node->is_string()) return std::vector<std::string>{node->as_string()->get()};
    if (!node->is_array() || node->as_array()->empty())
      return Fail(*node, "`migrations` is a folder or a list of folders");
    std::vector<std::string> folders;
    for (const toml::node& item : *node->as_array()) {
      if (!item.is_string()) return Fail(item, "`migrations` must list folders in quotes");
      folders.push_back(item.as_string()->get());
    }
    return folders;
  }

 private:
  std::string path_;
};

Result<void> ReadProject(const ConfigReader& reader, const toml::table& root, Config* config) {
  const toml::table* project = TRY(reader.Table(root, "project"));
  if (project == nullptr)
    return reader.FailAt({1, 1}, "[project] is missing",
                         "write [project] and name = \"…\" below it");
  TRY(reader.Keys(*project, "project", {"name", "migrations", "target"}));
  config->project = TRY(reader.Text(*project, "name"));
  if (config->project.empty())
    return reader.Fail(*project, "[project] has no name", "write name = \"…\" below [project]");
  config->migrations = TRY(reader.Folders(*project, "migrations"));
  config->default_target = TRY(reader.Text(*project, "target"));
  return {};
}

Result<void> ReadAddress(const ConfigReader& reader, const toml::table& table,
                         DaemonConfig* daemon) {
  daemon->address = TRY(reader.Located(table, "address", daemon->address.text));
  daemon->token = TRY(reader.Located(table, "token"));
  daemon->ca_file = TRY(reader.Located(table, "ca_file"));
  daemon->certificate_file = TRY(reader.Located(table, "certificate_file"));
  daemon->key_file = TRY(reader.Located(table, "key_file"));
  return {};
}

Result<void> ReadDaemon(const ConfigReader& reader, const toml::table& root, Config* config) {
  const toml::table* daemon = TRY(reader.Table(root, "daemon"));
  if (daemon == nullptr) return {};
  TRY(reader.Keys(*daemon, "daemon",
                  {"address", "token", "ca_file", "certificate_file", "key_file"}));
  return ReadAddress(reader, *daemon, &config->daemon);
}

Result<void> ReadRemotes(const ConfigReader& reader, const toml::table& root, Config* config) {
  const toml::table* remotes = TRY(reader.Table(root, "remotes"));
  if (remotes == nullptr) return {};
  for (const auto& [key, node] : *remotes) {
    std::string name(key.str());
    if (!node.is_table())
      return reader.Fail(node, "a remote is a section: write [remotes." + name + "]");
    if (Result<void> valid = CheckRefName(name); !valid)
      return reader.Fail(node, "`" + name + "` cannot be a remote: refs are called after it");
    const toml::table& table = *node.as_table();
    TRY(reader.Keys(table, "remotes." + name,
                    {"address", "project", "token", "ca_file", "certificate_file", "key_file"}));
    RemoteConfig remote;
    remote.daemon.address = {};
    TRY(ReadAddress(reader, table, &remote.daemon));
    remote.project = TRY(reader.Text(table, "project"));
    if (remote.daemon.address.text.empty())
      return reader.Fail(node, "[remotes." + name + "] has no address",
                         "write address = \"unix:PATH\" or \"https://HOST:PORT\"");
    config->remotes.emplace(std::move(name), std::move(remote));
  }
  return {};
}

Result<void> ReadPolicy(const ConfigReader& reader, const toml::table& table,
                        const std::string& name, TargetConfig* target) {
  target->is_protected = TRY(reader.Flag(table, "protected"));
  target->backup = TRY(reader.Located(table, "backup"));
  target->backup_directory = TRY(reader.Located(table, "backup_directory", "backups"));
  target->require_applied_on = TRY(reader.Text(table, "require_applied_on"));
  if (target->require_applied_on == name && !name.empty())
    return reader.Fail(*table.get("require_applied_on"), "a target cannot require itself");
  const std::string time = TRY(reader.Text(table, "backup_timeout"));
  if (time.empty()) return {};
  const auto parsed = ParseDuration(time);
  if (!parsed || parsed->count() == 0)
    return reader.Fail(*table.get("backup_timeout"),
                       "`backup_timeout` is a time such as 90s, 30min or 4h");
  target->backup_time_ms = parsed->count();
  return {};
}

Result<void> ReadPlaceholders(const ConfigReader& reader, const toml::table& table,
                              TargetConfig* target) {
  target->placeholder_key = TRY(reader.Located(table, "placeholder_key"));
  const toml::table* placeholders = TRY(reader.Table(table, "placeholders"));
  if (placeholders == nullptr) return {};
  for (const auto& [key, node] : *placeholders) {
    const std::string name(key.str());
    if (!IsPlaceholderName(name))
      return reader.Fail(node, "`" + name + "` is no name that ${NAME} in SQL can have",
                         "names are [A-Za-z_][A-Za-z0-9_]*");
    target->placeholders[name] = TRY(reader.Located(*placeholders, name));
  }
  return {};
}

Result<void> ReadTargets(const ConfigReader& reader, const toml::table& root, Config* config) {
  const toml::table* targets = TRY(reader.Table(root, "targets"));
  if (targets == nullptr) return {};
  for (const auto& [key, node] : *targets) {
    std::string name(key.str());
    if (!node.is_table())
      return reader.Fail(node, "a target is a section: write [targets." + name + "]");
    const toml::table& table = *node.as_table();
    TRY(reader.Keys(
        table, "targets." + name,
        {"url", "schema", "protected", "backup", "backup_directory", "backup_timeout",
         "require_applied_on", "compat", "alembic_table", "placeholders", "placeholder_key"}));
    TargetConfig target;
    target.url = TRY(reader.Located(table, "url"));
    target.schema = TRY(reader.Text(table, "schema"));
    target.compat = TRY(reader.Text(table, "compat"));
    target.alembic_table = TRY(reader.Text(table, "alembic_table"));
    if (!target.compat.empty() && target.compat != "alembic")
      return reader.Fail(*table.get("compat"), "`compat` is \"alembic\", or left out");
    TRY(ReadPolicy(reader, table, name, &target));
    TRY(ReadPlaceholders(reader, table, &target));
    config->targets.emplace(std::move(name), std::move(target));
  }
  return {};
}

}  // namespace

Result<Config> ParseConfig(std::string_view path, std::string_view text) {
  ConfigReader reader(path);
  toml::parse_result parsed = toml::parse(text, path);
  if (!parsed) {
    return reader.FailAt(parsed.error().source().begin, parsed.error().description(),
                         "mig.toml is TOML: [SECTION], and KEY = \"TEXT\" below it");
  }
  const toml::table& root = parsed.table();
  TRY(reader.Keys(root, "", {"project", "daemon", "targets", "autogenerate", "remotes"}));
  Config config;
  TRY(ReadProject(reader, root, &config));
  TRY(ReadDaemon(reader, root, &config));
  TRY(ReadTargets(reader, root, &config));
  TRY(ReadRemotes(reader, root, &config));
  return config;
}

}  // namespace mig
