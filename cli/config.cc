#include "cli/config.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "cli/file.h"
#include "store/core/nearest.h"

namespace mig {
namespace {

bool IsNameByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
    text.remove_suffix(1);
  return text;
}

std::string_view Unquoted(std::string_view text) {
  bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

Error ConfigError(const Config& config, int line, std::string what, std::string hint = "") {
  std::string file = config.root + "/mig.toml";
  Error error{Reason::kConfigInvalid, file + ":" + std::to_string(line) + ": " + std::move(what)};
  error.details = {{"file", file}, {"line", std::to_string(line)}};
  error.hint = std::move(hint);
  return error;
}

// What the databases' own clients take from their surroundings, and nothing else.
Environment ConnectionEnvironment(const Environment& environment) {
  constexpr std::array<std::string_view, 5> kNames = {"HOME", "MYSQL_HOST", "MYSQL_PWD",
                                                      "MYSQL_TCP_PORT", "MYSQL_UNIX_PORT"};
  Environment chosen;
  for (const auto& [name, value] : environment) {
    if (name.starts_with("PG") || std::ranges::find(kNames, name) != kNames.end())
      chosen.emplace(name, value);
  }
  return chosen;
}

Result<std::string> ValueOf(const Config& config, int line, std::string_view key,
                            const std::string& variable) {
  std::string quoted = "`" + std::string(key) + "`";
  if (variable.empty() || !std::ranges::all_of(variable, IsNameByte)) {
    return ConfigError(config, line, quoted + " has a ${ that names no variable");
  }
  auto found = config.environment.find(variable);
  if (found != config.environment.end()) return found->second;
  return ConfigError(config, line,
                     quoted + " needs the environment variable " + variable + ", which is not set",
                     "set it, or write " + variable + "=… into .env beside mig.toml");
}

Result<std::string> ChooseTarget(const Config& config, std::string_view name) {
  if (!name.empty()) return std::string(name);
  if (!config.default_target.empty()) return config.default_target;
  if (config.targets.size() == 1) return config.targets.begin()->first;
  if (config.targets.empty() || config.targets.contains("dev")) return std::string("dev");
  Error error{Reason::kNoTarget, "mig.toml has several targets and none of them is the default"};
  error.hint = "name one with --target, or write target = \"" + config.targets.begin()->first +
               "\" below [project]";
  return error;
}

Result<void> AddPlaceholders(const Config& config, const TargetConfig& from,
                             ResolvedTarget* target) {
  const std::string prefix = "targets." + target->name + ".";
  target->placeholder_key =
      TRY(ExpandVariables(config, from.placeholder_key, prefix + "placeholder_key"));
  for (const auto& [name, value] : from.placeholders) {
    target->placeholders[name] =
        TRY(ExpandVariables(config, value, prefix + "placeholders." + name));
  }
  return {};
}

Error UnknownTarget(const Config& config, const std::string& name) {
  std::vector<std::string_view> names;
  for (const auto& [known, target] : config.targets) names.push_back(known);
  Error error{Reason::kNoTarget, "mig.toml has no target `" + name + "`"};
  error.hint = DidYouMean(name, names);
  if (!error.hint.empty() || names.empty()) return error;
  error.hint = names.size() == 1 ? "its target is" : "its targets are";
  for (std::string_view known : names)
    error.hint.append(known == names.front() ? " " : ", ").append(known);
  return error;
}

}  // namespace

Environment ParseDotEnv(std::string_view text) {
  Environment values;
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = Trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with("export ")) line = Trimmed(line.substr(7));
    std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    values.insert_or_assign(std::string(Trimmed(line.substr(0, equals))),
                            std::string(Unquoted(Trimmed(line.substr(equals + 1)))));
  }
  return values;
}

