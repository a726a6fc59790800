// PostgreSQL's locks, read off the parse tree that libpg_query gives as JSON.
#include <pg_query.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "drivers/sql/locks.h"
#include "drivers/sql/quoted_name.h"

namespace mig {
namespace {

using Json = nlohmann::json;

// libpg_query writes its tree by recursion: at most 130 bytes of stack for two characters, which is
// 1 MiB for this. What is longer is data.
constexpr std::size_t kLongestAnalysed = std::size_t{16} << 10;

// In the order of "Table-Level Lock Modes": a later one conflicts with at least as much.
enum Mode {
  kNoLock,
  kAccessShare,
  kRowShare,
  kRowExclusive,
  kShareUpdateExclusive,
  kShare,
  kShareRowExclusive,
  kExclusive,
  kAccessExclusive,
};
constexpr std::array<const char*, 9> kModeNames = {
    "",      "ACCESS SHARE",        "ROW SHARE", "ROW EXCLUSIVE",   "SHARE UPDATE EXCLUSIVE",
    "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"};

// The member, or null: a tree that looks otherwise than expected is never an error.
const Json& At(const Json& node, const char* key) {
  static const Json kNull;
  if (!node.is_object()) return kNull;
  const auto found = node.find(key);
  return found == node.end() ? kNull : *found;
}
std::string Text(const Json& node, const char* key) {
  const Json& member = At(node, key);
  return member.is_string() ? member.get<std::string>() : "";
}
bool Flag(const Json& node, const char* key) {
  const Json& member = At(node, key);
  return member.is_boolean() && member.get<bool>();
}
// The items of a list; nothing for what is none.
const Json& Items(const Json& node, const char* key) {
  static const Json kEmpty = Json::array();
  const Json& member = At(node, key);
  return member.is_array() ? member : kEmpty;
}

// Calls `enter` with every object and list in the tree and the key it stands under, an item of a
// list with the list's; what is below is visited where it answers true. A loop, because a tree may
// be as deep as its text is long.
template <typename Enter>
void Visit(std::string_view root_key, const Json& root, const Enter& enter) {
  std::vector<std::pair<std::string_view, const Json*>> left = {{root_key, &root}};
  while (!left.empty()) {
    const auto [key, node] = left.back();
    left.pop_back();
    if (!node->is_structured() || !enter(key, *node)) continue;
    if (node->is_array()) {
      for (const Json& item : *node) left.emplace_back(key, &item);
    } else {
      for (const auto& [name, member] : node->get_ref<const Json::object_t&>())
        left.emplace_back(name, &member);
    }
  }
}

std::string QuotedWhereNeeded(const std::string& name) {
  const bool plain =
      !name.empty() && (name[0] < '0' || name[0] > '9') &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  return plain ? name : QuoteName(name);
}

// Of a RangeVar.
std::string NameOf(const Json& relation) {
  const std::string schema = Text(relation, "schemaname");
  const std::string name = QuotedWhereNeeded(Text(relation, "relname"));
  return schema.empty() ? name : QuotedWhereNeeded(schema) + "." + name;
}

// Of a list of String nodes, but its last `without`.
std::string NameOfList(const Json& items, std::size_t without = 0) {
  std::string name;
  for (std::size_t i = 0; i + without < items.size(); ++i) {
    name += (name.empty() ? "" : ".") + QuotedWhereNeeded(Text(At(items[i], "String"), "sval"));
  }
  return name;
}

// Functions that are known not to be volatile, so that a default made of them is computed once.
bool IsKnownStable(const std::string& name) {
  static const std::set<std::string> kStable = {
      "now", "transaction_timestamp", "statement_timestamp", "lower", "upper", "coalesce",
      "abs", "to_timestamp",          "current_setting",     "length"};
  return kStable.contains(name);
}

// Types that are no domains: a column of a domain that has constraints is checked row by row, and
// so the table is rewritten, with a default or without. An array of one is not.
bool IsKnownNoDomain(const Json& type) {
  static const std::set<std::string> kTypes = {
      "bit",      "bool",      "bpchar",    "bytea",    "char",      "cidr",        "circle",
      "citext",   "date",      "float4",    "float8",   "hstore",    "inet",        "int2",
      "int4",     "int8",      "interval",  "json",     "jsonb",     "jsonpath",    "macaddr",
      "macaddr8", "money",     "name",      "numeric",  "oid",       "path",        "point",
      "polygon",  "text",      "time",      "timetz",   "timestamp", "timestamptz", "tsquery",
      "tsvector", "uuid",      "varbit",    "varchar",  "xml",       "box",         "line",
      "lseg",     "int4range", "int8range", "numrange", "daterange", "tsrange",     "tstzrange"};
  const Json& names = Items(type, "names");
  return names.empty() || !Items(type, "arrayBounds").empty() ||
         Text(At(names.front(), "String"), "sval") == "pg_catalog" ||
         kTypes.contains(Text(At(names.back(), "String"), "sval"));
}

class LockReader {
 public:
  StatementLocks Take() {
    for (const auto& [object, mode] : modes_) {
      report_.locks.push_back({kModeNames[static_cast<std::size_t>(mode)], object});
    }
    for (const std::string& object : made_) {
      report_.locks.push_back({kModeNames[kAccessExclusive], object, true});
    }
    return std::move(report_);
  }

