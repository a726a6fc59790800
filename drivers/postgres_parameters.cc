#include "drivers/postgres_parameters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace mig {
namespace {

using Values = std::map<std::string, std::string>;

// Debian's build of libpq looks for pg_service.conf here.
constexpr char kSystemServiceFolder[] = "/etc/postgresql-common";

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

std::string ValueOr(const Values& values, const std::string& key, std::string fallback) {
  auto found = values.find(key);
  return found == values.end() || found->second.empty() ? std::move(fallback) : found->second;
}

// libpq quotes what it does not understand, which may be a piece of a password: its words are kept
// up to the first quote.
std::string WithoutQuotes(std::string_view message) {
  std::string words(message.substr(0, message.find('"')));
  while (!words.empty() && (words.back() == '\n' || words.back() == ' ' || words.back() == ':')) {
    words.pop_back();
  }
  return words;
}

bool IsUrl(std::string_view text) { return text.starts_with("postgresql://"); }

// libpq ends the credentials at the first `@` or `/`: a password that holds one would continue as
// host, port or database, where messages quote it.
Result<void> CheckReservedCharacters(std::string_view url) {
  std::string_view rest = url.substr(url.find("://") + 3);
  std::size_t at = rest.find('@');
  std::size_t end = rest.find('/');
  bool late = at != std::string_view::npos && end != std::string_view::npos && end < at &&
              rest.substr(0, end).find(':') != std::string_view::npos &&
              rest.substr(0, rest.find('=')).find('@') != std::string_view::npos;
  bool twice = at != std::string_view::npos &&
               rest.substr(0, rest.find('?')).find('@', at + 1) != std::string_view::npos;
  if (late || twice) {
    return Error{Reason::kUrlInvalid,
                 "the url has an `@` or `/` inside its user or password",
                 {},
                 "write %40 for @, %2F for / and %25 for %"};
  }
  return {};
}

Result<Values> ParseGiven(std::string_view conninfo) {
  if (IsUrl(conninfo)) TRY(CheckReservedCharacters(conninfo));
  char* raw = nullptr;
  Options options(PQconninfoParse(std::string(conninfo).c_str(), &raw));
  std::unique_ptr<char, void (*)(void*)> message(raw, PQfreemem);
  if (!options) {
    return Error{Reason::kUrlInvalid,
                 fmt::format("the PostgreSQL url cannot be read: {}",
                             message ? WithoutQuotes(message.get()) : "out of memory")};
  }
  Values given;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr && *option->val != '\0') given[option->keyword] = option->val;
  }
  return given;
}

Result<void> CheckPorts(const Values& given) {
  std::string ports = ValueOr(given, "port", "");
  if (ports.find_first_not_of("0123456789,") == std::string::npos) return {};
  return Error{Reason::kUrlInvalid, "the port of the PostgreSQL url is not a number"};
}

// libpq itself would refuse it as a server does that is not there.
Result<void> CheckSslMode(const Values& all) {
  constexpr std::array<std::string_view, 6> kModes = {"disable", "allow",     "prefer",
                                                      "require", "verify-ca", "verify-full"};
  const std::string mode = ValueOr(all, "sslmode", "prefer");
  if (std::ranges::find(kModes, mode) != kModes.end()) return {};
  return Error{Reason::kUrlInvalid,
               fmt::format("`{}` is no sslmode of PostgreSQL", mode),
               {},
               fmt::format("it is one of {}", fmt::join(kModes, ", "))};
}

std::string HomeOf(const Values& environment) {
  std::string home = ValueOr(environment, "HOME", "");
  if (!home.empty()) return home;
  passwd entry;
  passwd* user = nullptr;
  char text[4096];
  getpwuid_r(geteuid(), &entry, text, sizeof text, &user);
  return user != nullptr ? user->pw_dir : "/";
}

std::string Trimmed(const std::string& line) {
  constexpr char kSpace[] = " \t\r\n\v\f";
  std::size_t begin = line.find_first_not_of(kSpace);
  if (begin == std::string::npos) return "";
  return line.substr(begin, line.find_last_not_of(kSpace) - begin + 1);
}

Result<std::optional<Values>> ReadService(const std::string& file, const std::string& service) {
  std::ifstream stream(file);
  std::optional<Values> values;
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    line = Trimmed(line);
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '[') {
      if (values) break;
      if (line == "[" + service + "]") values.emplace();
    } else if (values) {
      std::size_t equals = line.find('=');
      std::string keyword = line.substr(0, equals);
      if (equals == std::string::npos || keyword == "service") {
        return Error{
            Reason::kUrlInvalid,
            fmt::format("line {} of the service file {} is no keyword=value", number, file)};
      }
      values->emplace(keyword, line.substr(equals + 1));
    }
  }
  return values;
}

Result<Values> FindService(const std::string& service, const Values& environment,
                           const std::string& home) {
  std::vector<std::string> files = {
      ValueOr(environment, "PGSERVICEFILE", home + "/.pg_service.conf"),
      ValueOr(environment, "PGSYSCONFDIR", kSystemServiceFolder) + "/pg_service.conf"};
  for (const std::string& file : files) {
    std::optional<Values> found = TRY(ReadService(file, service));
    if (found) return *std::move(found);
  }
  return Error{Reason::kUrlInvalid, fmt::format("service `{}` is defined neither in {} nor in {}",
                                                service, files[0], files[1])};
}

