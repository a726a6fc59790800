#include "daemon/config.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "drivers/target_url.h"
#include "store/core/duration.h"
#include "store/core/names.h"
#include "store/core/nearest.h"
#include "store/core/sha256.h"
#include "store/keys.h"

namespace mig {
namespace {

using Environment = std::map<std::string, std::string>;

// One table of the file, with its dotted name for messages.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string name, std::string_view file,
              const Environment& environment)
      : table_(table), name_(std::move(name)), file_(file), environment_(environment) {}

  Error Problem(const toml::node& node, std::string_view key, const std::string& what) const {
    const std::string line = std::to_string(node.source().begin.line);
    const std::string full = Full(key);
    return {Reason::kConfigInvalid,
            std::string(file_) + ":" + line + ": `" + full + "` " + what,
            {{"file", std::string(file_)}, {"line", line}, {"key", full}}};
  }

  Result<void> OnlyKeys(const std::vector<std::string_view>& known) const {
    for (const auto& [key, node] : table_) {
      if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
      Error error = Problem(node, key.str(), "is no key of the daemon's configuration");
      error.hint = DidYouMean(key.str(), known);
      return error;
    }
    return {};
  }

  // The key's text with variables expanded; `absent` when it is not there.
  Result<std::string> Text(std::string_view key, std::string absent = {}) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return absent;
    return TextOf(*node, key);
  }

  Result<std::string> TextOf(const toml::node& node, std::string_view key) const {
    const auto* text = node.as_string();
    if (text == nullptr) return Problem(node, key, "must be a string");
    return Expanded(node, key, text->get());
  }

  // The key's text as it is written: a shell's own, with its own dollars.
  Result<std::string> Verbatim(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::string();
    const auto* text = node->as_string();
    if (text == nullptr) return Problem(*node, key, "must be a string");
    return text->get();
  }

  // The items of the key's list; an absent list is empty.
  Result<std::vector<const toml::node*>> List(std::string_view key) const {
    std::vector<const toml::node*> items;
    const toml::node* node = table_.get(key);
    if (node == nullptr) return items;
    const toml::array* list = node->as_array();
    if (list == nullptr) return Problem(*node, key, "must be a list");
    for (const toml::node& item : *list) items.push_back(&item);
    return items;
  }

  Result<bool> Flag(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return false;
    const auto* flag = node->as_boolean();
    if (flag == nullptr) return Problem(*node, key, "must be true or false");
    return flag->get();
  }

  // The table under the key; an absent one is empty.
  Result<TableReader> Inner(std::string_view key) const {
    static const toml::table kEmpty;
    const toml::node* node = table_.get(key);
    if (node == nullptr) return TableReader(kEmpty, Full(key), file_, environment_);
    return Of(*node, key);
  }

  Result<TableReader> Of(const toml::node& node, std::string_view key) const {
    const toml::table* table = node.as_table();
    if (table == nullptr) return Problem(node, key, "must be a table");
    return TableReader(*table, Full(key), file_, environment_);
  }

  const toml::node* Node(std::string_view key) const { return table_.get(key); }
  const toml::table& table() const { return table_; }

 private:
  std::string Full(std::string_view key) const {
    return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
  }

  Result<std::string> Expanded(const toml::node& node, std::string_view key,
                               std::string_view text) const {
    std::string expanded;
    while (!text.empty()) {
      const std::size_t dollar = text.find('$');
      expanded += text.substr(0, dollar);
      if (dollar == std::string_view::npos) break;
      text.remove_prefix(dollar + 1);
      if (text.starts_with('$')) {
        expanded += '$';
        text.remove_prefix(1);
        continue;
      }
      const std::size_t end = text.find('}');
      if (!text.starts_with('{') || end == std::string_view::npos) {
        return Problem(node, key, "has a `$` that starts no ${NAME}: write `$$` for a dollar");
      }
      const std::string variable(text.substr(1, end - 1));
      const auto value = environment_.find(variable);
      if (value == environment_.end()) {
        return Problem(node, key,
                       "needs the environment variable `" + variable + "`, which is not set");
      }
      expanded += value->second;
      text.remove_prefix(end + 1);
    }
    return expanded;
  }

  const toml::table& table_;
  std::string name_;
  std::string_view file_;
  const Environment& environment_;
};

