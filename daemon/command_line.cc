#include "daemon/command_line.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace mig {
namespace {

// The options as they were written.
struct Words {
  std::string store, config, private_state, log_format, log_level;
  std::vector<std::string> listen;
  long long idle = -1;
  int ready_descriptor = -1;
  TokenCommand token;
  std::string backup;
};

constexpr char kUsualConfig[] = "/etc/mig/migd.toml";

void DeclareTokens(CLI::App& app, TokenCommand& token) {
  CLI::App* tokens = app.add_subcommand(
      "token", "Who may call over TLS; of the store of --store, --config or /etc/mig/migd.toml");
  tokens->require_subcommand(1);
  CLI::App* add = tokens->add_subcommand("add", "Make a token, and show it this once");
  add->add_option("NAME", token.name, "What it is called in logs")->required();
  add->add_option("--project", token.projects, "The only one it is for; may be repeated")
      ->type_name("PROJECT");
  add->add_flag("--read-only", token.read_only, "It may change nothing");
  CLI::App* list = tokens->add_subcommand("list", "List the tokens, without what is secret");
  CLI::App* revoke = tokens->add_subcommand("revoke", "Refuse a token from now on");
  revoke->add_option("NAME", token.name)->required();
  for (CLI::App* verb : {add, list, revoke}) {
    verb->add_flag("--json", token.json, "Answer in JSON");
    verb->fallthrough();
  }
  tokens->fallthrough();
  add->callback([&token] { token.verb = TokenCommand::Verb::kAdd; });
  list->callback([&token] { token.verb = TokenCommand::Verb::kList; });
  revoke->callback([&token] { token.verb = TokenCommand::Verb::kRevoke; });
}

void Declare(CLI::App& app, Words& words, const std::string& version) {
  app.set_version_flag("--version", "migd " + version);
  app.add_option("--store", words.store, "Folder of the store; made where it is missing")
      ->type_name("DIR");
  app.add_option("--listen", words.listen,
                 "unix:/PATH, or HOST:PORT with TLS configured; may be repeated")
      ->type_name("ADDRESS");
  app.add_option("--config", words.config, "Configuration (TOML)")->type_name("FILE");
  app.add_option("--idle", words.idle, "End after so long without callers and runs")
      ->type_name("SECONDS")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--log-format", words.log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_option("--log-level", words.log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  app.add_option("--private", words.private_state, "Serve one work tree, with the state in STATE")
      ->type_name("STATE")
      ->excludes("--store")
      ->excludes("--config");
  app.add_option("--ready-descriptor", words.ready_descriptor, "Say there when ready")->group("");
  DeclareTokens(app, words.token);
  CLI::App* restore = app.add_subcommand(
      "restore-store", "Make a backup the store, where there is none yet; while no daemon runs");
  restore->add_option("BACKUP", words.backup, "The folder that `mig backup` made")->required();
  restore->fallthrough();
  app.footer(
      "Examples:\n"
      "  migd --store /var/lib/mig --listen unix:/run/mig/migd.sock\n"
      "  migd --config /etc/mig/migd.toml\n"
      "  migd token add ci --project shop       # shows the token; `mig login` keeps it\n"
      "  migd token revoke ci\n"
      "  migd restore-store /var/backups/mig --store /var/lib/mig\n");
}

std::map<std::string, std::string> ProcessEnvironment() {
  std::map<std::string, std::string> environment;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equal = text.find('=');
    if (equal != std::string_view::npos)
      environment.emplace(text.substr(0, equal), text.substr(equal + 1));
  }
  return environment;
}

std::string Absolute(const std::string& path) {
  std::error_code
      ignored;  // without a working directory the path stays as it is, and opening it says why
  const auto absolute = std::filesystem::absolute(path, ignored);
  return absolute.empty() ? path : absolute.lexically_normal().string();
}

// `unix:run/migd.sock` on the command line is relative to the shell that wrote it.
std::string AbsoluteAddress(const std::string& address) {
  constexpr std::string_view kUnix = "unix:";
  if (!address.starts_with(kUnix) || address.size() == kUnix.size()) return address;
  return std::string(kUnix) + Absolute(address.substr(kUnix.size()));
}

Error Mistake(std::string what) {
  return {Reason::kUsage, std::move(what), {}, "`migd --help` shows the options"};
}

Result<void> Override(const Words& words, DaemonConfig& config) {
  if (!words.store.empty()) {
    config.store =
        words.store.find("://") == std::string::npos ? Absolute(words.store) : words.store;
  }
  if (!words.listen.empty()) config.listen.clear();
  for (const std::string& word : words.listen) {
    const std::string address = AbsoluteAddress(word);
    if (!IsListenAddress(address)) {
      return Mistake("--listen " + word + " is neither unix:PATH nor HOST:PORT");
    }
    config.listen.push_back(address);
  }
  if (!words.log_format.empty()) config.log_format = LogFormatFromText(words.log_format).value();
  if (!words.log_level.empty()) config.log_level = LogLevelFromText(words.log_level).value();
  return {};
}

// What is done to a store needs to know where that is, and nothing else of the configuration.
Result<CommandLine> UnderstandVerb(Words words, bool is_token) {
  if (words.store.empty() && words.config.empty()) words.config = kUsualConfig;
  CommandLine line;
  line.environment = ProcessEnvironment();
  if (words.store.empty()) line.config = TRY(LoadDaemonConfig(words.config, line.environment));
  TRY(Override(words, line.config));
  if (is_token) line.token = words.token;
  if (!is_token) line.restored_from = words.backup;
  return line;
}

Result<CommandLine> Understand(const Words& words) {
  CommandLine line;
  line.environment = ProcessEnvironment();
  if (!words.config.empty()) line.config = TRY(LoadDaemonConfig(words.config, line.environment));
  TRY(Override(words, line.config));
  if (!words.private_state.empty()) {
    line.private_state = Absolute(words.private_state);
    line.config.store = line.private_state + "/store";
    line.config.accept_urls = true;
  }
  if (words.idle >= 0) line.idle = std::chrono::seconds(words.idle);
  line.ready_descriptor = words.ready_descriptor;
  TRY(CheckDaemonConfig(line.config));
  return line;
}

}  // namespace

Result<CommandLine> ParseCommandLine(int argc, const char* const* argv,
                                     const std::string& version) {
  CLI::App app("The daemon of mig: keeps migrations, plans and runs them.", "migd");
  Words words;
  Declare(app, words, version);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& stop) {
    if (stop.get_exit_code() != 0) return Mistake(stop.what());
    CommandLine line;
    line.exit = app.exit(stop);
    return line;
  }
  if (app.get_subcommands().empty()) return Understand(words);
  return UnderstandVerb(words, app.got_subcommand("token"));
}

}  // namespace mig
