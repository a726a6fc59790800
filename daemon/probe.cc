#include "daemon/probe.h"

#include <fmt/format.h>

#include "daemon/bookkeeping.h"
#include "daemon/definitions.h"
#include "daemon/lease.h"
#include "drivers/sql/quoted_name.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

using Kind = Probe::Kind;

// Where the class `c` of the schema `n` is the thing of name $1 and schema $2.
constexpr char kIsNamed[] =
    "c.relname = $1 AND CASE WHEN $2 = '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE "
    "n.nspname = $2 END";

// One row when the index exists: whether it is valid.
SqlCommand IndexValidity(const Probe& probe) {
  std::string sql = fmt::format(
      "SELECT i.indisvalid AND i.indisready FROM pg_catalog.pg_index i "
      "JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {}",
      kIsNamed);
  if (probe.table.empty()) return {sql, {probe.name, probe.schema}};
  return {sql + " AND i.indrelid IN (SELECT oid FROM pg_catalog.pg_class WHERE relname = $3)",
          {probe.name, probe.schema, probe.table}};
}

Result<Effect> LookForIndex(Session& session, const Probe& probe, bool created) {
  const SqlResult found = TRY(session.Execute(IndexValidity(probe)));
  if (found.rows.empty()) return created ? Effect::kTookNot : Effect::kTook;
  const bool valid = TextOf(found.rows[0][0]) == "t";
  if (created) return valid ? Effect::kTook : Effect::kLeftovers;
  return Effect::kTookNot;  // DROP INDEX CONCURRENTLY can be repeated on an invalid index
}

// The indexes of a table, as the journal keeps them: a word, and a hash for each name.
constexpr std::string_view kIndexes = "indexes";

std::string WordOf(const std::string& index) { return " " + Hex(Sha256(index)).substr(0, 16); }

struct TableIndex {
  std::string name;
  bool valid = false;
  std::string quoted;  // with its schema
};

Result<std::vector<TableIndex>> IndexesOf(Session& session, const Probe& probe) {
  const SqlResult found = TRY(session.Execute(
      {fmt::format("SELECT x.relname, i.indisvalid AND i.indisready, "
                   "pg_catalog.format('%I.%I', n.nspname, x.relname) FROM pg_catalog.pg_index i "
                   "JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid "
                   "JOIN pg_catalog.pg_class c ON c.oid = i.indrelid "
                   "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {}",
                   kIsNamed),
       {probe.name, probe.schema}}));
  std::vector<TableIndex> indexes;
  for (const auto& row : found.rows)
    indexes.push_back({TextOf(row[0]), TextOf(row[1]) == "t", TextOf(row[2])});
  return indexes;
}

Result<std::string> SeeIndexes(Session& session, const Probe& probe) {
  std::string seen(kIndexes);
  for (const TableIndex& index : TRY(IndexesOf(session, probe))) seen += WordOf(index.name);
  return seen;
}

Result<std::vector<TableIndex>> NewIndexesOf(Session& session, const Probe& probe,
                                             std::string_view before) {
  std::vector<TableIndex> indexes = TRY(IndexesOf(session, probe));
  std::erase_if(indexes, [&](const TableIndex& index) {
    return before.find(WordOf(index.name)) != std::string_view::npos;
  });
  return indexes;
}