  void Read(const std::string& kind, const Json& node) {
    report_.analysed = true;
    if (kind == "AlterTableStmt") return AlterTable(node);
    if (kind == "CreateStmt") return CreateTable(node);
    if (kind == "IndexStmt") return CreateIndex(node);
    if (kind == "DropStmt") return Drop(node);
    if (kind == "VacuumStmt") return Vacuum(node);
    if (kind == "ReindexStmt") return Reindex(node);
    if (kind == "CommentStmt") return Comment(node);
    if (kind == "RenameStmt") return Rename(node);
    if (kind == "CopyStmt") return Copy(node);
    if (kind == "LockStmt") return LockAll(node);
    if (ReadQuery(kind, node) || ReadOnOneTable(kind, node) || IsOfTheCatalog(kind)) return;
    report_ = {};
    modes_.clear();
    made_.clear();
  }

 private:
  void Lock(const std::string& object, Mode mode) {
    if (object.empty() || mode == kNoLock) return;
    Mode& held = modes_[object];
    held = std::max(held, mode);
  }
  void Works(TableWork work) { report_.work = std::max(report_.work, work); }
  void Makes(const Json& relation) { made_.push_back(NameOf(relation)); }

  // ---- Queries

  bool ReadQuery(const std::string& kind, const Json& node) {
    if (kind == "SelectStmt" || IsModification(kind)) {
      Query(kind, node);
    } else if (kind == "CreateTableAsStmt") {
      Reads(At(node, "query"));
      Makes(At(At(node, "into"), "rel"));
    } else if (kind == "ViewStmt") {
      Reads(At(node, "query"));
      if (Flag(node, "replace")) {
        Lock(NameOf(At(node, "view")), kAccessExclusive);
      } else {
        Makes(At(node, "view"));
      }
    } else {
      return false;
    }
    return true;
  }

  static bool IsModification(std::string_view kind) {
    return kind == "InsertStmt" || kind == "UpdateStmt" || kind == "DeleteStmt" ||
           kind == "MergeStmt";
  }

  // Every table named anywhere in a query; those of a locking SELECT or a modification with its
  // mode.
  void Query(const std::string& kind, const Json& query) {
    const std::set<std::string> ctes = CtesOf(query);
    Visit(kind, query, [&](std::string_view key, const Json& node) {
      if (key == "RangeVar") {
        const bool is_cte =
            Text(node, "schemaname").empty() && ctes.contains(Text(node, "relname"));
        if (!is_cte) Lock(NameOf(node), kAccessShare);
        return false;
      }
      if (IsModification(key)) Lock(NameOf(At(node, "relation")), kRowExclusive);
      if (key == "SelectStmt" && !Items(node, "lockingClause").empty()) LockRows(node);
      return key != "relation";
    });
  }
  void Reads(const Json& query) {
    if (!query.is_object()) return;
    for (const auto& [kind, node] : query.items()) Query(kind, node);
  }

