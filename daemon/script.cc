#include "daemon/script.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>
#include <utility>

#include "daemon/alembic_plan.h"
#include "daemon/client_delimiter.h"
#include "daemon/plan/plan.h"
#include "daemon/probe.h"
#include "daemon/scripted_verification.h"
#include "daemon/statement_batch.h"
#include "drivers/postgres_parameters.h"
#include "drivers/sql/left_in_session.h"
#include "drivers/sql/quoted_name.h"
#include "drivers/sql/sqlite_leftovers.h"

namespace mig {
namespace {

std::string NamesOrBase(const std::vector<std::string>& names) {
  return names.empty() ? "<base>" : fmt::format("{}", fmt::join(names, ", "));
}

// The session of a connected run (drivers/mariadb_session.h, postgres_session.cc), as far as
// statements can make one of the client's.
constexpr char kMariadbMode[] =
    "SET sql_mode = REPLACE(REPLACE(REPLACE(@@sql_mode, 'ANSI_QUOTES', ''), "
    "'NO_BACKSLASH_ESCAPES', ''), 'ORACLE', '');\n";
constexpr char kMariadbReset[] =
    "SET NAMES utf8mb4;\nSET sql_mode = @mig_sql_mode, time_zone = @@GLOBAL.time_zone, "
    "foreign_key_checks = 1, unique_checks = 1, autocommit = 1, lock_wait_timeout = 5, "
    "innodb_lock_wait_timeout = 5, max_statement_time = @@GLOBAL.max_statement_time;\n";
constexpr char kPostgresqlReset[] =
    "DISCARD TEMP;\nRESET SESSION AUTHORIZATION;\nRESET ROLE;\nRESET ALL;\nCLOSE ALL;\n"
    "UNLISTEN *;\nDEALLOCATE ALL;\nDISCARD SEQUENCES;\n";
constexpr char kPostgresqlFixed[] =
    "SET client_encoding = 'UTF8';\n"
    "SET standard_conforming_strings = on;\nSET DateStyle = 'ISO';\n"
    "SET IntervalStyle = 'postgres';\nSET bytea_output = 'hex';\n"
    "SET lock_timeout = 0;\nSET statement_timeout = 0;\n";

// psql would show the row of a SELECT; and SET takes no list in quotes.
std::string SetInPostgresql(const std::string& name, const std::string& value) {
  const std::string body =
      WithLiterals(Dialect::kPostgresql,
                   {"BEGIN PERFORM pg_catalog.set_config($1, $2, false); END", {name, value}});
  return WithLiterals(Dialect::kPostgresql, {"DO LANGUAGE plpgsql $1", {body}}) + ";\n";
}

// What the url itself sets in a session.
struct UrlSettings {
  explicit UrlSettings(const std::map<std::string, std::string>& parameters) {
    const auto mode = parameters.find("sql_mode");
    mariadb_mode = mode == parameters.end()
                       ? kMariadbMode
                       : WithLiterals(Dialect::kMariadb, {"SET sql_mode = $1;\n", {mode->second}});
    const auto options = parameters.find("options");
    if (options == parameters.end()) return;
    for (const auto& [name, value] : SettingsInOptions(options->second)) {
      postgresql += SetInPostgresql(name, value);
      if (name == "role") role = SetInPostgresql(name, value);
      if (name == "search_path") search_path = SetInPostgresql(name, value);
    }
  }

  std::string mariadb_mode;
  std::string postgresql;
  // What RESET comes back to in a run's session.
  std::string role;
  std::string search_path;
};

class ScriptWriter {
 public:
  // `excluded` are names that no row has where the script starts.
  ScriptWriter(const Bookkeeping& book, const ScriptSetting& setting,
               std::vector<std::string> excluded)
      : book_(book),
        setting_(setting),
        alembic_(book.dialect(), setting.alembic),
        url_(setting.parameters),
        excluded_(std::move(excluded)) {}