// Of several new ones nobody knows which is the statement's.
Result<Effect> LookForNewIndex(Session& session, const Probe& probe, std::string_view before) {
  if (!before.starts_with(kIndexes)) return Effect::kUnknown;
  const std::vector<TableIndex> added = TRY(NewIndexesOf(session, probe, before));
  if (added.empty()) return Effect::kTookNot;
  if (added.size() > 1) return Effect::kUnknown;
  return added[0].valid ? Effect::kTook : Effect::kLeftovers;
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

// The parent of a partition, quoted, and whether its detaching waits to be finished.
SqlCommand PartitionLink(const Probe& probe) {
  return {fmt::format("SELECT pg_catalog.format('%I.%I', pn.nspname, p.relname), "
                      "pg_catalog.format('%I.%I', n.nspname, c.relname), i.inhdetachpending "
                      "FROM pg_catalog.pg_inherits i "
                      "JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid "
                      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                      "JOIN pg_catalog.pg_class p ON p.oid = i.inhparent "
                      "JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace WHERE {}",
                      kIsNamed),
          {probe.name, probe.schema}};
}

Result<Effect> LookForPartition(Session& session, const Probe& probe) {
  const SqlResult found = TRY(session.Execute(PartitionLink(probe)));
  if (found.rows.empty()) return Effect::kTook;
  return TextOf(found.rows[0][2]) == "t" ? Effect::kHalfDone : Effect::kTookNot;
}

// The invalid indexes that a REINDEX CONCURRENTLY left, quoted: those it was building (_ccnew), and
// those it had replaced and not yet dropped (_ccold). `i` is the index, `t` its table.
SqlCommand ReindexLeftovers(const Probe& probe) {
  std::string sql =
      "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_index i "
      "JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
      "JOIN pg_catalog.pg_class t ON t.oid = i.indrelid "
      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' AND n.nspname <> 'pg_toast'";
  const std::string visible =
      " AND CASE WHEN $2 = '' THEN pg_catalog.pg_table_is_visible(t.oid) ELSE n.nspname = $2 END";
  switch (probe.kind) {
    case Kind::kIndexReindexed: {  // the name is cut where the ending would not fit
      const std::string stem = "pg_catalog.regexp_replace(c.relname, '_cc(new|old)[0-9]*$', '')";
      return {fmt::format("{0}{1} AND ({2} = $1 OR (pg_catalog.octet_length(c.relname) > 58 AND "
                          "pg_catalog.starts_with($1, {2})))",
                          sql, visible, stem),
              {probe.name, probe.schema}};
    }
    case Kind::kTableReindexed:
      return {sql + visible + " AND t.relname = $1", {probe.name, probe.schema}};
    case Kind::kSchemaReindexed:
      return {sql + " AND n.nspname = $1", {probe.name}};
    default:
      return {sql};
  }
}

Result<Effect> LookForReindex(Session& session, const Probe& probe) {
  const SqlResult found = TRY(session.Execute(ReindexLeftovers(probe)));
  return found.rows.empty() ? Effect::kUnknown : Effect::kLeftovers;
}

std::string ThingOf(const Probe& probe) {
  const std::string name = probe.schema.empty() ? probe.name : probe.schema + "." + probe.name;
  switch (probe.kind) {
    case Kind::kDatabaseCreated:
    case Kind::kDatabaseDropped:
      return "database " + name;
    case Kind::kTablespaceCreated:
    case Kind::kTablespaceDropped:
      return "tablespace " + name;
    case Kind::kSubscriptionCreated:
    case Kind::kSubscriptionDropped:
      return "subscription " + name;
    case Kind::kPartitionDetached:
      return "partition " + name;
    case Kind::kIndexAdded:
      return "new index on table " + name;
    default:
      return "index " + name;
  }
}

std::string WhatWasFoundOfDefinitions(Effect effect) {
  if (effect == Effect::kTook) return "all it names is defined in another way than before";
  if (effect == Effect::kTookNot) return "all it names is defined as before";
  return "some of what it names is defined as before, or may not be seen";
}

bool Takes(Kind kind) {
  return kind == Kind::kIndexDropped || kind == Kind::kDatabaseDropped ||
         kind == Kind::kTablespaceDropped || kind == Kind::kSubscriptionDropped;
}

Result<Effect> Look(Session& session, const Probe& probe, std::string_view before) {
  constexpr char kDatabase[] = "SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1";
  constexpr char kTablespace[] = "SELECT 1 FROM pg_catalog.pg_tablespace WHERE spcname = $1";
  constexpr char kSubscription[] =
      "SELECT 1 FROM pg_catalog.pg_subscription WHERE subname = $1 AND subdbid = (SELECT oid FROM "
      "pg_catalog.pg_database WHERE datname = pg_catalog.current_database())";
  switch (probe.kind) {
    case Kind::kNone:
      return Effect::kUnknown;
    case Kind::kIndexCreated:
      return LookForIndex(session, probe, true);
    case Kind::kIndexAdded:
      return LookForNewIndex(session, probe, before);
    case Kind::kIndexDropped:
      return LookForIndex(session, probe, false);
    case Kind::kDatabaseCreated:
      return LookForName(session, kDatabase, probe, true);
    case Kind::kDatabaseDropped:
      return LookForName(session, kDatabase, probe, false);
    case Kind::kTablespaceCreated:
      return LookForName(session, kTablespace, probe, true);
    case Kind::kTablespaceDropped:
      return LookForName(session, kTablespace, probe, false);
    case Kind::kSubscriptionCreated:
      return LookForName(session, kSubscription, probe, true);
    case Kind::kSubscriptionDropped:
      return LookForName(session, kSubscription, probe, false);
    case Kind::kPartitionDetached:
      return LookForPartition(session, probe);
    case Kind::kIndexReindexed:
    case Kind::kTableReindexed:
    case Kind::kSchemaReindexed:
    case Kind::kDatabaseReindexed:
      return LookForReindex(session, probe);
    case Kind::kDefinitionsChanged:
      return LookForDefinitions(session, probe, before);
    case Kind::kTableEmptied:
      return LookForRows(session, probe.objects.at(0));
  }
  return Effect::kUnknown;
}

// As a word of the journal.
std::string_view NameOf(Effect effect) {
  switch (effect) {
    case Effect::kTook:
      return "took";
    case Effect::kLeftovers:
      return "leftovers";
    case Effect::kHalfDone:
      return "half";
    default:
      return "";
  }
}

// Whether the statement fails where its effect is there already.
bool FailsWhereDone(Kind kind) {
  return kind == Kind::kIndexCreated || kind == Kind::kDatabaseCreated ||
         kind == Kind::kTablespaceCreated || kind == Kind::kSubscriptionCreated ||
         kind == Kind::kPartitionDetached || Takes(kind);
}

}  // namespace