  static std::set<std::string> CtesOf(const Json& query) {
    std::set<std::string> ctes;
    Visit("", query, [&](std::string_view, const Json& node) {
      ctes.insert(Text(node, "ctename"));
      return true;
    });
    return ctes;
  }

  void LockRows(const Json& select) {
    for (const Json& item : Items(select, "fromClause")) {
      if (const Json& relation = At(item, "RangeVar"); relation.is_object())
        Lock(NameOf(relation), kRowShare);
    }
  }

  // ---- Tables

  void CreateTable(const Json& node) {
    Makes(At(node, "relation"));
    const Mode parent =
        At(node, "partbound").is_object() ? kAccessExclusive : kShareUpdateExclusive;
    for (const Json& item : Items(node, "inhRelations")) Lock(NameOf(At(item, "RangeVar")), parent);
    for (const Json& element : Items(node, "tableElts")) {
      if (const Json& column = At(element, "ColumnDef"); column.is_object()) {
        for (const Json& constraint : Items(column, "constraints"))
          References(At(constraint, "Constraint"));
      }
      References(At(element, "Constraint"));
      if (const Json& like = At(element, "TableLikeClause"); like.is_object())
        Lock(NameOf(At(like, "relation")), kAccessShare);
    }
  }

  void References(const Json& constraint) {
    if (At(constraint, "pktable").is_object())
      Lock(NameOf(At(constraint, "pktable")), kShareRowExclusive);
  }

  void CreateIndex(const Json& node) {
    const bool concurrent = Flag(node, "concurrent");
    Lock(NameOf(At(node, "relation")), concurrent ? kShareUpdateExclusive : kShare);
    Works(TableWork::kScans);
  }

  void AlterTable(const Json& node) {
    const std::string objtype = Text(node, "objtype");
    const std::string table = NameOf(At(node, "relation"));
    if (objtype == "OBJECT_TYPE") return;
    for (const Json& item : Items(node, "cmds")) {
      const Json& command = At(item, "AlterTableCmd");
      const std::string kind = Text(command, "subtype");
      Lock(table, ModeOf(kind, command));
      if (kind == "AT_AddColumn") AddColumn(At(At(command, "def"), "ColumnDef"));
      if (kind == "AT_AddConstraint") AddConstraint(At(At(command, "def"), "Constraint"));
      if (kind == "AT_AttachPartition")
        Lock(NameOf(At(At(At(command, "def"), "PartitionCmd"), "name")), kAccessExclusive);
      if (kind == "AT_DetachPartition")
        Lock(NameOf(At(At(At(command, "def"), "PartitionCmd"), "name")), kAccessExclusive);
      if (kind == "AT_AddInherit")
        Lock(NameOf(At(At(command, "def"), "RangeVar")), kShareUpdateExclusive);
      if (kind == "AT_AlterColumnType") Works(TableWork::kMayRewrite);
      // An index is attached by its definition alone.
      const bool attaches_rows = kind == "AT_AttachPartition" && objtype != "OBJECT_INDEX";
      if (kind == "AT_SetNotNull" || kind == "AT_ValidateConstraint" || attaches_rows)
        Works(TableWork::kScans);
      if (kind == "AT_SetTableSpace" || kind == "AT_SetLogged" || kind == "AT_SetUnLogged" ||
          kind == "AT_SetAccessMethod")
        Works(TableWork::kRewrites);
    }
  }