  void Begin() {
    if (book_.dialect() == Dialect::kSqlite) text_ += ".bail on\n";
    if (book_.dialect() == Dialect::kPostgresql)
      text_ += "\\set ON_ERROR_STOP on\n\\set AUTOCOMMIT on\n";
    if (book_.dialect() == Dialect::kMariadb) {
      text_ += "SET NAMES utf8mb4;\n" + url_.mariadb_mode + "SET @mig_sql_mode = @@sql_mode;\n";
    }
    if (book_.dialect() == Dialect::kSqlite) text_ += "PRAGMA foreign_keys = ON;\n";
    // Tables that are there are no news.
    if (book_.dialect() == Dialect::kPostgresql)
      text_ += url_.postgresql + "SET client_min_messages = warning;\n";
    AddBegin();
    AddAll(book_.CreateTables(std::nullopt));  // it may run in several databases
    if (setting_.alembic.keep) Add(alembic_.Create(""));
    text_ += "COMMIT;\n";
  }

  Result<void> AddStep(const Catalog& catalog, RunStep step) {
    if (setting_.alembic.keep) TRY(FollowInScript(catalog, alembic_, step));
    step.placeholders = setting_.placeholders;
    TRY(NoteValues(step));
    const auto units = TRY(UnitsOf(step, book_.dialect()));
    text_ += fmt::format("\n-- {} {} -> {}\n", NameOf(step.summary.kind),
                         NamesOrBase(step.summary.from), NamesOrBase(step.summary.to));
    AddReset();
    Settings settings;  // of the session, by earlier units
    for (std::size_t i = 0; i < units.size(); ++i) {
      const Unit& unit = units[i];
      const bool last = i + 1 == units.size();
      if (!unit.foreign_keys) text_ += "PRAGMA foreign_keys = OFF;\n";
      if (unit.transaction) AddBegin();
      if (i == 0) AddCheck(step);
      if (i == 0) AddValues();
      if (!unit.transaction) AddJournalAlone(step, unit, i, fmt::format("started {}", kNotLooked));
      AddSettings(unit, settings);
      if (book_.dialect() == Dialect::kSqlite)
        text_ += ScriptedRebuildCheck(step, std::span(units).subspan(i));
      TRY(AddStatements(step, unit));
      if (!unit.foreign_keys) text_ += ScriptedForeignKeyCheck(step);
      if (last) AddRows(step, units.size());
      if (!last && unit.transaction) AddJournal(step, unit, i, "done");
      if (unit.transaction) text_ += "COMMIT;\n";
      if (!unit.foreign_keys) text_ += "PRAGMA foreign_keys = ON;\n";
      if (!last) AddResetOfUnit();
      if (!unit.transaction) AddJournalAlone(step, unit, i, "done");
      CollectSettings(unit, settings);
    }
    return {};
  }

  std::string Take() { return std::move(text_); }

 private:
  using Settings = std::vector<const PlannedStatement*>;

  // Where sql_mode has ORACLE, MariaDB takes BEGIN for that of a block.
  void AddBegin() {
    text_ += book_.dialect() == Dialect::kMariadb ? "START TRANSACTION;\n" : "BEGIN;\n";
  }

  // Every revision starts from the same session, as far as a client can be brought back to one.
  void AddReset() {
    if (book_.dialect() == Dialect::kMariadb) text_ += kMariadbReset;
    for (const std::string& variable : left_.variables)
      text_ += fmt::format("SET {} = NULL;\n", variable);
    for (const std::string& table : left_.temporary_tables)
      text_ +=
          fmt::format("DROP TEMPORARY TABLE IF EXISTS {};\n", QuoteName(table, Dialect::kMariadb));
    left_ = {};
    AddResetOfUnit();
    for (const std::string& undo : sqlite_left_.UndoSettings()) text_ += undo + ";\n";
  }

  // But on MariaDB temporary objects live as long as their unit. On PostgreSQL a unit's role may
  // not write mig's rows.
  void AddResetOfUnit() {
    for (const std::string& undo : sqlite_left_.UndoObjects()) text_ += undo + ";\n";
    if (book_.dialect() == Dialect::kPostgresql)
      text_ += kPostgresqlReset + url_.postgresql + kPostgresqlFixed;
  }