Result<void> CheckProjectAt(const TableReader& table, const toml::node& node, std::string_view key,
                            std::string_view project) {
  if (const auto valid = keys::CheckProject(project); !valid)
    return table.Problem(node, key, "is wrong: " + valid.error().message);
  return {};
}

Result<void> ReadListen(const TableReader& root, DaemonConfig& config) {
  const auto items = TRY(root.List("listen"));
  for (const toml::node* item : items) {
    std::string address = TRY(root.TextOf(*item, "listen"));
    if (!IsListenAddress(address)) {
      return root.Problem(*item, "listen",
                          "`" + address + "` is neither unix:/ABSOLUTE/PATH nor HOST:PORT");
    }
    config.listen.push_back(std::move(address));
  }
  return {};
}

Result<void> ReadLog(const TableReader& root, DaemonConfig& config) {
  const TableReader log = TRY(root.Inner("log"));
  TRY(log.OnlyKeys({"format", "level"}));
  const std::string format = TRY(log.Text("format", "text"));
  const std::string level = TRY(log.Text("level", "info"));
  const auto known_format = LogFormatFromText(format);
  const auto known_level = LogLevelFromText(level);
  if (!known_format) return log.Problem(*log.Node("format"), "format", "must be text or json");
  if (!known_level)
    return log.Problem(*log.Node("level"), "level", "must be debug, info, warning or error");
  config.log_format = *known_format;
  config.log_level = *known_level;
  return {};
}

Result<void> ReadTls(const TableReader& root, DaemonConfig& config) {
  const TableReader tls = TRY(root.Inner("tls"));
  TRY(tls.OnlyKeys({"certificate", "key", "client_ca"}));
  config.tls.certificate = TRY(tls.Text("certificate"));
  config.tls.key = TRY(tls.Text("key"));
  config.tls.client_ca = TRY(tls.Text("client_ca"));
  if (root.Node("tls") != nullptr && (config.tls.certificate.empty() || config.tls.key.empty())) {
    return root.Problem(*root.Node("tls"), "tls", "needs both `certificate` and `key`");
  }
  return {};
}

// Without the key every project; a list without one may be a template that found nothing to fill
// in.
Result<std::vector<std::string>> ReadProjectsOf(const TableReader& token) {
  std::vector<std::string> projects;
  for (const toml::node* item : TRY(token.List("projects"))) {
    projects.push_back(TRY(token.TextOf(*item, "projects")));
    TRY(CheckProjectAt(token, *item, "projects", projects.back()));
  }
  const toml::node* list = token.Node("projects");
  if (list == nullptr || !projects.empty()) return projects;
  Error error = token.Problem(*list, "projects", "names no project");
  error.hint = "leave it out where the token is for every project";
  return error;
}

Result<void> ReadTokens(const TableReader& root, DaemonConfig& config) {
  const auto items = TRY(root.List("tokens"));
  for (const toml::node* item : items) {
    const TableReader token = TRY(root.Of(*item, "tokens"));
    TRY(token.OnlyKeys({"name", "sha256", "projects", "read_only"}));
    AccessToken read;
    read.name = TRY(token.Text("name"));
    read.sha256 = TRY(token.Text("sha256"));
    read.read_only = TRY(token.Flag("read_only"));
    read.projects = TRY(ReadProjectsOf(token));
    if (read.name.empty()) return root.Problem(*item, "tokens", "needs a `name`, for the log");
    if (std::ranges::find(config.tokens, read.name, &AccessToken::name) != config.tokens.end())
      return root.Problem(*item, "tokens", "has the name `" + read.name + "` twice");
    if (!IsSha256(read.sha256)) {
      Error error = root.Problem(*item, "tokens",
                                 "needs the `sha256` of a token in 64 lower-case hex digits");
      error.hint =
          "`printf %s TOKEN | sha256sum` prints it; `migd token add NAME` needs no line here";
      return error;
    }
    config.tokens.push_back(std::move(read));
  }
  return {};
}

