#include "drivers/mariadb_program.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "drivers/program_environment.h"

namespace mig {
namespace {

using Values = std::map<std::string, std::string>;

std::string ValueOr(const Values& values, const char* key, const char* otherwise) {
  auto found = values.find(key);
  if (found == values.end()) found = values.find(otherwise);
  return found == values.end() ? "" : found->second;
}

// The same file of options as a session's, which must be the first argument. Its values come before
// the environment's.
std::string OptionFile(const TargetUrl& url) {
  const std::string file = ValueOr(url.parameters, "option_file", "");
  return !file.empty() && access(file.c_str(), R_OK) == 0 ? "--defaults-file=" + file
                                                          : "--no-defaults";
}

// Where a session insists on TLS (drivers/mariadb_connection.cc), a program has to as well.
bool WantsTls(const TargetUrl& url) {
  return std::ranges::any_of(url.parameters, [](const auto& parameter) {
    const auto& [key, value] = parameter;
    return key.starts_with("ssl") && value != "0" && value != "false";
  });
}

}  // namespace

MariadbProgram MariadbProgramFor(const TargetUrl& url) {
  constexpr std::array<std::pair<const char*, const char*>, 10> kOptions = {
      {{"host", "host"},
       {"port", "port"},
       {"user", "user"},
       {"unix_socket", "socket"},
       {"ssl_ca", "ssl-ca"},
       {"ssl_capath", "ssl-capath"},
       {"ssl_cert", "ssl-cert"},
       {"ssl_key", "ssl-key"},
       {"ssl_cipher", "ssl-cipher"},
       {"ssl_verify_server_cert", "ssl-verify-server-cert"}}};
  MariadbProgram program;
  program.environment = ProgramEnvironment();
  constexpr std::array<std::pair<const char*, const char*>, 3> kDefaults = {
      {{"default_port", "MYSQL_TCP_PORT"},
       {"default_unix_socket", "MYSQL_UNIX_PORT"},
       {"default_host", "MYSQL_HOST"}}};
  for (auto [key, variable] : kDefaults) {
    const std::string value = ValueOr(url.parameters, key, "");
    if (!value.empty()) program.environment[variable] = value;
  }
  const std::string password = ValueOr(url.parameters, "password", "default_password");
  if (!password.empty()) program.environment["MYSQL_PWD"] = password;
  program.options = {OptionFile(url)};
  const bool own_file = program.options.back() != "--no-defaults";
  for (auto [key, option] : kOptions) {
    const std::string fallback = own_file ? key : std::string("default_") + key;
    const std::string value = ValueOr(url.parameters, key, fallback.c_str());
    if (!value.empty()) program.options.push_back(fmt::format("--{}={}", option, value));
  }
  if (WantsTls(url)) program.options.push_back("--ssl");
  program.database = ValueOr(url.parameters, "dbname", "");
  return program;
}

}  // namespace mig