  void RegainRole() {
    AddAll(book_.RegainRole());
    text_ += url_.role;
  }

  // Alembic's table is where names were looked up when the script began.
  void RegainSearchPath() {
    if (book_.dialect() == Dialect::kPostgresql) text_ += "RESET search_path;\n" + url_.search_path;
  }

  // What a reset took back.
  void AddSettings(const Unit& unit, const Settings& settings) {
    if (book_.dialect() != Dialect::kPostgresql || unit.empty()) return;
    for (const PlannedStatement* setting : settings) text_ += setting->sql + ";\n";
  }

  // Where the script stops, a run goes on behind what the journal tells, and no script runs.
  void AddJournal(const RunStep& step, const Unit& unit, std::size_t number, std::string state) {
    const bool first = number == 0 && (unit.transaction || state != "done");
    RegainRole();
    Add(book_.PutJournal({step.summary.id, step.summary.name, step.summary.kind,
                          static_cast<std::int64_t>(number), std::move(state), unit.digest}));
    if (first) AddObjects(step);
  }

  void AddJournalAlone(const RunStep& step, const Unit& unit, std::size_t number,
                       std::string state) {
    AddBegin();
    AddJournal(step, unit, number, std::move(state));
    text_ += "COMMIT;\n";
  }

  void AddObjects(const RunStep& step) {
    for (const RevisionPtr& object : step.objects)
      Add(book_.InsertObject(object->id, object->revision));
  }

  // With the timeouts of their sections.
  Result<void> AddStatements(const RunStep& step, const Unit& unit) {
    const Dialect dialect = book_.dialect();
    const SectionOptions* section = nullptr;
    const auto enter = [&](const SectionOptions* next) {
      if (unit.transaction) {
        AddAll(TimeoutsWithin(dialect, next, section));
      } else if (next != section) {
        AddAll(section == nullptr ? TimeoutsAlone(dialect, *next)
                                  : TimeoutsBack(dialect, *section));
      }
      section = next;
    };
    for (const PlannedStatement& statement : unit.statements) {
      enter(statement.options);
      TRY(AddStatement(statement));
    }
    for (const PlannedStatement& statement : unit.verifications) {
      enter(statement.options);
      text_ += TRY(ScriptedVerification(dialect, step, statement));
    }
    enter(nullptr);
    return {};
  }

  Result<void> AddStatement(const PlannedStatement& statement) {
    const bool mariadb = book_.dialect() == Dialect::kMariadb;
    if (mariadb && statement.verb.starts_with("USE ")) {
      return Error{Reason::kUnsupported,
                   fmt::format("a script cannot come back from `{}`", statement.verb),
                   {},
                   "write the database in front of the names, or run the revision without --sql"};
    }
    if (book_.dialect() == Dialect::kPostgresql && !PsqlReadsAsOne(statement.sql)) {
      return Error{Reason::kUnsupported,
                   fmt::format("psql would not find the end of `{}`: it takes a name in it for "
                               "BEGIN, CASE or END",
                               statement.verb),
                   {},
                   "quote that name, or run the revision without --sql"};
    }
    if (mariadb) CollectLeft(statement.sql, left_);
    if (book_.dialect() == Dialect::kSqlite) sqlite_left_.Collect(statement.sql);
    if (!mariadb || statement.sql.find(';') == std::string::npos) {
      text_ += statement.sql + ";\n";
      return {};
    }
    text_ += Delimited(statement.sql);
    return {};
  }

  // A run finds this out when it plans. The first step looks for what would be in the way of any.
  void AddCheck(const RunStep& step) {
    std::vector<std::string> absent = std::exchange(excluded_, {});
    if (absent.empty()) {
      for (const VersionRow& row : step.rows_added) absent.push_back(row.name);
    }
    text_ +=
        "-- stops here unless mig_version is as this step expects it and nothing is half applied\n";
    Add(book_.RequireVersions(step.rows_removed, absent));
  }

