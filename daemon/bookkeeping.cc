#include "daemon/bookkeeping.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "drivers/mariadb_literals.h"
#include "drivers/sql/quoted_name.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

struct TableColumns {
  std::string_view name;
  std::string_view columns;
};

// {int}, {text}, {id} (text in a primary key) and {blob} stand for the engine's types, {key} for a
// name that not every engine takes without quotes. mig_meta comes last: where it is, all of them
// were made.
constexpr TableColumns kTables[] = {
    {"mig_version", "id {id} PRIMARY KEY NOT NULL, name {text} NOT NULL"},
    {"mig_object", "id {id} PRIMARY KEY NOT NULL, name {text} NOT NULL, content {blob} NOT NULL"},
    {"mig_log",
     "sequence {int} PRIMARY KEY NOT NULL, direction {text} NOT NULL, id {text} NOT NULL, name "
     "{text} NOT NULL, actor {text} NOT NULL, plan {text} NOT NULL, started_at {text} NOT NULL, "
     "finished_at {text} NOT NULL, outcome {text} NOT NULL, duration_us {int} NOT NULL, previous "
     "{text} NOT NULL, hash {text}"},
    {"mig_lease",
     "name {id} PRIMARY KEY NOT NULL, token {int} NOT NULL, holder {text} NOT NULL, host {text} "
     "NOT NULL, run {text} NOT NULL, since {text} NOT NULL"},
    {"mig_journal",
     "id {id} NOT NULL, name {text} NOT NULL, direction {id} NOT NULL, unit {int} NOT NULL, state "
     "{text} NOT NULL, digest {text} NOT NULL, PRIMARY KEY (id, direction, unit)"},
    {"mig_meta", "{key} {id} PRIMARY KEY NOT NULL, value {text} NOT NULL"},
};

constexpr std::string_view kLogColumns =
    "sequence, direction, id, name, actor, plan, started_at, finished_at, outcome, duration_us, "
    "previous, hash";

constexpr char kPostgresqlTransaction[] = "pg_catalog.pg_current_xact_id()::text";

struct ColumnTypes {
  std::string_view integer, text, id, blob, key, options;
};

ColumnTypes TypesOf(Dialect dialect) {
  switch (dialect) {
    case Dialect::kPostgresql:
      return {"bigint", "text", "text", "bytea", "key", ""};
    case Dialect::kSqlite:
      return {"integer", "text", "text", "blob", "key", ""};
    case Dialect::kMariadb:
      return {"bigint",       "longtext",
              "varchar(128)", "longblob",
              "`key`",        " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"};
  }
  return {};
}

// An expression for 32 hex digits that no other database has; what it calls, MariaDB replicates
// statement by statement, too.
std::string NewTargetId(Dialect dialect) {
  switch (dialect) {
    case Dialect::kPostgresql:
      return "pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', '')";
    case Dialect::kSqlite:
      return "lower(hex(randomblob(16)))";
    case Dialect::kMariadb:
      return "md5(concat(rand(), rand(), now(6)))";
  }
  return "";
}

// A backslash means the same whatever standard_conforming_strings is, which a script may have set.
std::string PostgresqlText(const std::string& text) {
  std::string quoted = text.find('\\') == std::string::npos ? "'" : "E'";
  for (const char c : text) quoted.append(c == '\'' || c == '\\' ? 2 : 1, c);
  return quoted + "'";
}

std::string Literal(Dialect dialect, const SqlValue& value) {
  if (dialect == Dialect::kMariadb) return MariadbLiteral(value);
  if (std::holds_alternative<std::nullptr_t>(value)) return "NULL";
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* blob = std::get_if<Blob>(&value)) {
    const std::string hex = Hex(blob->bytes);
    return dialect == Dialect::kPostgresql ? "pg_catalog.decode('" + hex + "', 'hex')"
                                           : "x'" + hex + "'";
  }
  if (dialect == Dialect::kPostgresql) return PostgresqlText(std::get<std::string>(value));
  std::string quoted = "'";
  for (const char c : std::get<std::string>(value)) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