Result<void> ReadUsers(const TableReader& root, DaemonConfig& config) {
  const TableReader unix_section = TRY(root.Inner("unix"));
  TRY(unix_section.OnlyKeys({"allow_uids"}));
  const auto items = TRY(unix_section.List("allow_uids"));
  for (const toml::node* item : items) {
    const auto* uid = item->as_integer();
    if (uid == nullptr || uid->get() < 0 || uid->get() > 0xFFFFFFFELL) {
      return unix_section.Problem(*item, "allow_uids", "must hold numeric user ids");
    }
    config.allowed_uids.push_back(static_cast<std::uint32_t>(uid->get()));
  }
  return {};
}

Result<void> ReadPolicy(const TableReader& target, ServedTarget& read) {
  read.policy.is_protected = TRY(target.Flag("protected"));
  read.policy.backup = TRY(target.Verbatim("backup"));
  read.policy.backup_directory = TRY(target.Text("backup_directory"));
  read.require_applied_on = TRY(target.Text("require_applied_on"));
  const std::string time = TRY(target.Text("backup_timeout"));
  if (!time.empty()) {
    const auto parsed = ParseDuration(time);
    if (!parsed || parsed->count() == 0) {
      return target.Problem(*target.Node("backup_timeout"), "backup_timeout",
                            "must be a time such as 90s, 30min or 4h");
    }
    read.policy.backup_time = *parsed;
  }
  if (read.policy.backup.empty() || read.policy.backup_directory.starts_with('/')) return {};
  return target.Problem(*target.Node("backup"), "backup",
                        "needs a `backup_directory`, an absolute path");
}

Result<void> ReadPlaceholders(const TableReader& target, ServedTarget& read) {
  read.placeholder_key = TRY(target.Text("placeholder_key"));
  const TableReader placeholders = TRY(target.Inner("placeholders"));
  for (const auto& [name, node] : placeholders.table()) {
    if (!IsPlaceholderName(name.str()))
      return placeholders.Problem(node, name.str(), "is no name that ${NAME} in SQL can have");
    read.placeholders[std::string(name.str())] = TRY(placeholders.TextOf(node, name.str()));
  }
  return {};
}

Result<void> ReadTargets(const TableReader& root, const Environment& environment,
                         DaemonConfig& config) {
  const TableReader targets = TRY(root.Inner("targets"));
  for (const auto& [name, node] : targets.table()) {
    const TableReader target = TRY(targets.Of(node, name.str()));
    TRY(target.OnlyKeys({"project", "url", "schema", "protected", "backup", "backup_directory",
                         "backup_timeout", "require_applied_on", "compat", "alembic_table",
                         "placeholders", "placeholder_key"}));
    ServedTarget read;
    read.project = TRY(target.Text("project"));
    read.url = TRY(target.Text("url"));
    read.schema = TRY(target.Text("schema"));
    read.compat = TRY(target.Text("compat"));
    read.alembic_table = TRY(target.Text("alembic_table"));
    if (!read.compat.empty() && read.compat != "alembic")
      return targets.Problem(node, name.str(), "has a `compat` other than \"alembic\"");
    if (read.url.empty()) return targets.Problem(node, name.str(), "needs a `url`");
    if (const auto url = ParseTargetUrl(read.url, {"", environment}); !url) {
      Error error = target.Problem(*target.Node("url"), "url", "is wrong: " + url.error().message);
      error.hint = HintOf(url.error());
      return error;
    }
    if (const toml::node* project = target.Node("project"))
      TRY(CheckProjectAt(target, *project, "project", read.project));
    TRY(ReadPolicy(target, read));
    TRY(ReadPlaceholders(target, read));
    config.targets.emplace(std::string(name.str()), std::move(read));
  }
  for (const auto& [name, target] : config.targets) {
    const std::string& other = target.require_applied_on;
    if (other.empty() || (other != name && config.targets.contains(other))) continue;
    const toml::node& node = *targets.Node(name);
    return targets.Problem(
        node, name,
        "requires to be applied on `" + other + "`, which is no other target of the daemon");
  }
  return {};
}