  // What each form of ALTER TABLE takes, where its page does not say ACCESS EXCLUSIVE.
  static Mode ModeOf(const std::string& kind, const Json& command) {
    static const std::set<std::string> kShareUpdate = {
        "AT_SetStatistics", "AT_SetOptions",      "AT_ResetOptions",      "AT_ClusterOn",
        "AT_DropCluster",   "AT_AttachPartition", "AT_ValidateConstraint"};
    static const std::set<std::string> kTriggers = {
        "AT_EnableTrig",    "AT_DisableTrig",    "AT_EnableAlwaysTrig", "AT_EnableReplicaTrig",
        "AT_EnableTrigAll", "AT_DisableTrigAll", "AT_EnableTrigUser",   "AT_DisableTrigUser"};
    if (kShareUpdate.contains(kind)) return kShareUpdateExclusive;
    if (kind == "AT_SetRelOptions" || kind == "AT_ResetRelOptions") {
      return TakesLessForOptions(Items(At(At(command, "def"), "List"), "items"))
                 ? kShareUpdateExclusive
                 : kAccessExclusive;
    }
    if (kTriggers.contains(kind)) return kShareRowExclusive;
    if (kind == "AT_DetachPartition" && Flag(At(At(command, "def"), "PartitionCmd"), "concurrent"))
      return kShareUpdateExclusive;
    const bool foreign_key =
        kind == "AT_AddConstraint" &&
        Text(At(At(command, "def"), "Constraint"), "contype") == "CONSTR_FOREIGN";
    return foreign_key ? kShareRowExclusive : kAccessExclusive;
  }

  static bool TakesLessForOptions(const Json& options) {
    return std::ranges::all_of(options, [](const Json& option) {
      const Json& element = At(option, "DefElem");
      const std::string name = Text(element, "defname");
      return name == "fillfactor" || name == "parallel_workers" || name == "toast_tuple_target" ||
             name == "deduplicate_items" || name.starts_with("autovacuum_") ||
             name.starts_with("log_autovacuum") || name.starts_with("vacuum_") ||
             Text(element, "defnamespace") == "toast";
    });
  }

  void AddColumn(const Json& column) {
    static const std::set<std::string> kSerials = {"serial",  "serial2",     "serial4",
                                                   "serial8", "smallserial", "bigserial"};
    const Json& names = Items(At(column, "typeName"), "names");
    if (!names.empty() && kSerials.contains(Text(At(names.back(), "String"), "sval")))
      Works(TableWork::kRewrites);
    else if (!IsKnownNoDomain(At(column, "typeName")))
      Works(TableWork::kMayRewrite);
    bool has_default = false, not_null = false;
    for (const Json& item : Items(column, "constraints")) {
      const Json& constraint = At(item, "Constraint");
      const std::string kind = Text(constraint, "contype");
      if (kind == "CONSTR_DEFAULT") {
        has_default = true;
        Works(WorkOfDefault(At(constraint, "raw_expr")));
      }
      not_null = not_null || kind == "CONSTR_NOTNULL";
      if (kind == "CONSTR_IDENTITY" || kind == "CONSTR_GENERATED") Works(TableWork::kRewrites);
      if (kind == "CONSTR_CHECK" || kind == "CONSTR_UNIQUE" || kind == "CONSTR_PRIMARY" ||
          kind == "CONSTR_FOREIGN")
        Works(TableWork::kScans);
      References(constraint);
    }
    if (not_null && !has_default) Works(TableWork::kScans);
  }

  // A volatile default is computed row by row.
  static TableWork WorkOfDefault(const Json& expression) {
    TableWork work = TableWork::kNone;
    Visit("", expression, [&](std::string_view key, const Json& node) {
      if (key == "FuncCall") work = std::max(work, WorkOfCall(node));
      return true;
    });
    return work;
  }
  static TableWork WorkOfCall(const Json& call) {
    static const std::set<std::string> kVolatile = {
        "random", "clock_timestamp", "timeofday", "gen_random_uuid", "uuid_generate_v4", "nextval"};
    const Json& names = Items(call, "funcname");
    const std::string name = names.empty() ? "" : Text(At(names.back(), "String"), "sval");
    if (kVolatile.contains(name)) return TableWork::kRewrites;
    return IsKnownStable(name) ? TableWork::kNone : TableWork::kMayRewrite;
  }

  void AddConstraint(const Json& constraint) {
    References(constraint);
    const bool takes_index = !Text(constraint, "indexname").empty();
    if (!Flag(constraint, "skip_validation") && !takes_index) Works(TableWork::kScans);
  }

