#include "drivers/mariadb_parameters.h"

#include <fmt/format.h>

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
  auto [host, port] = Cut(authority, ':');
  if (port.find_first_not_of("0123456789") != std::string_view::npos) {
    return Invalid("the port is not a number");
  }
  TRY(Put(values, "host", host));
  return Put(values, "port", port);
}

}  // namespace

Result<Values> ParseMariadbParameters(std::string_view rest) {
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
    TRY(Put(values, std::string(key), value));
    query = others;
  }
  return values;
}

std::string RedactedMariadbUrl(const Values& parameters) {
  auto part = [&](const char* key, std::string_view before, std::string_view after) {
    auto found = parameters.find(key);
    return found == parameters.end() ? "" : fmt::format("{}{}{}", before, found->second, after);
  };
  return "mariadb://" + part("user", "", "@") + part("host", "", "") + part("port", ":", "") +
         part("dbname", "/", "");
}

}  // namespace mig