Result<std::string> SeeBefore(Session& session, const Probe& probe) {
  if (probe.kind == Kind::kDefinitionsChanged) return DefinitionsOf(session, probe.objects);
  if (probe.kind == Kind::kIndexAdded) return SeeIndexes(session, probe);
  if (!FailsWhereDone(probe.kind)) return std::string();
  return std::string(NameOf(TRY(Look(session, probe, ""))));
}

Result<Effect> LookFor(Session& session, const Probe& probe, std::string_view before) {
  const bool unseen = before == kNotLooked;
  if (unseen && probe.kind == Kind::kDefinitionsChanged) return Effect::kUnknown;
  const Effect effect = TRY(Look(session, probe, before));
  // It may have been there before.
  if (unseen && FailsWhereDone(probe.kind) && effect != Effect::kTookNot) return Effect::kUnknown;
  return !before.empty() && before == NameOf(effect) ? Effect::kUnchanged : effect;
}

std::string WhatWasFound(const Probe& probe, Effect effect) {
  if (probe.kind == Kind::kDefinitionsChanged) return WhatWasFoundOfDefinitions(effect);
  if (probe.kind == Kind::kTableEmptied)
    return effect == Effect::kTook ? "the table is empty" : "the table has rows, maybe newer ones";
  const std::string thing = ThingOf(probe);
  switch (effect) {
    case Effect::kUnchanged:
      return thing + " is as it was before";
    case Effect::kTook:
      if (probe.kind == Kind::kPartitionDetached) return thing + " is detached";
      return Takes(probe.kind) ? "there is no " + thing : thing + " is there";
    case Effect::kTookNot:
      if (probe.kind == Kind::kPartitionDetached) return thing + " is attached";
      return Takes(probe.kind) ? thing + " is there" : "there is no " + thing;
    case Effect::kLeftovers:
      return probe.kind == Kind::kIndexCreated || probe.kind == Kind::kIndexAdded
                 ? thing + " is there and invalid"
                 : "invalid indexes of a REINDEX are there";
    case Effect::kHalfDone:
      return thing + " is half detached";
    case Effect::kUnknown:
      return "no catalog tells whether it took effect";
  }
  return "";
}

Result<void> RemoveLeftovers(Session& session, const Probe& probe, std::string_view before) {
  if (probe.kind == Kind::kIndexAdded) {
    for (const TableIndex& index : TRY(NewIndexesOf(session, probe, before)))
      TRY(session.Execute({"DROP INDEX CONCURRENTLY IF EXISTS " + index.quoted}));
    return {};
  }
  if (probe.kind == Kind::kIndexCreated) {
    const std::string schema = probe.schema.empty() ? "" : QuoteName(probe.schema) + ".";
    TRY(session.Execute({"DROP INDEX CONCURRENTLY IF EXISTS " + schema + QuoteName(probe.name)}));
    return {};
  }
  const SqlResult found = TRY(session.Execute(ReindexLeftovers(probe)));
  for (const auto& row : found.rows)
    TRY(session.Execute({"DROP INDEX CONCURRENTLY IF EXISTS " + TextOf(row[0])}));
  return {};
}

Result<void> Finish(Session& session, const Probe& probe) {
  const SqlResult found = TRY(session.Execute(PartitionLink(probe)));
  if (found.rows.empty()) return {};
  TRY(session.Execute({fmt::format("ALTER TABLE {} DETACH PARTITION {} FINALIZE",
                                   TextOf(found.rows[0][0]), TextOf(found.rows[0][1]))}));
  return {};
}

}  // namespace mig