  // ---- What is there already

  void Drop(const Json& node) {
    const std::string kind = Text(node, "removeType");
    const bool concurrent = Flag(node, "concurrent");
    for (const Json& object : Items(node, "objects")) {
      const Json& names = Items(At(object, "List"), "items");
      const std::string name = NameOfList(names);
      if (kind == "OBJECT_TABLE" || kind == "OBJECT_VIEW" || kind == "OBJECT_MATVIEW" ||
          kind == "OBJECT_SEQUENCE" || kind == "OBJECT_FOREIGN_TABLE") {
        Lock(name, kAccessExclusive);
      } else if (kind == "OBJECT_INDEX") {
        Lock("the table of index " + name, concurrent ? kShareUpdateExclusive : kAccessExclusive);
      } else if (kind == "OBJECT_TRIGGER" || kind == "OBJECT_RULE" || kind == "OBJECT_POLICY") {
        Lock(NameOfList(names, 1), kAccessExclusive);
      } else if (kind == "OBJECT_SCHEMA" || kind == "OBJECT_EXTENSION" || kind == "OBJECT_TYPE" ||
                 kind == "OBJECT_DOMAIN") {
        // Whatever CASCADE takes along does not stand in the text.
        report_.analysed = report_.analysed && Text(node, "behavior") != "DROP_CASCADE";
      }
    }
  }

  void Rename(const Json& node) {
    const std::string kind = Text(node, "renameType");
    if (!At(node, "relation").is_object()) return;
    Lock(NameOf(At(node, "relation")),
         kind == "OBJECT_INDEX" ? kShareUpdateExclusive : kAccessExclusive);
  }

  void Comment(const Json& node) {
    const std::string kind = Text(node, "objtype");
    const Json& names = Items(At(At(node, "object"), "List"), "items");
    const bool of_table = kind == "OBJECT_TABLE" || kind == "OBJECT_VIEW" ||
                          kind == "OBJECT_MATVIEW" || kind == "OBJECT_SEQUENCE" ||
                          kind == "OBJECT_INDEX";
    const bool of_part = kind == "OBJECT_COLUMN" || kind == "OBJECT_TRIGGER" ||
                         kind == "OBJECT_RULE" || kind == "OBJECT_POLICY" ||
                         kind == "OBJECT_TABCONSTRAINT";
    if (of_table || of_part) Lock(NameOfList(names, of_part ? 1 : 0), kShareUpdateExclusive);
  }

  static bool HasOption(const Json& options, const char* name) {
    return std::ranges::any_of(options, [&](const Json& option) {
      return Text(At(option, "DefElem"), "defname") == name;
    });
  }

  void Vacuum(const Json& node) {
    const bool full = HasOption(Items(node, "options"), "full");
    const Mode mode = full ? kAccessExclusive : kShareUpdateExclusive;
    for (const Json& item : Items(node, "rels"))
      Lock(NameOf(At(At(item, "VacuumRelation"), "relation")), mode);
    if (Items(node, "rels").empty()) Lock("each table", mode);
    Works(full ? TableWork::kRewrites : TableWork::kScans);
  }

  void Reindex(const Json& node) {
    const std::string kind = Text(node, "kind");
    const bool concurrent = HasOption(Items(node, "params"), "concurrently");
    const std::string name = NameOf(At(node, "relation"));
    const Mode mode = concurrent ? kShareUpdateExclusive : kShare;
    if (kind == "REINDEX_OBJECT_TABLE") {
      Lock(name, mode);
    } else if (kind == "REINDEX_OBJECT_INDEX") {
      Lock("the table of index " + name, mode);
      if (!concurrent) Lock(name, kAccessExclusive);
    } else {
      Lock("each table, one after the other", mode);
    }
    Works(TableWork::kScans);
  }

  void Copy(const Json& node) {
    if (At(node, "relation").is_object())
      Lock(NameOf(At(node, "relation")), Flag(node, "is_from") ? kRowExclusive : kAccessShare);
    Reads(At(node, "query"));
  }

