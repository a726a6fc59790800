#include "drivers/mariadb_parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace mig {
namespace {

using Values = std::map<std::string, std::string>;

Error Invalid(std::string_view why) {
  return Error{Reason::kUrlInvalid, fmt::format("the MariaDB url cannot be read: {}", why)};
}

Result<std::string> Decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned byte = 0;
    std::string_view digits = text.substr(i + 1, 2);
    auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (failed != std::errc() || end != digits.data() + 2 || byte == 0) {
      return Invalid("`%` must be followed by two hexadecimal digits");
    }
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

Result<void> Put(Values& values, std::string key, std::string_view encoded) {
  std::string value = TRY(Decoded(encoded));
  if (!value.empty()) values.insert_or_assign(std::move(key), std::move(value));
  return {};
}

// Cuts `text` at the first `mark`; the second half is empty without one.
std::pair<std::string_view, std::string_view> Cut(std::string_view text, char mark) {
  std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {text, ""};
  return {text.substr(0, at), text.substr(at + 1)};
}

Result<void> PutAuthority(Values& values, std::string_view authority) {
  std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    auto [user, password] = Cut(authority.substr(0, at), ':');
    TRY(Put(values, "user", user));
    TRY(Put(values, "password", password));
    authority.remove_prefix(at + 1);
  }
  // An IPv6 address has colons of its own, and stands in brackets (RFC 3986, section 3.2.2).
  const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
  if (bracket == std::string_view::npos) return Invalid("a `]` must follow the address");
  const std::size_t colon = std::min(authority.find(':', bracket), authority.size());
  std::string_view host = authority.substr(0, colon);
  const std::string_view port = Cut(authority.substr(colon), ':').second;
  if (bracket > 0) {
    if (bracket + 1 != colon) return Invalid("a colon must follow the `]`");
    host = host.substr(1, bracket - 1);
  }
  if (port.find_first_not_of("0123456789") != std::string_view::npos) {
    return Invalid("the port is not a number");
  }
  TRY(Put(values, "host", host));
  return Put(values, "port", port);
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  return upper;
}

bool IsReadingMode(std::string_view mode) {
  constexpr std::array<std::string_view, 8> kModes = {
      "ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI", "ORACLE", "DB2", "MAXDB", "MSSQL",
      "POSTGRESQL"};
  return std::ranges::find(kModes, Upper(mode)) != kModes.end();
}

Result<void> CheckValue(const std::string& key, const std::string& value) {
  constexpr std::array<std::string_view, 9> kFree = {
      "unix_socket", "connect_timeout",       "ssl", "ssl_ca", "ssl_capath", "ssl_cert", "ssl_key",
      "ssl_cipher",  "ssl_verify_server_cert"};
  if (key == "charset") {
    if (Upper(value).starts_with("UTF8")) return {};
    return Invalid("every session is utf8mb4, and no other `charset`");
  }
  if (key == "sql_mode") {
    bool words = std::ranges::all_of(
        value, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == ','; });
    if (words && WithoutReadingModes(value) == value) return {};
    return Invalid("`sql_mode` is a list of modes, and none that changes how text is read");
  }
  if (std::ranges::find(kFree, key) != kFree.end()) return {};
  return Invalid("one of the parameters after `?` is none that mig knows");
}

Result<void> PutParameter(Values& values, std::string_view encoded_key, std::string_view value) {
  std::string key = TRY(Decoded(encoded_key));
  std::ranges::replace(key, '-', '_');
  if (key == "socket") key = "unix_socket";
  TRY(Put(values, key, value));
  auto put = values.find(key);
  if (put == values.end()) return {};
  return CheckValue(key, put->second);
}

void PutDefaults(Values& values, const Values& environment) {
  constexpr std::array<std::pair<const char*, const char*>, 4> kVariables = {{
      {"MYSQL_HOST", "default_host"},
      {"MYSQL_TCP_PORT", "default_port"},
      {"MYSQL_UNIX_PORT", "default_unix_socket"},
      {"MYSQL_PWD", "default_password"},
  }};
  for (auto [variable, key] : kVariables) {
    auto found = environment.find(variable);
    if (found != environment.end() && !found->second.empty()) values.emplace(key, found->second);
  }
  auto home = environment.find("HOME");
  if (home != environment.end()) values.emplace("option_file", home->second + "/.my.cnf");
}

}  // namespace

std::string WithoutReadingModes(std::string_view modes) {
  std::string kept;
  while (!modes.empty()) {
    auto [mode, others] = Cut(modes, ',');
    if (!IsReadingMode(mode)) kept.append(kept.empty() ? "" : ",").append(mode);
    modes = others;
  }
  return kept;
}

Result<Values> ParseMariadbParameters(std::string_view rest, const Values& environment) {
  if (!rest.starts_with("://")) return Invalid("`//` must follow the colon");
  auto [address, query] = Cut(rest.substr(3), '?');
  auto [authority, database] = Cut(address, '/');
  if (database.find('@') != std::string_view::npos) {
    return Invalid("write %2F for a `/` and %40 for an `@` in user and password");
  }
  Values values;
  TRY(PutAuthority(values, authority));
  TRY(Put(values, "dbname", database));
  while (!query.empty()) {
    auto [setting, others] = Cut(query, '&');
    auto [key, value] = Cut(setting, '=');
    TRY(PutParameter(values, key, value));
    query = others;
  }
  PutDefaults(values, environment);
  return values;
}

std::string RedactedMariadbUrl(const Values& parameters) {
  auto part = [&](const char* key, std::string_view before, std::string_view after) {
    auto found = parameters.find(key);
    return found == parameters.end() ? "" : fmt::format("{}{}{}", before, found->second, after);
  };
  const bool in_brackets = part("host", "", "").find(':') != std::string::npos;
  return "mariadb://" + part("user", "", "@") +
         part("host", in_brackets ? "[" : "", in_brackets ? "]" : "") + part("port", ":", "") +
         part("dbname", "/", "") + part("unix_socket", "?unix_socket=", "");
}

}  // namespace mig