// CREATE SCHEMA IF NOT EXISTS wants the right to make one where there is one, too.
std::string CreateSchema(const std::string& schema) {
  return "DO " +
         PostgresqlText(fmt::format("BEGIN IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace "
                                    "WHERE nspname = {}) THEN CREATE SCHEMA IF NOT EXISTS {}; END "
                                    "IF; END",
                                    PostgresqlText(schema), QuoteName(schema)));
}

// When the statement began, by the database's clock, as FormatMilliseconds writes it.
std::string_view TimeInMilliseconds(Dialect dialect) {
  switch (dialect) {
    case Dialect::kSqlite:
      return "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";
    case Dialect::kPostgresql:
      return "pg_catalog.to_char(pg_catalog.statement_timestamp() AT TIME ZONE 'UTC', "
             "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')";
    case Dialect::kMariadb:
      return "concat(left(date_format(utc_timestamp(3), '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z')";
  }
  return "";
}

SqlCommand Recurrent(SqlCommand command) {
  command.recurrent = true;
  return command;
}

}  // namespace

std::string_view NameOf(StepKind kind) {
  switch (kind) {
    case StepKind::kUpgrade:
      return "upgrade";
    case StepKind::kDowngrade:
      return "downgrade";
    case StepKind::kStamp:
      return "stamp";
    case StepKind::kRelink:
      return "relink";
    case StepKind::kResolve:
      return "resolve";
  }
  return "";
}

std::string HashOf(const LogEntry& entry) {
  return Hex(Sha256(
      fmt::format("mig-log 1\nsequence {}\ndirection {}\nid {}\nname {}\nactor {}\nplan "
                  "{}\nstarted {}\nfinished {}\noutcome "
                  "{}\nprevious {}\n",
                  entry.sequence, entry.direction, entry.id, entry.name, entry.actor, entry.plan,
                  entry.started_at, entry.finished_at, entry.outcome, entry.previous)));
}

std::string WithLiterals(Dialect dialect, const SqlCommand& command) {
  std::string text;
  const std::string& sql = command.sql;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    if (sql[i] != '$' || i + 1 == sql.size() || sql[i + 1] < '0' || sql[i + 1] > '9') {
      text += sql[i];
      continue;
    }
    std::size_t number = 0;
    while (i + 1 < sql.size() && sql[i + 1] >= '0' && sql[i + 1] <= '9') {
      number = number * 10 + static_cast<std::size_t>(sql[++i] - '0');
    }
    text += Literal(dialect, command.parameters.at(number - 1));
  }
  return text;
}

Bookkeeping::Bookkeeping(Dialect dialect, std::string schema)
    : dialect_(dialect), schema_(std::move(schema)) {
  if (dialect == Dialect::kSqlite) schema_ = "main";
  if (dialect == Dialect::kPostgresql && schema_.empty()) schema_ = "public";
}

std::string Bookkeeping::Table(std::string_view name) const {
  if (schema_.empty()) return std::string(name);
  return QuoteName(schema_, dialect_) + "." + std::string(name);
}

