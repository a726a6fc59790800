#include "drivers/sql/classify.h"

#include <optional>
#include <utility>

#include "drivers/sql/classify_mariadb.h"
#include "drivers/sql/statement_tokens.h"

namespace mig {
namespace {

constexpr bool kInside = true;
constexpr bool kOutside = false;
constexpr bool kConcurrently = true;

StatementTraits Inside(bool repeatable) { return {kInside, repeatable, {}}; }

// Outside of transactions, and without effect where it fails.
StatementTraits Wholly(bool repeatable, Probe probe = {}) {
  return {kOutside, repeatable, std::move(probe), false, /*fails_wholly=*/true};
}

bool SaysFalse(const StatementTokens& tokens, std::size_t at) {
  std::string_view text = tokens.Text(at);
  if (text.starts_with('\'')) text = text.substr(1, text.size() - 2);
  return EqualsIgnoringCase(text, "false") || EqualsIgnoringCase(text, "off") || text == "0";
}

// True when the options in parentheses turn `option` off.
bool TurnsOff(const StatementTokens& tokens, std::string_view option) {
  std::size_t at = tokens.Find(0, {option});
  return tokens.IsSymbol(at + 1, "=") && SaysFalse(tokens, at + 2);
}

bool HasIfNotExists(const StatementTokens& tokens) {
  return tokens.Find(0, {"if", "not", "exists"}) < tokens.size();
}
bool HasIfExists(const StatementTokens& tokens) {
  return tokens.Find(0, {"if", "exists"}) < tokens.size();
}

// ---- PostgreSQL

Probe ProbeOfName(const StatementTokens& tokens, std::size_t at, Probe::Kind kind) {
  if (tokens.HasWords(at, {"if", "exists"})) at += 2;
  auto name = tokens.PostgresqlName(at);
  if (!name) return {};
  return {kind, name->schema, name->name, ""};
}

// CREATE [UNIQUE] INDEX CONCURRENTLY [[IF NOT EXISTS] name] ON [ONLY] table; `at` is behind
// CONCURRENTLY.
Probe ProbeOfNewIndex(const StatementTokens& tokens, std::size_t at) {
  if (tokens.HasWords(at, {"if", "not", "exists"})) at += 3;
  std::optional<StatementTokens::Name> name;
  if (!tokens.IsWord(at, "on")) {
    name = tokens.PostgresqlName(at);
    if (!name || !tokens.IsWord(name->end, "on")) return {};
    at = name->end;
  }
  auto table = tokens.PostgresqlName(at + (tokens.IsWord(at + 1, "only") ? 2 : 1));
  if (!table) return {};
  if (!name) return {Probe::Kind::kIndexAdded, table->schema, table->name, ""};
  return {Probe::Kind::kIndexCreated, table->schema, name->name, table->name};
}

StatementTraits ClassifyCreate(const StatementTokens& tokens) {
  std::size_t kind = tokens.IsWord(1, "unique") ? 2 : 1;
  if (tokens.HasWords(kind, {"index", "concurrently"})) {
    // IF NOT EXISTS would be content with the invalid index of an attempt that failed.
    return {kOutside, false, ProbeOfNewIndex(tokens, kind + 2), kConcurrently};
  }
  if (tokens.IsWord(1, "database")) {
    return Wholly(false, ProbeOfName(tokens, 2, Probe::Kind::kDatabaseCreated));
  }
  if (tokens.IsWord(1, "tablespace")) {
    return Wholly(false, ProbeOfName(tokens, 2, Probe::Kind::kTablespaceCreated));
  }
  if (tokens.IsWord(1, "subscription")) {
    if (TurnsOff(tokens, "create_slot") || TurnsOff(tokens, "connect")) return {};
    return Wholly(false, ProbeOfName(tokens, 2, Probe::Kind::kSubscriptionCreated));
  }
  return {kInside, HasIfNotExists(tokens), {}};
}

StatementTraits ClassifyDrop(const StatementTokens& tokens) {
  bool repeatable = HasIfExists(tokens);
  if (tokens.HasWords(1, {"index", "concurrently"})) {
    return {kOutside, repeatable, ProbeOfName(tokens, 3, Probe::Kind::kIndexDropped),
            kConcurrently};
  }
  if (tokens.IsWord(1, "database")) {
    // One that was stopped leaves a database that nobody can connect to, and may be repeated.
    return {kOutside, repeatable, ProbeOfName(tokens, 2, Probe::Kind::kDatabaseDropped)};
  }
  if (tokens.IsWord(1, "tablespace")) {
    return Wholly(repeatable, ProbeOfName(tokens, 2, Probe::Kind::kTablespaceDropped));
  }
  if (tokens.IsWord(1, "subscription")) {
    return Wholly(repeatable, ProbeOfName(tokens, 2, Probe::Kind::kSubscriptionDropped));
  }
  return {kInside, repeatable, {}};
}

StatementTraits ClassifyAlterSubscription(const StatementTokens& tokens) {
  if (tokens.Find(2, {"refresh", "publication"}) < tokens.size()) return {kOutside, true, {}};
  bool slot_option =
      tokens.Find(2, {"failover"}) < tokens.size() || tokens.Find(2, {"two_phase"}) < tokens.size();
  if (slot_option) return {kOutside, true, {}};
  bool publication = tokens.Find(2, {"publication"}) < tokens.size();
  bool refreshes = publication && !TurnsOff(tokens, "refresh");
  return {!refreshes, publication && tokens.Find(2, {"set", "publication"}) < tokens.size(), {}};
}

StatementTraits ClassifyAlter(const StatementTokens& tokens) {
  if (tokens.IsWord(1, "system")) return Wholly(true);
  if (tokens.IsWord(1, "subscription")) return ClassifyAlterSubscription(tokens);
  if (tokens.IsWord(1, "database")) {
    bool moves = tokens.Find(2, {"set", "tablespace"}) < tokens.size();
    return {!moves, moves, {}};
  }
  std::size_t detach = tokens.Find(1, {"detach", "partition"});
  bool concurrently = tokens.Find(detach, {"concurrently"}) < tokens.size();
  if (!tokens.IsWord(1, "table") || !concurrently) return {};
  return {kOutside, false, ProbeOfName(tokens, detach + 2, Probe::Kind::kPartitionDetached),
          kConcurrently};
}

Probe ProbeOfReindex(const StatementTokens& tokens, std::size_t kind, std::size_t name) {
  if (tokens.IsWord(kind, "index")) return ProbeOfName(tokens, name, Probe::Kind::kIndexReindexed);
  if (tokens.IsWord(kind, "table")) return ProbeOfName(tokens, name, Probe::Kind::kTableReindexed);
  if (tokens.IsWord(kind, "schema"))
    return ProbeOfName(tokens, name, Probe::Kind::kSchemaReindexed);
  return {Probe::Kind::kDatabaseReindexed, "", "", ""};
}

// REINDEX [(options)] kind [CONCURRENTLY] [name]
StatementTraits ClassifyReindex(const StatementTokens& tokens) {
  std::size_t kind = tokens.SkipParentheses(1);
  std::size_t concurrently = tokens.Find(1, {"concurrently"});
  bool off = concurrently < kind && (SaysFalse(tokens, concurrently + 1));
  bool many = tokens.IsAnyWord(kind, {"schema", "database", "system"});
  bool plain = concurrently == tokens.size() || off;
  if (plain) return {!many, true, {}};
  std::size_t name = concurrently == kind + 1 ? kind + 2 : kind + 1;
  return {kOutside, true, ProbeOfReindex(tokens, kind, name), kConcurrently};
}

// CLUSTER without a table takes all of them, each in a transaction of its own.
StatementTraits ClassifyCluster(const StatementTokens& tokens) {
  std::size_t at = tokens.SkipParentheses(1);
  if (tokens.IsWord(at, "verbose")) ++at;
  return {at < tokens.size(), true, {}};
}

// SELECT set_config('name', 'value', false), as dumps have it.
bool IsSetConfig(const StatementTokens& tokens) {
  const std::size_t name = tokens.HasWords(1, {"pg_catalog"}) && tokens.IsSymbol(2, ".") ? 3 : 1;
  const std::size_t end = tokens.SkipParentheses(name + 1);
  if (!tokens.IsWord(0, "select") || !tokens.IsWord(name, "set_config") || end != tokens.size())
    return false;
  for (std::size_t at = name + 2; at + 1 < end; ++at) {
    if (tokens.IsSymbol(at, "(")) return false;  // it may call what has effects of its own
  }
  return SaysFalse(tokens, end - 2);
}

bool SetsPostgresqlSession(const StatementTokens& tokens) {
  if (tokens.IsWord(0, "set")) return !tokens.IsAnyWord(1, {"local", "transaction", "constraints"});
  if (tokens.IsWord(0, "prepare")) return !tokens.IsWord(1, "transaction");
  return tokens.IsAnyWord(0, {"reset", "deallocate", "load"}) || IsSetConfig(tokens);
}

StatementTraits ClassifyPostgresql(const StatementTokens& tokens) {
  if (tokens.IsWord(0, "create")) return ClassifyCreate(tokens);
  if (tokens.IsWord(0, "drop")) return ClassifyDrop(tokens);
  if (tokens.IsWord(0, "alter")) return ClassifyAlter(tokens);
  if (tokens.IsWord(0, "reindex")) return ClassifyReindex(tokens);
  if (tokens.IsWord(0, "cluster")) return ClassifyCluster(tokens);
  if (tokens.IsWord(0, "vacuum")) return {kOutside, true, {}};
  StatementTraits traits = Inside(tokens.IsAnyWord(0, {"analyze", "analyse"}));
  traits.sets_session = SetsPostgresqlSession(tokens);
  return traits;
}

// ---- SQLite

// In PRAGMA [schema.]name.
std::size_t NameOfPragma(const StatementTokens& tokens) { return tokens.IsSymbol(2, ".") ? 3 : 1; }

bool SetsPragma(const StatementTokens& tokens) {
  const std::size_t name = NameOfPragma(tokens);
  return tokens.IsSymbol(name + 1, "=") || tokens.IsSymbol(name + 1, "(");
}

// Where setting it is refused or ignored while a transaction is open.
bool IsOutsidePragma(const StatementTokens& tokens) {
  const std::size_t name = NameOfPragma(tokens);
  if (tokens.IsWord(name, "wal_checkpoint")) return true;
  return SetsPragma(tokens) &&
         tokens.IsAnyWord(name, {"foreign_keys", "journal_mode", "synchronous", "temp_store",
                                 "auto_vacuum", "page_size"});
}

// Those that count for the connection, not for the file. Of the file's form it is the connection's
// next VACUUM that heeds them.
bool IsSessionPragma(const StatementTokens& tokens) {
  if (!SetsPragma(tokens)) return false;
  const std::size_t name = NameOfPragma(tokens);
  return tokens.IsAnyWord(name, {"auto_vacuum", "page_size", "analysis_limit"}) ||
         tokens.IsAnyWord(name,
                          {"foreign_keys", "ignore_check_constraints", "case_sensitive_like",
                           "recursive_triggers", "reverse_unordered_selects", "legacy_alter_table",
                           "writable_schema", "trusted_schema", "automatic_index", "busy_timeout",
                           "cache_size", "cache_spill", "mmap_size", "secure_delete", "synchronous",
                           "temp_store", "threads", "wal_autocheckpoint"});
}

StatementTraits ClassifySqlite(const StatementTokens& tokens) {
  if (tokens.IsAnyWord(0, {"attach", "detach"})) {
    StatementTraits traits = Wholly(tokens.IsWord(0, "attach"));
    traits.sets_session = true;
    return traits;
  }
  if (tokens.IsWord(0, "vacuum")) return Wholly(true);
  if (tokens.IsWord(0, "pragma")) {
    StatementTraits traits = IsOutsidePragma(tokens) ? Wholly(true) : Inside(true);
    traits.sets_session = IsSessionPragma(tokens);
    return traits;
  }
  if (tokens.IsWord(0, "create")) return {kInside, HasIfNotExists(tokens), {}};
  if (tokens.IsWord(0, "drop")) return {kInside, HasIfExists(tokens), {}};
  return {kInside, tokens.IsAnyWord(0, {"analyze", "reindex"}), {}};
}

}  // namespace

bool SetsForeignKeys(std::string_view statement) {
  StatementTokens tokens(Dialect::kSqlite, statement);
  return tokens.IsWord(0, "pragma") && tokens.IsWord(NameOfPragma(tokens), "foreign_keys") &&
         SetsPragma(tokens);
}

StatementTraits Classify(Dialect dialect, std::string_view statement) {
  StatementTokens tokens(dialect, statement);
  switch (dialect) {
    case Dialect::kPostgresql:
      return ClassifyPostgresql(tokens);
    case Dialect::kSqlite:
      return ClassifySqlite(tokens);
    case Dialect::kMariadb:
      return ClassifyMariadb(tokens);
  }
  return {};
}

}  // namespace mig
