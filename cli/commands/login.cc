#include <nlohmann/json.hpp>

#include "cli/channel.h"
#include "cli/commands/all.h"
#include "cli/context.h"
#include "cli/credentials.h"
#include "cli/file.h"

namespace mig {
namespace {

constexpr Option kLoginOptions[] = {
    {"--ca-file", "FILE", "PEM file of the authorities to trust; without it the system's"},
};

// As given, or that of the work tree's mig.toml.
Result<std::string> AddressOf(Context& context) {
  std::string address = context.args().Operand(0);
  if (address.empty()) {
    const Config* config = TRY(context.config());
    address = TRY(ExpandVariables(*config, config->daemon.address, "daemon.address"));
  }
  if (address.starts_with("https://")) return NormalAddress(address);
  return Error{Reason::kUsage,
               "`" + address + "` needs no token: only https://HOST:PORT asks for one",
               {{"address", address}}};
}

std::string WithoutBlanks(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

Result<std::string> ReadToken(Context& context, const std::string& address) {
  std::string token = WithoutBlanks(context.terminal().AskSecret("Token for " + address + ": "));
  if (token.empty()) return Error{Reason::kUsage, "no token was given"};
  if (token.find_first_of(" \t") == std::string::npos) return token;
  return Error{Reason::kUsage, "a token has no blanks in it"};
}

Result<int> RunLogin(Context& context) {
  Credential credential;
  credential.address = TRY(AddressOf(context));
  const std::string ca_file = context.args().Value("ca-file");
  if (!ca_file.empty()) credential.ca_file = TRY(AbsolutePath(ca_file)).string();
  credential.token = TRY(ReadToken(context, credential.address));
  DaemonAddress daemon;
  daemon.address = credential.address;
  daemon.token = credential.token;
  daemon.ca_file = credential.ca_file;
  Client client(TRY(Channel::OpenRunning(std::move(daemon))));
  v1::GetDaemonResponse answer = TRY(client.Call(v1::GetDaemonRequest()));
  TRY(KeepCredential(context.environment(), credential));
  if (context.json()) context.PrintJson(answer);
  context.terminal().Tell("logged in to " + credential.address + " as " + answer.caller() + "\n");
  return kDone;
}

Result<int> RunLogout(Context& context) {
  const std::string address = TRY(AddressOf(context));
  const bool forgotten = TRY(ForgetCredential(context.environment(), address));
  if (context.json())
    context.PrintJson(nlohmann::ordered_json{{"address", address}, {"forgotten", forgotten}});
  context.terminal().Tell(forgotten ? "forgot the token for " + address + "\n"
                                    : "there was no token for " + address + "\n");
  return kDone;
}

}  // namespace

const Command kLogin = {
    .name = "login",
    .group = Group::kOperate,
    .summary = "Keep the token for a shared daemon",
    .description =
        "Asks for the token, or reads it from stdin, tries it on the daemon, and keeps it in "
        "~/.config/mig/credentials, which only you can read. `migd token add NAME` makes one. "
        "Without ADDRESS it is that of mig.toml.",
    .operands = {"[ADDRESS]", 0, 1},
    .options = kLoginOptions,
    .examples =
        "$ mig login https://migd.example:7433\n"
        "$ mig login https://migd.example:7433 < token   # for scripts\n"
        "$ mig login https://localhost:7433 --ca-file server.pem",
    .run = RunLogin,
};

const Command kLogout = {
    .name = "logout",
    .group = Group::kOperate,
    .summary = "Forget the token for a shared daemon",
    .description = "The token itself stays valid: `migd token revoke NAME` ends it.",
    .operands = {"[ADDRESS]", 0, 1},
    .examples = "$ mig logout https://migd.example:7433",
    .run = RunLogout,
};

}  // namespace mig