Result<Config> LoadConfig(const std::string& folder, const Environment& environment) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  fs::path start = TRY(AbsolutePath(folder));
  if (!start.has_filename()) start = start.parent_path();
  for (fs::path root = start;; root = root.parent_path()) {
    fs::path file = root / "mig.toml";
    if (fs::exists(file, ignored)) {
      std::string text = TRY(ReadFile(file.string()));
      Config config = TRY(ParseConfig(file.string(), text));
      config.root = root.string();
      config.environment = environment;
      fs::path dot_env = root / ".env";
      if (fs::is_regular_file(dot_env, ignored)) {
        config.environment.merge(ParseDotEnv(TRY(ReadFile(dot_env.string()))));
      }
      return config;
    }
    if (!root.has_relative_path()) break;
  }
  return Error{Reason::kNoWorkTree,
               "there is no mig.toml in " + start.string() + " or in a folder above it"};
}

Result<std::string> ExpandVariables(const Config& config, const ConfigText& written,
                                    std::string_view key) {
  std::string expanded;
  std::string_view text = written.text;
  while (!text.empty()) {
    std::size_t dollar = std::min(text.find('$'), text.size());
    expanded += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.starts_with("${")) {
      std::size_t end = std::min(text.find('}'), text.size());
      expanded += TRY(ValueOf(config, written.line, key, std::string(text.substr(2, end - 2))));
      text.remove_prefix(std::min(end + 1, text.size()));
    } else if (!text.empty()) {
      expanded += '$';
      text.remove_prefix(text.starts_with("$$") ? 2 : 1);
    }
  }
  return expanded;
}

Result<std::string> RemoteNameOf(const Config& config, std::string_view wanted) {
  std::string name(wanted);
  if (name.empty() && config.remotes.size() == 1) name = config.remotes.begin()->first;
  if (name.empty()) name = "origin";
  if (config.remotes.contains(name)) return name;
  Error error{Reason::kNoRemote, "mig.toml has no remote `" + name + "`"};
  std::vector<std::string_view> names;
  for (const auto& [known, remote] : config.remotes) names.push_back(known);
  if (!names.empty()) error.hint = DidYouMean(name, names);
  return error;
}

Result<ResolvedTarget> TargetOf(const Config& config, std::string_view wanted) {
  ResolvedTarget target;
  target.name = TRY(ChooseTarget(config, wanted));
  target.base_directory = config.root;
  auto configured = config.targets.find(target.name);
  if (configured != config.targets.end()) {
    const TargetConfig& found = configured->second;
    const std::string key = "targets." + target.name + ".url";
    target.url = TRY(ExpandVariables(config, found.url, key));
    if (target.url.empty() && !found.url.text.empty()) {
      return ConfigError(config, found.url.line,
                         "`" + key + "` is empty: so is the environment variable that it names",
                         "set it, or write it into .env beside mig.toml");
    }
    target.schema = found.schema;
    target.is_protected = found.is_protected;
    const std::string prefix = "targets." + target.name + ".backup";
    // A command is a shell's own text, with its own dollars.
    target.backup = found.backup.text;
    target.backup_time_ms = found.backup_time_ms;
    const std::string directory =
        TRY(ExpandVariables(config, found.backup_directory, prefix + "_directory"));
    if (!target.backup.empty()) {
      target.backup_directory =
          (std::filesystem::path(config.root) / directory).lexically_normal().string();
    }
    target.applied_before = found.require_applied_on;
    target.compat = found.compat;
    target.alembic_table = found.alembic_table;
  }
  bool shared = TRY(ExpandVariables(config, config.daemon.address, "daemon.address")) != "local";
  bool may_be_implicit = configured != config.targets.end() || config.targets.empty();
  if (target.url.empty() && may_be_implicit && !shared)
    target.url = Lookup(config.environment, "DATABASE_URL");
  if (!target.url.empty()) {
    target.environment = ConnectionEnvironment(config.environment);
    if (configured != config.targets.end())
      TRY(AddPlaceholders(config, configured->second, &target));
    return target;
  }
  if (shared) return target;
  if (configured == config.targets.end() && !config.targets.empty())
    return UnknownTarget(config, target.name);
  return Error{Reason::kNoTarget,
               "target `" + target.name + "` has no url in mig.toml, and DATABASE_URL is not set"};
}

}  // namespace mig
