// What a work tree's mig.toml says, and where a command's target is.
//
// Relative paths in it, those of SQLite databases included, are relative to its folder. `${NAME}`
// is replaced by the environment's value, or by that of a `.env` beside it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/environment.h"
#include "store/core/result.h"

namespace mig {

// A text of mig.toml and where it stands.
struct ConfigText {
  std::string text;  // as written, variables not expanded; empty: not given
  int line = 0;
};

struct TargetConfig {
  ConfigText url;
  std::string schema;  // of the bookkeeping tables; empty: the daemon's default
  bool is_protected = false;
  ConfigText backup;                // "pg_dump", "sqlite", "mariadb-dump" or a command
  ConfigText backup_directory;      // relative to root
  std::int64_t backup_time_ms = 0;  // 0: the daemon's default
  std::string require_applied_on;   // a target's name
  std::string compat;               // "alembic": keep its version table up to date; or empty
  std::string alembic_table;
  std::map<std::string, ConfigText> placeholders;  // values of ${NAME} in SQL
  ConfigText placeholder_key;
};

// How the daemon is reached, paths relative to root.
struct DaemonConfig {
  ConfigText address = {"local", 0};  // or "unix:PATH", "https://HOST:PORT"
  ConfigText token;                   // https only, like the rest
  ConfigText ca_file;
  ConfigText certificate_file;
  ConfigText key_file;
};

// A daemon that shares histories.
struct RemoteConfig {
  DaemonConfig daemon;
  std::string project;  // empty: the work tree's own
};

struct Config {
  std::string root;  // absolute path of the folder of mig.toml
  std::string project;
  std::vector<std::string> migrations = {"migrations"};  // folders relative to root
  std::string default_target;                            // [project] target; empty: not given
  DaemonConfig daemon;
  std::map<std::string, TargetConfig> targets;
  std::map<std::string, RemoteConfig> remotes;
  Environment environment;  // the process's, filled up from .env
};

// A target with everything a daemon needs to reach it.
struct ResolvedTarget {
  std::string name;
  std::string url;  // empty: a shared daemon knows the target by its name
  std::string schema;
  std::string compat;
  std::string alembic_table;
  Environment environment;  // PG* and HOME
  std::string base_directory;
  bool is_protected = false;
  std::string backup;
  std::string backup_directory;  // absolute
  std::int64_t backup_time_ms = 0;
  std::string applied_before;  // a target's name
  std::map<std::string, std::string> placeholders;
  std::string placeholder_key;
};

// The text of a mig.toml. Errors: kConfigInvalid with file, line and key; a near miss is the hint
// of an unknown key.
Result<Config> ParseConfig(std::string_view path, std::string_view text);

// The mig.toml of `folder` or the nearest folder above it. Errors: kNoWorkTree, kFileUnreadable, as
// ParseConfig.
Result<Config> LoadConfig(const std::string& folder, const Environment& environment);

// NAME=VALUE lines, `#` comments, optional `export` and quotes. Lines it cannot read are skipped.
Environment ParseDotEnv(std::string_view text);

// The text with each ${NAME} replaced; `$$` is a dollar. Errors: kConfigInvalid naming file, line,
// `key` and the variable.
Result<std::string> ExpandVariables(const Config& config, const ConfigText& text,
                                    std::string_view key);

// The remote called `name`; with an empty name `origin`, or the only one. Errors: kNoRemote.
Result<std::string> RemoteNameOf(const Config& config, std::string_view name);

// The target called `name`; with an empty name [project] target, the only one, or `dev`. Without a
// url it has DATABASE_URL's. Errors: kNoTarget with the nearest name, kConfigInvalid.
Result<ResolvedTarget> TargetOf(const Config& config, std::string_view name);

}  // namespace mig
