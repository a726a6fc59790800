#include "daemon/token_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "daemon/tokens.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

constexpr std::size_t kSecretDigits = 64;

nlohmann::json JsonOf(const AccessToken& token) {
  return {{"name", token.name},
          {"made", token.made},
          {"projects", token.projects},
          {"readOnly", token.read_only},
          {"revoked", token.revoked}};
}

std::string LineOf(const AccessToken& token) {
  std::string line = fmt::format("{:<20} made {}", token.name, token.made);
  if (!token.projects.empty()) line += fmt::format(", for {}", fmt::join(token.projects, ", "));
  if (token.read_only) line += ", read-only";
  if (!token.revoked.empty()) line += ", revoked " + token.revoked;
  return line + "\n";
}

Result<std::string> Add(const TokenCommand& command, const TokenFile& file, const World& world) {
  const std::string secret = kTokenPrefix + world.random_hex(kSecretDigits);
  const AccessToken token = {command.name,     Hex(Sha256(secret)), FormatSeconds(world.now()),
                             command.projects, command.read_only,   ""};
  TRY(file.Add(token));
  if (!command.json) return secret + "\n";
  nlohmann::json answer = JsonOf(token);
  answer["token"] = secret;
  return answer.dump() + "\n";
}

Result<std::string> List(const TokenCommand& command, const TokenFile& file,
                         const std::string& folder) {
  if (::access(folder.c_str(), F_OK) != 0) {
    return Error{Reason::kFileUnreadable,
                 fmt::format("there is no store {}", folder),
                 {{"file", folder}},
                 "correct --store or --config"};
  }
  const std::vector<AccessToken> tokens = TRY(file.Read());
  std::string text;
  for (const AccessToken& token : tokens)
    text += command.json ? JsonOf(token).dump() + "\n" : LineOf(token);
  return text;
}

}  // namespace

Result<std::string> RunTokenCommand(const TokenCommand& command, const std::string& folder,
                                    const World& world) {
  const TokenFile file(folder);
  switch (command.verb) {
    case TokenCommand::Verb::kAdd:
      return Add(command, file, world);
    case TokenCommand::Verb::kList:
      return List(command, file, folder);
    case TokenCommand::Verb::kRevoke:
      TRY(file.Revoke(command.name, FormatSeconds(world.now())));
      return fmt::format("revoked {}\n", command.name);
  }
  return std::string();
}

}  // namespace mig