  void LockAll(const Json& node) {
    const Json& mode = At(node, "mode");
    const int number = mode.is_number_integer() ? mode.get<int>() : kAccessExclusive;
    for (const Json& item : Items(node, "relations"))
      Lock(NameOf(At(item, "RangeVar")), static_cast<Mode>(std::clamp(number, 1, 8)));
  }

  bool ReadOnOneTable(const std::string& kind, const Json& node) {
    struct OneTable {
      const char* kind;
      const char* member;
      Mode mode;
      TableWork work = TableWork::kNone;
    };
    static constexpr OneTable kKinds[] = {
        {"CreateTrigStmt", "relation", kShareRowExclusive},
        {"RuleStmt", "relation", kAccessExclusive},
        {"CreatePolicyStmt", "table", kAccessExclusive},
        {"AlterPolicyStmt", "table", kAccessExclusive},
        {"ClusterStmt", "relation", kAccessExclusive, TableWork::kRewrites},
        {"AlterSeqStmt", "sequence", kShareRowExclusive},
        {"AlterObjectSchemaStmt", "relation", kAccessExclusive},
    };
    for (const OneTable& one : kKinds) {
      if (kind != one.kind) continue;
      if (At(node, one.member).is_object()) Lock(NameOf(At(node, one.member)), one.mode);
      Works(one.work);
      return true;
    }
    if (kind == "RefreshMatViewStmt") {
      const bool concurrent = Flag(node, "concurrent");
      Lock(NameOf(At(node, "relation")), concurrent ? kExclusive : kAccessExclusive);
      Works(concurrent ? TableWork::kScans : TableWork::kRewrites);
      return true;
    }
    if (kind == "TruncateStmt" || kind == "CreateStatsStmt") {
      const bool truncates = kind == "TruncateStmt";
      for (const Json& item : Items(node, "relations"))
        Lock(NameOf(At(item, "RangeVar")), truncates ? kAccessExclusive : kShareUpdateExclusive);
      return true;
    }
    return false;
  }

  // Statements that touch no table of the user's.
  static bool IsOfTheCatalog(const std::string& kind) {
    static const std::set<std::string> kKinds = {"AlterDefaultPrivilegesStmt",
                                                 "AlterEnumStmt",
                                                 "AlterFunctionStmt",
                                                 "AlterOwnerStmt",
                                                 "AlterRoleSetStmt",
                                                 "AlterRoleStmt",
                                                 "AlterDatabaseSetStmt",
                                                 "CompositeTypeStmt",
                                                 "CreateCastStmt",
                                                 "CreateDomainStmt",
                                                 "CreateEnumStmt",
                                                 "CreateFunctionStmt",
                                                 "CreateRangeStmt",
                                                 "CreateRoleStmt",
                                                 "CreateSeqStmt",
                                                 "CreatedbStmt",
                                                 "DefineStmt",
                                                 "DropRoleStmt",
                                                 "GrantRoleStmt",
                                                 "GrantStmt",
                                                 "VariableSetStmt",
                                                 "VariableShowStmt",
                                                 "TransactionStmt",
                                                 "CreateTableSpaceStmt",
                                                 "NotifyStmt",
                                                 "DiscardStmt",
                                                 "ConstraintsSetStmt"};
    return kKinds.contains(kind);
  }

  StatementLocks report_;
  std::map<std::string, Mode> modes_;
  std::vector<std::string> made_;
};

}  // namespace

StatementLocks PostgresqlLocksOf(std::string_view statement) {
  if (statement.size() > kLongestAnalysed) return {};
  const std::string text(statement);
  const PgQueryParseResult parsed = pg_query_parse(text.c_str());
  const Json tree =
      parsed.error == nullptr ? Json::parse(parsed.parse_tree, nullptr, false) : Json();
  pg_query_free_parse_result(parsed);
  const Json& statements = Items(tree, "stmts");
  if (statements.size() != 1) return {};
  LockReader reader;
  for (const auto& [kind, node] : At(statements[0], "stmt").items()) reader.Read(kind, node);
  return reader.Take();
}

}  // namespace mig
