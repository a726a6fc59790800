#include "drivers/target_url.h"

#include <fmt/format.h>

#include <filesystem>
#include <initializer_list>

#include "drivers/mariadb_parameters.h"
#include "drivers/postgres_parameters.h"

namespace mig {
namespace {

constexpr std::string_view kSchemeCharacters = "abcdefghijklmnopqrstuvwxyz0123456789+_-.";

struct Scheme {
  std::string_view name;  // without driver suffix; empty for a key=value string
  std::string_view rest;  // from the colon on
};

Scheme SplitScheme(std::string_view url) {
  std::size_t end = url.find_first_not_of(kSchemeCharacters);
  if (end == 0 || end == std::string_view::npos || url[end] != ':') return {"", url};
  std::string_view scheme = url.substr(0, end);
  return {scheme.substr(0, scheme.find('+')), url.substr(end)};
}

Result<std::string> SqlitePath(std::string_view rest) {
  std::string_view path = rest.substr(1);
  if (path.starts_with("///")) {
    path.remove_prefix(3);
  } else if (path.starts_with("//")) {
    return Error{Reason::kUrlInvalid,
                 "a SQLite url has no host: two slashes are one too few or two too many",
                 {},
                 "write sqlite:PATH, sqlite:///RELATIVE or sqlite:////ABSOLUTE"};
  }
  if (path.empty() || path == ":memory:") {
    return Error{
        Reason::kUrlInvalid,
        "a SQLite database in memory would not outlive the command: a target needs a file"};
  }
  if (path.find('?') != std::string_view::npos) {
    return Error{Reason::kUrlInvalid, "a SQLite url takes no parameters after `?`"};
  }
  return std::string(path);
}

Result<TargetUrl> ParseSqlite(std::string_view rest, const UrlContext& context) {
  std::string path = TRY(SqlitePath(rest));
  TargetUrl url;
  url.dialect = Dialect::kSqlite;
  url.path = (std::filesystem::path(context.base_directory) / path).lexically_normal().string();
  if (!url.path.starts_with('/')) {
    return Error{Reason::kUrlInvalid,
                 fmt::format("the SQLite path {} is relative to no known folder", path)};
  }
  url.redacted = "sqlite:" + url.path;
  return url;
}

// A library would look for a relative file in the folder of the daemon's process.
void FindFiles(std::map<std::string, std::string>& values, std::initializer_list<const char*> names,
               const std::string& base_directory) {
  if (base_directory.empty()) return;
  for (const char* name : names) {
    const auto found = values.find(name);
    if (found == values.end() || found->second.empty() || found->second.starts_with('/')) continue;
    const std::string& value = found->second;
    if (value == "system" || value.find(':') != std::string::npos) continue;  // of libpq: no file
    found->second = (std::filesystem::path(base_directory) / value).lexically_normal().string();
  }
}

Result<TargetUrl> ParsePostgres(std::string_view conninfo, const UrlContext& context) {
  auto environment = context.environment;
  FindFiles(environment, {"PGSERVICEFILE"}, context.base_directory);
  PostgresParameters parameters = TRY(ParsePostgresParameters(conninfo, environment));
  TargetUrl url;
  url.dialect = Dialect::kPostgresql;
  url.redacted = RedactedPostgresUrl(parameters);
  url.parameters = std::move(parameters.all);
  FindFiles(url.parameters, {"passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir"},
            context.base_directory);
  return url;
}

Result<TargetUrl> ParseMariadb(std::string_view rest, const UrlContext& context) {
  TargetUrl url;
  url.dialect = Dialect::kMariadb;
  url.parameters = TRY(ParseMariadbParameters(rest, context.environment));
  url.redacted = RedactedMariadbUrl(url.parameters);
  FindFiles(url.parameters, {"ssl_ca", "ssl_capath", "ssl_cert", "ssl_key"},
            context.base_directory);
  return url;
}

}  // namespace

Result<TargetUrl> ParseTargetUrl(std::string_view text, const UrlContext& context) {
  if (text.find('\0') != std::string_view::npos) {
    return Error{Reason::kUrlInvalid, "the url holds a NUL byte"};
  }
  auto [scheme, rest] = SplitScheme(text);
  if (scheme == "sqlite") return ParseSqlite(rest, context);
  if (scheme == "mariadb" || scheme == "mysql") return ParseMariadb(rest, context);
  if ((scheme == "postgresql" || scheme == "postgres") && rest.starts_with("://")) {
    return ParsePostgres("postgresql" + std::string(rest), context);
  }
  if (!scheme.empty()) {
    return Error{
        Reason::kUnsupported,
        fmt::format("`{}` is no database that mig knows", scheme),
        {},
        "mig knows sqlite:PATH, postgresql://user@host/database and mariadb://user@host/database"};
  }
  if (text.find('=') == std::string_view::npos) {
    return Error{Reason::kUrlInvalid, text.empty() ? "the url is empty" : "the url has no scheme"};
  }
  return ParsePostgres(text, context);
}

}  // namespace mig
