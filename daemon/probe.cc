#include "daemon/probe.h"

#include "daemon/bookkeeping.h"
#include "daemon/definitions.h"
#include "daemon/lease.h"

namespace mig {
namespace {

// One row when the index exists: whether it is valid.
SqlCommand IndexValidity(const Probe& probe) {
  return {
      "SELECT i.indisvalid AND i.indisready FROM pg_catalog.pg_index i "
      "JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relname = $1 AND CASE WHEN $2 = '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE "
      "n.nspname = $2 END",
      {probe.name, probe.schema}};
}

Result<Effect> LookForIndex(Session& session, const Probe& probe, bool created) {
  const SqlResult found = TRY(session.Execute(IndexValidity(probe)));
  if (found.rows.empty()) return created ? Effect::kTookNot : Effect::kTook;
  const bool valid = TextOf(found.rows[0][0]) == "t";
  if (created) return valid ? Effect::kTook : Effect::kLeftovers;
  return Effect::kTookNot;  // DROP INDEX CONCURRENTLY can be repeated on an invalid index
}

Result<Effect> LookForName(Session& session, const char* query, const Probe& probe, bool created) {
  const SqlResult found = TRY(session.Execute({query, {probe.name}}));
  return found.rows.empty() == created ? Effect::kTookNot : Effect::kTook;
}

Result<Effect> LookForDefinitions(Session& session, const Probe& probe, std::string_view before) {
  switch (CompareDefinitions(before, TRY(DefinitionsOf(session, probe.objects)))) {
    case DefinitionChange::kNone:
      return Effect::kTookNot;
    case DefinitionChange::kAll:
      return Effect::kTook;
    case DefinitionChange::kSome:
    case DefinitionChange::kUnseen:
      break;
  }
  return Effect::kUnknown;
}

// Rows that are there may be newer than the TRUNCATE.
Result<Effect> LookForRows(Session& session, const SqlObject& table) {
  std::string name = QuoteName(table.name, Dialect::kMariadb);
  if (!table.schema.empty()) name = QuoteName(table.schema, Dialect::kMariadb) + "." + name;
  const SqlResult found = TRY(session.Execute({"SELECT 1 FROM " + name + " LIMIT 1"}));
  return found.rows.empty() ? Effect::kTook : Effect::kUnknown;
}

}  // namespace

Result<std::string> SeeBefore(Session& session, const Probe& probe) {
  if (probe.kind != Probe::Kind::kDefinitionsChanged) return std::string();
  return DefinitionsOf(session, probe.objects);
}

Result<Effect> LookFor(Session& session, const Probe& probe, std::string_view before) {
  constexpr char kDatabase[] = "SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1";
  constexpr char kTablespace[] = "SELECT 1 FROM pg_catalog.pg_tablespace WHERE spcname = $1";
  switch (probe.kind) {
    case Probe::Kind::kNone:
      return Effect::kUnknown;
    case Probe::Kind::kIndexCreated:
      return LookForIndex(session, probe, true);
    case Probe::Kind::kIndexDropped:
      return LookForIndex(session, probe, false);
    case Probe::Kind::kDatabaseCreated:
      return LookForName(session, kDatabase, probe, true);
    case Probe::Kind::kDatabaseDropped:
      return LookForName(session, kDatabase, probe, false);
    case Probe::Kind::kTablespaceCreated:
      return LookForName(session, kTablespace, probe, true);
    case Probe::Kind::kTablespaceDropped:
      return LookForName(session, kTablespace, probe, false);
    case Probe::Kind::kDefinitionsChanged:
      return LookForDefinitions(session, probe, before);
    case Probe::Kind::kTableEmptied:
      return LookForRows(session, probe.objects.at(0));
  }
  return Effect::kUnknown;
}

Result<void> RemoveLeftovers(Session& session, const Probe& probe) {
  const std::string schema = probe.schema.empty() ? "" : QuoteName(probe.schema) + ".";
  TRY(session.Execute({"DROP INDEX CONCURRENTLY IF EXISTS " + schema + QuoteName(probe.name)}));
  return {};
}

}  // namespace mig
