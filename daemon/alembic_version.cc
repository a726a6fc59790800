#include "daemon/alembic_version.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "daemon/bookkeeping.h"
#include "daemon/lease.h"
#include "drivers/sql/quoted_name.h"
#include "store/core/reach.h"

namespace mig {

Result<AlembicSetting> AlembicSettingOf(std::string_view compat, std::string table) {
  if (!compat.empty() && compat != "alembic") {
    return Error{Reason::kConfigInvalid,
                 fmt::format("a target's `compat` is \"alembic\", not \"{}\"", compat)};
  }
  return AlembicSetting{compat == "alembic", std::move(table)};
}

std::string ListOf(const std::vector<std::string>& rows) {
  return fmt::format("{}", fmt::join(rows, ", "));
}

AlembicTable::AlembicTable(Dialect dialect, const AlembicSetting& setting)
    : dialect_(dialect), setting_(setting), name_(setting.table) {
  if (name_.empty()) name_ = "alembic_version";
  if (const std::size_t dot = name_.find('.'); dot != std::string::npos) {
    schema_ = name_.substr(0, dot);
    name_.erase(0, dot + 1);
  }
}

std::string AlembicTable::Qualified(const std::string& schema) const {
  const std::string name = QuoteName(name_, dialect_);
  return schema.empty() ? name : QuoteName(schema, dialect_) + "." + name;
}

SqlCommand AlembicTable::Find() const {
  if (dialect_ == Dialect::kSqlite) {
    return {"SELECT 'main' FROM main.sqlite_schema WHERE type = 'table' AND name = $1", {name_}};
  }
  if (dialect_ == Dialect::kMariadb) {
    return {
        "SELECT table_schema FROM information_schema.tables WHERE table_name = $1 AND table_type = "
        "'BASE TABLE' AND table_schema = coalesce(nullif($2, ''), database())",
        {name_, schema_}};
  }
  return {
      "SELECT n.nspname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
      "c.relnamespace WHERE c.relname = $1 AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't' "
      "AND (n.nspname = $2 OR ($2 = '' AND pg_catalog.pg_table_is_visible(c.oid)))",
      {name_, schema_}};
}

SqlCommand AlembicTable::FindPlace() const {
  return {"SELECT coalesce(nullif($1::text, ''), pg_catalog.current_schema()::text, '')",
          {schema_}};
}

SqlCommand AlembicTable::Read(const std::string& schema) const {
  return {fmt::format("SELECT version_num FROM {} ORDER BY version_num", Qualified(schema))};
}

SqlCommand AlembicTable::Create(const std::string& schema) const {
  return {fmt::format(
      "CREATE TABLE IF NOT EXISTS {} (version_num VARCHAR(32) NOT NULL, CONSTRAINT "
      "{} PRIMARY KEY (version_num))",
      Qualified(schema.empty() ? schema_ : schema), QuoteName(name_ + "_pkc", dialect_))};
}

SqlCommand AlembicTable::Insert(const std::string& schema, const std::string& row) const {
  return {fmt::format("INSERT INTO {} (version_num) VALUES ($1)",
                      Qualified(schema.empty() ? schema_ : schema)),
          {row}};
}

// What others made may have no key that the engine could find a conflict by.
SqlCommand AlembicTable::InsertMissing(const std::string& schema, const std::string& row) const {
  return {fmt::format("INSERT INTO {0} (version_num) SELECT $1 FROM (SELECT 1 AS n) AS one WHERE "
                      "NOT EXISTS (SELECT 1 FROM {0} WHERE version_num = $1)",
                      Qualified(schema.empty() ? schema_ : schema)),
          {row}};
}

SqlCommand AlembicTable::Lock(const std::string& schema, const std::string& row) const {
  return {fmt::format("SELECT version_num FROM {} WHERE version_num = $1{}",
                      Qualified(schema.empty() ? schema_ : schema),
                      dialect_ == Dialect::kSqlite ? "" : " FOR UPDATE"),
          {row}};
}

SqlCommand AlembicTable::Delete(const std::string& schema, const std::string& row) const {
  return {fmt::format("DELETE FROM {} WHERE version_num = $1",
                      Qualified(schema.empty() ? schema_ : schema)),
          {row}};
}

Result<AlembicState> ReadAlembic(Session& session, const AlembicTable& table) {
  AlembicState state;
  state.keep = table.setting().keep;
  const SqlResult found = TRY(session.Execute(table.Find()));
  if (found.rows.empty()) {
    if (!state.keep || session.dialect() != Dialect::kPostgresql) return state;
    const SqlResult place = TRY(session.Execute(table.FindPlace()));
    state.schema = TextOf(place.rows.at(0).at(0));
    return state;
  }
  state.found = true;
  state.schema = TextOf(found.rows[0][0]);
  const SqlResult rows = TRY(session.Execute(table.Read(state.schema)));
  for (const auto& row : rows.rows) state.rows.push_back(TextOf(row[0]));
  std::sort(state.rows.begin(), state.rows.end());
  return state;
}

std::optional<Position> FindAlembicId(const Graph& graph, const std::string& id) {
  const auto found = graph.FindWord(id);
  if (!found) return std::nullopt;
  const Node& node = graph.node(*found);
  const bool is_label = node.name != id && std::find(node.aliases.begin(), node.aliases.end(),
                                                     id) == node.aliases.end();
  return is_label ? std::nullopt : found;
}

const std::string* AlembicIdOf(const Node& node) {
  return node.aliases.empty() ? nullptr : &node.aliases.front();
}

Result<std::vector<Position>> PositionsOfAlembic(const Graph& graph,
                                                 const std::vector<std::string>& rows) {
  Positions positions;
  for (const std::string& row : rows) {
    const auto found = FindAlembicId(graph, row);
    if (!found) {
      Error error{Reason::kUnknownApplied,
                  "alembic_version says " + row + ", which is no alias of a revision here"};
      error.details["id"] = row;
      error.hint = "`mig import alembic` brings what Alembic has and is not here";
      return error;
    }
    positions.push_back(*found);
  }
  std::sort(positions.begin(), positions.end());
  return MaximalOf(graph, positions, Follow::kAll);
}

}  // namespace mig