Result<void> CheckKeywords(const Values& values, const std::string& service) {
  Options known(PQconninfoParse("", nullptr));
  std::set<std::string> keywords;
  for (const PQconninfoOption* option = known.get(); option && option->keyword; ++option) {
    keywords.insert(option->keyword);
  }
  for (const auto& [keyword, value] : values) {
    if (!keywords.contains(keyword)) {
      return Error{Reason::kUrlInvalid,
                   fmt::format("service `{}` sets the unknown parameter `{}`", service, keyword)};
    }
  }
  return {};
}

void AddEnvironment(const Values& environment, Values& all) {
  for (const auto& [keyword, variable] : PostgresVariables()) {
    std::string value = ValueOr(environment, variable, "");
    if (!value.empty()) all.emplace(keyword, value);
  }
  if (ValueOr(environment, "PGREQUIRESSL", "0")[0] == '1') all.emplace("sslmode", "require");
}

// The files libpq would look for in the home directory of its own process. Absent ones are ignored,
// as libpq does.
void AddHome(const std::string& home, Values& all) {
  all.emplace("passfile", home + "/.pgpass");
  all.emplace("sslcert", home + "/.postgresql/postgresql.crt");
  all.emplace("sslkey", home + "/.postgresql/postgresql.key");
  all.emplace("sslrootcert", home + "/.postgresql/root.crt");
  all.emplace("sslcrl", home + "/.postgresql/root.crl");
}

std::string Encoded(std::string_view text) {
  std::string encoded;
  for (char c : text) {
    bool plain = std::isalnum(static_cast<unsigned char>(c)) ||
                 std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

bool IsSecret(const std::string& keyword) {
  return keyword == "password" || keyword == "sslpassword";
}

}  // namespace

Result<PostgresParameters> ParsePostgresParameters(std::string_view conninfo,
                                                   const Values& environment) {
  PostgresParameters parameters;
  parameters.given = TRY(ParseGiven(conninfo));
  TRY(CheckPorts(parameters.given));
  parameters.all = parameters.given;
  std::string home = HomeOf(environment);
  std::string service = ValueOr(parameters.given, "service", ValueOr(environment, "PGSERVICE", ""));
  if (!service.empty()) {
    Values found = TRY(FindService(service, environment, home));
    TRY(CheckKeywords(found, service));
    parameters.all.insert(found.begin(), found.end());
  }
  AddEnvironment(environment, parameters.all);
  TRY(CheckSslMode(parameters.all));
  AddHome(home, parameters.all);
  parameters.all.erase("service");
  std::erase_if(parameters.all, [](const auto& entry) { return entry.second.empty(); });
  return parameters;
}

std::vector<std::pair<std::string, std::string>> SettingsInOptions(std::string_view options) {
  std::vector<std::string> words;
  bool within = false;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const bool blank = std::isspace(static_cast<unsigned char>(options[i])) != 0;
    if (!blank && !within) words.emplace_back();
    within = !blank;
    if (options[i] == '\\' && i + 1 < options.size()) ++i;
    if (within) words.back() += options[i];
  }
  std::vector<std::pair<std::string, std::string>> settings;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].starts_with("-c") && !words[i].starts_with("--")) continue;
    const bool next = words[i] == "-c" && i + 1 < words.size();
    const std::string setting = next ? words[++i] : words[i].substr(2);
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) continue;
    std::string name = setting.substr(0, equals);
    std::ranges::replace(name, '-', '_');
    settings.emplace_back(std::move(name), setting.substr(equals + 1));
  }
  return settings;
}

std::string RedactedPostgresUrl(const PostgresParameters& parameters) {
  Values shown = parameters.given;
  for (const char* keyword : {"host", "port", "user", "dbname"}) {
    auto found = parameters.all.find(keyword);
    if (found != parameters.all.end()) shown.insert(*found);
  }
  auto take = [&shown](const char* keyword) {
    auto node = shown.extract(keyword);
    return node ? node.mapped() : std::string();
  };
  std::string user = take("user");
  std::string database = take("dbname");
  std::string url = "postgresql://" + (user.empty() ? "" : Encoded(user) + "@");
  std::string host = ValueOr(shown, "host", "");
  if (host.find_first_of("/,:") == std::string::npos) {
    url += Encoded(take("host"));
    std::string port = take("port");
    if (!port.empty()) url += ":" + port;
  }
  url += "/" + Encoded(database);
  char separator = '?';
  for (const auto& [keyword, value] : shown) {
    if (IsSecret(keyword)) continue;
    url += fmt::format("{}{}={}", separator, keyword, Encoded(value));
    separator = '&';
  }
  return url;
}

const Values& PostgresVariables() {
  static const Values variables = [] {
    Values found;
    Options options(PQconninfoParse("", nullptr));
    for (const PQconninfoOption* option = options.get(); option && option->keyword; ++option) {
      if (option->envvar != nullptr) found.emplace(option->keyword, option->envvar);
    }
    return found;
  }();
  return variables;
}

void ForgetPostgresEnvironment() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view text = *entry;
    if (text.starts_with("PG")) names.emplace_back(text.substr(0, text.find('=')));
  }
  for (const std::string& name : names) unsetenv(name.c_str());
}

}  // namespace mig