  void Add(const SqlCommand& command) { text_ += WithLiterals(book_.dialect(), command) + ";\n"; }

  void AddAll(const std::vector<SqlCommand>& commands) {
    for (const SqlCommand& command : commands) Add(command);
  }

  void AddRows(const RunStep& step, std::size_t units) {
    RegainRole();
    for (const Id& id : step.rows_removed) Add(book_.DeleteVersion(id));
    for (const VersionRow& row : step.rows_added) Add(book_.InsertVersion(row));
    if (setting_.alembic.keep) RegainSearchPath();
    AddAll(step.alembic_removals);
    AddAll(step.alembic_writes);
    if (units == 1) {  // else the journal's first row brought them
      AddObjects(step);
    } else {
      Add(book_.DeleteJournal(step.summary.id, step.summary.kind));
    }
    AddLog(NameOf(step.summary.kind), step.summary.id == Id() ? "" : step.summary.id.hex(),
           step.summary.name);
  }

  // Where a step is the first to use a value.
  void AddValues() {
    if (!fresh_values_) return;
    AddLog(kPlaceholdersDirection, "", DigestsOf(values_));
    fresh_values_ = false;
  }

  void AddLog(std::string_view direction, std::string id, std::string name) {
    LogEntry entry;
    entry.direction = direction;
    entry.id = std::move(id);
    entry.name = std::move(name);
    entry.actor = setting_.actor;
    entry.outcome = "done";
    Add(book_.InsertUnsealedLog(entry));
  }

  Result<void> NoteValues(const RunStep& step) {
    const std::size_t before = values_.values.size();
    CollectUsed(step, book_.dialect(), values_);
    fresh_values_ = values_.values.size() > before;
    if (values_.empty() || setting_.shows_values) return {};
    return Error{Reason::kPermissionDenied,
                 "a script would tell the daemon's own values of placeholders",
                 {{"name", step.summary.name}, {"placeholder", values_.values[0].name}},
                 "run the revision without --sql"};
  }

  const Bookkeeping& book_;
  const ScriptSetting& setting_;
  const AlembicTable alembic_;
  const UrlSettings url_;
  std::vector<std::string> excluded_;  // until the first step
  std::string text_;
  ValuesUsed values_;  // so far
  bool fresh_values_ = false;
  LeftInSession left_;  // of the step before, on MariaDB
  SqliteLeftovers sqlite_left_;
};

Result<Plan> OfflinePlan(const Graph& graph, const Operation& operation) {
  switch (operation.kind) {
    case Operation::Kind::kUpgrade:
      return PlanOfflineUpgrade(graph, operation.revisions.at(0));
    case Operation::Kind::kDowngrade:
      return PlanOfflineDowngrade(graph, operation.revisions.at(0));
    case Operation::Kind::kStamp:
      return PlanOfflineStamp(graph, operation.revisions);
    case Operation::Kind::kReapply:
    case Operation::Kind::kResolve:
      break;
  }
  return Error{Reason::kUnsupported, fmt::format("{} looks at the target, so it cannot be written "
                                                 "as a script",
                                                 SummaryOf(operation))};
}

}  // namespace

Result<std::string> RenderScript(const Catalog& catalog, const Operation& operation,
                                 const Bookkeeping& book, const ScriptSetting& setting) {
  if (operation.from_alembic) {
    return Error{Reason::kUnsupported,
                 "what alembic_version says is known to the target alone, so it cannot be written "
                 "as a script"};
  }
  const Graph& graph = catalog.graph();
  const Plan plan = TRY(OfflinePlan(graph, operation));
  ScriptWriter writer(book, setting, graph.names(RowsExcludedBy(graph, plan)));
  writer.Begin();
  for (const Step& step : plan.steps) {
    const RunStep run = TRY(StepOf(catalog, step));
    TRY(writer.AddStep(catalog, run));
  }
  if (operation.kind == Operation::Kind::kStamp) {
    const RunStep stamp = TRY(StampStep(catalog, plan));
    TRY(writer.AddStep(catalog, stamp));
  }
  return writer.Take();
}

}  // namespace mig