Result<void> ReadRef(const TableReader& refs, const toml::node& node, RefName name,
                     DaemonConfig& config) {
  const TableReader ref = TRY(refs.Of(node, name.name));
  TRY(ref.OnlyKeys({"policy"}));
  if (const auto valid = CheckRefName(name.name); !valid)
    return refs.Problem(node, name.name, "is no ref: " + valid.error().message);
  const std::string text = TRY(ref.Text("policy", std::string(NameOf(RefPolicy::kFastForward))));
  if (text == "merge")
    return ref.Problem(*ref.Node("policy"), "policy",
                       "cannot be merge yet: this version knows fast-forward and heads");
  const auto policy = RefPolicyFrom(text);
  if (!policy) return ref.Problem(*ref.Node("policy"), "policy", "must be fast-forward or heads");
  config.ref_policies.emplace(std::move(name), *policy);
  return {};
}

Result<void> ReadProjects(const TableReader& root, DaemonConfig& config) {
  const TableReader projects = TRY(root.Inner("projects"));
  for (const auto& [project_name, project_node] : projects.table()) {
    TRY(CheckProjectAt(projects, project_node, project_name.str(), project_name.str()));
    const TableReader project = TRY(projects.Of(project_node, project_name.str()));
    TRY(project.OnlyKeys({"refs"}));
    const TableReader refs = TRY(project.Inner("refs"));
    for (const auto& [name, node] : refs.table()) {
      RefName ref{std::string(project_name.str()), std::string(name.str())};
      TRY(ReadRef(refs, node, std::move(ref), config));
    }
  }
  return {};
}

Error ParseProblem(std::string_view file, const toml::parse_error& problem) {
  const std::string line = std::to_string(problem.source().begin.line);
  return {Reason::kConfigInvalid,
          std::string(file) + ":" + line + ": " + std::string(problem.description()),
          {{"file", std::string(file)}, {"line", line}}};
}

}  // namespace

bool IsListenAddress(std::string_view address) {
  if (address.starts_with("unix:")) return address.substr(5).starts_with('/');
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view port = address.substr(colon + 1);
  return !port.empty() && port.size() <= 5 &&
         port.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<DaemonConfig> ParseDaemonConfig(std::string_view file, std::string_view text,
                                       const std::map<std::string, std::string>& environment) {
  const toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) return ParseProblem(file, parsed.error());
  const TableReader root(parsed.table(), "", file, environment);
  TRY(root.OnlyKeys(
      {"store", "listen", "accept_urls", "log", "tls", "tokens", "unix", "targets", "projects"}));
  DaemonConfig config;
  config.store = TRY(root.Text("store"));
  config.accept_urls = TRY(root.Flag("accept_urls"));
  TRY(ReadListen(root, config));
  TRY(ReadLog(root, config));
  TRY(ReadTls(root, config));
  TRY(ReadTokens(root, config));
  TRY(ReadUsers(root, config));
  TRY(ReadTargets(root, environment, config));
  TRY(ReadProjects(root, config));
  return config;
}

Result<DaemonConfig> LoadDaemonConfig(const std::string& file,
                                      const std::map<std::string, std::string>& environment) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (!stream || !(text << stream.rdbuf())) {
    return Error{
        Reason::kFileUnreadable, "cannot read the configuration " + file, {{"file", file}}};
  }
  return ParseDaemonConfig(file, text.str(), environment);
}

Result<void> CheckDaemonConfig(const DaemonConfig& config) {
  if (config.store.empty()) {
    return Error{Reason::kConfigInvalid,
                 "no store is given",
                 {{"key", "store"}},
                 "give --store DIR, or `store` in the configuration"};
  }
  if (config.store.find("://") != std::string::npos) {
    return Error{Reason::kUnsupported,
                 "the store `" + config.store + "` is no folder of this machine",
                 {{"key", "store"}}};
  }
  if (config.listen.empty()) {
    return Error{Reason::kConfigInvalid,
                 "no address to listen on is given",
                 {{"key", "listen"}},
                 "give --listen unix:PATH, or `listen` in the configuration"};
  }
  for (const std::string& address : config.listen) {
    if (address.starts_with("unix:") || !config.tls.certificate.empty()) continue;
    return Error{Reason::kConfigInvalid,
                 "refuses to listen on " + address + " without TLS",
                 {{"key", "listen"}, {"address", address}},
                 "configure [tls] with `certificate` and `key`; callers then need a token "
                 "(`migd token add NAME`) or a certificate (`client_ca`)"};
  }
  return {};
}

}  // namespace mig