SqlCommand Bookkeeping::FindTables() const {
  std::vector<std::string> names;
  for (const TableColumns& table : kTables) names.push_back(fmt::format("'{}'", table.name));
  const auto find = [&](std::string_view name, std::string_view from) {
    return fmt::format(
        "SELECT count(CASE WHEN {0} = 'mig_meta' THEN 1 END), {1} - count(*) FROM {2} AND {0} IN "
        "({3})",
        name, names.size(), from, fmt::join(names, ", "));
  };
  switch (dialect_) {
    case Dialect::kSqlite:
      return {find("name", "main.sqlite_schema WHERE type = 'table'")};
    case Dialect::kPostgresql:
      return {find("c.relname",
                   "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                   "WHERE n.nspname = $1"),
              {schema_}};
    case Dialect::kMariadb:
      return {find("table_name", "information_schema.tables WHERE table_schema = $1"), {schema_}};
  }
  return {};
}

// What INSERT ends with so that a row that is there stays as it is.
std::string Bookkeeping::OrKeep(std::string_view key) const {
  if (dialect_ != Dialect::kMariadb) return " ON CONFLICT DO NOTHING";
  return fmt::format(" ON DUPLICATE KEY UPDATE {0} = {0}", key);
}

std::vector<SqlCommand> Bookkeeping::CreateTables(
    const std::optional<std::string>& target_id) const {
  const std::string id = target_id ? "$2" : NewTargetId(dialect_);
  const auto with_id = [&](std::string sql, std::string first) {
    SqlCommand command{std::move(sql), {std::move(first)}};
    if (target_id) command.parameters.emplace_back(*target_id);
    return command;
  };
  std::vector<SqlCommand> commands;
  if (dialect_ == Dialect::kPostgresql && schema_ != "public")
    commands.push_back({CreateSchema(schema_)});
  const ColumnTypes types = TypesOf(dialect_);
  for (const TableColumns& table : kTables) {
    if (table.name == "mig_meta") commands.push_back(InsertLeaseRow());
    const std::string columns = fmt::format(
        fmt::runtime(table.columns), fmt::arg("int", types.integer), fmt::arg("text", types.text),
        fmt::arg("id", types.id), fmt::arg("blob", types.blob), fmt::arg("key", types.key));
    commands.push_back({fmt::format("CREATE TABLE IF NOT EXISTS {} ({}){}", Table(table.name),
                                    columns, types.options)});
  }
  if (dialect_ == Dialect::kMariadb) {
    // No transaction can hold both a table's making and its rows, but one statement can.
    commands.back() =
        with_id(commands.back().sql +
                    " AS SELECT 'format' AS `key`, $1 AS value UNION ALL SELECT 'target_id', " + id,
                std::to_string(kBookkeepingFormat));
    return commands;
  }
  const auto meta = [&](const std::string& value) {
    return fmt::format("INSERT INTO {} (key, value) VALUES ($1, {}){}", Table("mig_meta"), value,
                       OrKeep("key"));
  };
  commands.push_back({meta("$2"), {"format", std::to_string(kBookkeepingFormat)}});
  commands.push_back(with_id(meta(id), "target_id"));
  return commands;
}

SqlCommand Bookkeeping::InsertLeaseRow() const {
  return {"INSERT INTO " + Table("mig_lease") +
          " (name, token, holder, host, run, since) VALUES ('run', 0, '', '', '', '')" +
          OrKeep("name")};
}

SqlCommand Bookkeeping::ReadMeta() const {
  return {fmt::format("SELECT {}, value FROM {}", TypesOf(dialect_).key, Table("mig_meta"))};
}

SqlCommand Bookkeeping::ReadVersions() const {
  return {"SELECT id, name FROM " + Table("mig_version") + " ORDER BY id"};
}

SqlCommand Bookkeeping::ReadObject(const Id& id) const {
  return {"SELECT content FROM " + Table("mig_object") + " WHERE id = $1", {id.hex()}};
}

SqlCommand Bookkeeping::ReadLogTail() const {
  return {"SELECT sequence, hash FROM " + Table("mig_log") + " ORDER BY sequence DESC LIMIT 1"};
}

SqlCommand Bookkeeping::CountLog() const { return {"SELECT count(*) FROM " + Table("mig_log")}; }

SqlCommand Bookkeeping::ReadLog(std::int64_t after, std::int64_t limit) const {
  return {fmt::format("SELECT {} FROM {} WHERE sequence > $1 ORDER BY sequence LIMIT $2",
                      kLogColumns, Table("mig_log")),
          {after, limit}};
}

SqlCommand Bookkeeping::ReadLogBackwards(std::int64_t before, std::int64_t limit) const {
  return {fmt::format("SELECT {} FROM {} WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2",
                      kLogColumns, Table("mig_log")),
          {before, limit}};
}

SqlCommand Bookkeeping::ReadLogEnds(std::int64_t sequence) const {
  return {
      fmt::format("SELECT m.value, l.sequence, l.hash FROM {0} m LEFT JOIN {1} l ON l.sequence = "
                  "$1 OR l.sequence = (SELECT max(sequence) FROM {1}) WHERE m.key = "
                  "'target_id' ORDER BY l.sequence",
                  Table("mig_meta"), Table("mig_log")),
      {sequence}};
}

SqlCommand Bookkeeping::ReadObjects(const std::string& after, std::int64_t limit) const {
  return {"SELECT id, name, content FROM " + Table("mig_object") +
              " WHERE id > $1 ORDER BY id LIMIT $2",
          {after, limit}};
}

SqlCommand Bookkeeping::SetTargetId(const std::string& target_id) const {
  return {fmt::format("UPDATE {} SET value = $1 WHERE {} = 'target_id'", Table("mig_meta"),
                      TypesOf(dialect_).key),
          {target_id}};
}

SqlCommand Bookkeeping::CountDone() const {
  return {"SELECT count(*) FROM " + Table("mig_log") + " WHERE outcome = 'done'"};
}

SqlCommand Bookkeeping::ReadUnsealed() const {
  const std::string log = Table("mig_log");
  return {fmt::format(
      "SELECT {1} FROM {0} "
      "WHERE sequence >= (SELECT min(sequence) - 1 FROM {0} WHERE hash IS NULL) ORDER BY sequence",
      log, kLogColumns)};
}

SqlCommand Bookkeeping::ReadLease() const {
  return {"SELECT token, holder, host, run, since FROM " + Table("mig_lease") +
          " WHERE name = 'run'"};
}

SqlCommand Bookkeeping::ReadJournal() const {
  return {"SELECT id, name, direction, unit, state, digest FROM " + Table("mig_journal") +
          " ORDER BY id, direction, unit"};
}

SqlCommand Bookkeeping::Fence() const {
  if (dialect_ == Dialect::kPostgresql) {
    return Recurrent({fmt::format("SELECT token, {} FROM {} WHERE name = 'run' FOR UPDATE",
                                  kPostgresqlTransaction, Table("mig_lease"))});
  }
  const std::string read = "SELECT token, '' FROM " + Table("mig_lease") + " WHERE name = 'run'";
  return {dialect_ == Dialect::kMariadb ? read + " FOR UPDATE" : read};
}

std::vector<SqlCommand> Bookkeeping::TransactionIdentity() const {
  if (dialect_ != Dialect::kPostgresql) return {};
  return {Recurrent({fmt::format("SELECT {}", kPostgresqlTransaction)})};
}

std::vector<SqlCommand> Bookkeeping::MarkTransaction() const {
  if (dialect_ != Dialect::kMariadb) return {};
  return {{"SAVEPOINT mig_transaction"}};
}

std::vector<SqlCommand> Bookkeeping::FindMark() const {
  if (dialect_ != Dialect::kMariadb) return {};
  return {{"RELEASE SAVEPOINT mig_transaction"}};
}

// There is one row of that key: inserting it again fails in every dialect and mode.
std::string Bookkeeping::FailWhere(std::string_view condition) const {
  return fmt::format(
      "INSERT INTO {0} ({1}, value) SELECT {1}, value FROM {0} WHERE {1} = 'format' "
      "AND ({2})",
      Table("mig_meta"), TypesOf(dialect_).key, condition);
}

SqlCommand Bookkeeping::RequireRun(std::int64_t token, const std::vector<Id>& there) const {
  const std::string_view locked = dialect_ == Dialect::kSqlite ? "" : " FOR UPDATE";
  SqlCommand command;
  command.parameters.emplace_back(token);
  std::string other =
      fmt::format("NOT EXISTS (SELECT 1 FROM {} WHERE name = 'run' AND token = $1{})",
                  Table("mig_lease"), locked);
  for (const Id& id : there) {
    command.parameters.emplace_back(id.hex());
    other += fmt::format(" OR NOT EXISTS (SELECT 1 FROM {} WHERE id = ${}{})", Table("mig_version"),
                         command.parameters.size(), locked);
  }
  command.sql = FailWhere(other);
  return Recurrent(std::move(command));
}

SqlCommand Bookkeeping::TakeLease(const LeaseRow& lease) const {
  return {"UPDATE " + Table("mig_lease") +
              " SET token = $1, holder = $2, host = $3, run = $4, since = $5 WHERE name = 'run'",
          {lease.token, lease.holder, lease.host, lease.run, lease.since}};
}

SqlCommand Bookkeeping::ReleaseLease(std::int64_t token) const {
  return {"UPDATE " + Table("mig_lease") +
              " SET holder = '', host = '', run = '', since = '' WHERE name = 'run' AND token = $1",
          {token}};
}

SqlCommand Bookkeeping::LockVersion(const Id& id) const {
  return Recurrent(
      {fmt::format("SELECT {} FROM {} WHERE id = $1{}",
                   dialect_ == Dialect::kPostgresql ? kPostgresqlTransaction : "''",
                   Table("mig_version"), dialect_ == Dialect::kSqlite ? "" : " FOR UPDATE"),
       {id.hex()}});
}

SqlCommand Bookkeeping::DeleteVersion(const Id& id) const {
  return Recurrent({"DELETE FROM " + Table("mig_version") + " WHERE id = $1", {id.hex()}});
}

SqlCommand Bookkeeping::ReplaceVersion(const Id& id, const VersionRow& row) const {
  return Recurrent({"UPDATE " + Table("mig_version") + " SET id = $1, name = $2 WHERE id = $3",
                    {row.id.hex(), row.name, id.hex()}});
}

SqlCommand Bookkeeping::InsertVersion(const VersionRow& row) const {
  return Recurrent({"INSERT INTO " + Table("mig_version") + " (id, name) VALUES ($1, $2)",
                    {row.id.hex(), row.name}});
}

SqlCommand Bookkeeping::DeleteAllVersions() const {
  return {"DELETE FROM " + Table("mig_version")};
}

// No row has a NULL id, so that inserting one stops a script, and says why; on MariaDB not in every
// sql_mode, but two rows of one key do.
SqlCommand Bookkeeping::RequireVersions(const std::vector<Id>& there,
                                        const std::vector<std::string>& absent) const {
  SqlCommand command;
  const auto count = [&](std::string_view column, const std::string& list) {
    return fmt::format("(SELECT count(*) FROM {} WHERE {} IN ({}))", Table("mig_version"), column,
                       list.empty() ? "''" : list);
  };
  const auto add = [&](std::string& list, const std::string& value) {
    command.parameters.emplace_back(value);
    list += fmt::format("{}${}", list.empty() ? "" : ", ", command.parameters.size());
  };
  std::string needed, unwanted;
  for (const Id& id : there) add(needed, id.hex());
  for (const std::string& name : absent) add(unwanted, name);
  const std::string elsewhere =
      fmt::format("{} <> {} OR {} <> 0 OR EXISTS (SELECT 1 FROM {})", count("id", needed),
                  there.size(), count("name", unwanted), Table("mig_journal"));
  constexpr char kWhy[] = "the script starts elsewhere, or a revision is half applied";
  command.sql =
      dialect_ == Dialect::kMariadb
          ? fmt::format(
                "INSERT INTO {0} ({1}, value) SELECT '{2}', value FROM {0}, (SELECT 1 AS n "
                "UNION ALL SELECT 2) AS twice WHERE {1} = 'format' AND ({3})",
                Table("mig_meta"), TypesOf(dialect_).key, kWhy, elsewhere)
          : fmt::format(
                "INSERT INTO {} (id, name) SELECT NULL, '{}' FROM {} WHERE name = 'run' "
                "AND ({})",
                Table("mig_version"), kWhy, Table("mig_lease"), elsewhere);
  return command;
}

SqlCommand Bookkeeping::InsertObject(const Id& id, const Revision& revision) const {
  return Recurrent({"INSERT INTO " + Table("mig_object") +
                        " (id, name, content) VALUES ($1, $2, $3)" + OrKeep("id"),
                    {id.hex(), revision.name, Blob{CanonicalText(revision)}}});
}

SqlCommand Bookkeeping::InsertLog(const LogEntry& entry, const std::string& hash) const {
  return Recurrent(
      {"INSERT INTO " + Table("mig_log") +
           " (sequence, direction, id, name, actor, plan, started_at, finished_at, outcome, "
           "duration_us, previous, "
           "hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
       {entry.sequence, entry.direction, entry.id, entry.name, entry.actor, entry.plan,
        entry.started_at, entry.finished_at, entry.outcome, entry.duration_us, entry.previous,
        hash}});
}

// A script does not know which branches beside its own are there.
std::string Bookkeeping::VersionNames() const {
  const std::string table = Table("mig_version");
  switch (dialect_) {
    case Dialect::kSqlite:
      return fmt::format(
          "(SELECT group_concat(name, ', ') FROM (SELECT name FROM {} ORDER BY name))", table);
    case Dialect::kPostgresql:
      return fmt::format("(SELECT pg_catalog.string_agg(name, ', ' ORDER BY name) FROM {})", table);
    case Dialect::kMariadb:
      return fmt::format("(SELECT group_concat(name ORDER BY name SEPARATOR ', ') FROM {})", table);
  }
  return "";
}

SqlCommand Bookkeeping::InsertUnsealedLog(const LogEntry& entry) const {
  const std::string name = entry.direction == NameOf(StepKind::kStamp)
                               ? fmt::format("coalesce({}, $3)", VersionNames())
                               : "$3";
  return {fmt::format("INSERT INTO {0} (sequence, direction, id, name, actor, plan, started_at, "
                      "finished_at, outcome, "
                      "duration_us, previous, hash) SELECT coalesce(max(sequence), 0) + 1, $1, $2, "
                      "{1}, $4, '', {2}, {2}, $5, 0, "
                      "'', NULL FROM {0}",
                      Table("mig_log"), name, TimeInMilliseconds(dialect_)),
          {entry.direction, entry.id, entry.name, entry.actor, entry.outcome}};
}

SqlCommand Bookkeeping::SealLog(std::int64_t sequence, const std::string& previous,
                                const std::string& hash) const {
  return {"UPDATE " + Table("mig_log") +
              " SET previous = $2, hash = $3 WHERE sequence = $1 AND hash IS NULL",
          {sequence, previous, hash}};
}

SqlCommand Bookkeeping::PutJournal(const JournalRow& row) const {
  return Recurrent(
      {"INSERT INTO " + Table("mig_journal") +
           " (id, name, direction, unit, state, digest) VALUES ($1, $2, $3, $4, $5, $6)" +
           (dialect_ == Dialect::kMariadb
                ? " ON DUPLICATE KEY UPDATE state = VALUES(state), digest = VALUES(digest)"
                : " ON CONFLICT (id, direction, unit) DO UPDATE SET state = excluded.state, "
                  "digest = excluded.digest"),
       {row.id.hex(), row.name, std::string(NameOf(row.kind)), row.unit, row.state, row.digest}});
}

SqlCommand Bookkeeping::DeleteJournal(const Id& id, StepKind kind) const {
  return Recurrent({"DELETE FROM " + Table("mig_journal") + " WHERE id = $1 AND direction = $2",
                    {id.hex(), std::string(NameOf(kind))}});
}

SqlCommand Bookkeeping::DeleteJournalUnit(const JournalRow& row) const {
  return {"DELETE FROM " + Table("mig_journal") + " WHERE id = $1 AND direction = $2 AND unit = $3",
          {row.id.hex(), std::string(NameOf(row.kind)), row.unit}};
}

SqlCommand Bookkeeping::RememberAlembic(const std::string& rows) const {
  const std::string insert = "INSERT INTO " + Table("mig_meta");
  if (dialect_ == Dialect::kMariadb) {
    return {insert +
                " (`key`, value) VALUES ('alembic_version', $1) ON DUPLICATE KEY UPDATE value = "
                "VALUES(value)",
            {rows}};
  }
  return {insert +
              " (key, value) VALUES ('alembic_version', $1) ON CONFLICT (key) DO UPDATE SET value "
              "= excluded.value",
          {rows}};
}

std::vector<SqlCommand> Bookkeeping::RegainRole() const {
  if (dialect_ != Dialect::kPostgresql) return {};
  return {Recurrent({"RESET SESSION AUTHORIZATION"}), Recurrent({"RESET ROLE"})};
}

}  // namespace mig
