#include "daemon/step.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/views.h"
#include "drivers/sql/split.h"
#include "drivers/sql/sqlite_leftovers.h"
#include "drivers/sql/statement_tokens.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

// Each of them costs a look at the whole text of its transaction.
constexpr std::size_t kMostAdded = 64;

Error InFile(Error error, const RevisionFile& file, int line) {
  error.details["file"] = file.path.empty() ? file.name : file.path;
  error.details["line"] = std::to_string(line);
  return error;
}

// The splitter counts lines within the section; people count them within the file.
Error SplitErrorInFile(Error error, const RevisionFile& file, const Section& section) {
  const auto found = error.details.find("line");
  const int within = found == error.details.end() ? 1 : std::stoi(found->second);
  const int line = section.line + within - 1;
  if (const auto place = error.message.rfind(" at line "); place != std::string::npos)
    error.message.replace(place, std::string::npos, fmt::format(" at line {}", line));
  return InFile(std::move(error), file, line);
}

// Refuses what SQLite passes over where it stands. A temporary object lives as long as its part of
// the revision, and outside of transactions each statement is one.
Result<void> CheckEffectInSqlite(const SectionOptions& options, std::string_view sql) {
  const StatementTokens tokens(Dialect::kSqlite, sql, 4);
  const bool sets = tokens.IsSymbol(2, "=") || tokens.IsSymbol(2, "(");
  SqliteLeftovers left;
  left.Collect(sql);
  std::string hint;
  if (SetsForeignKeys(sql)) {
    hint =
        "write `-- mig:up foreign_keys=off` above the statements instead: they run with foreign "
        "keys off, and the keys are checked before the commit";
  } else if (tokens.HasWords(0, {"pragma", "encoding"}) && sets) {
    hint = "the encoding was fixed with the first table, and mig's own are there";
  } else if (!options.transaction && !left.UndoObjects().empty()) {
    hint = "it would be gone behind this statement: put it in a section without transaction=off";
  } else {
    return {};
  }
  return Error{Reason::kSqlInvalid,
               fmt::format("`{}` would have no effect here", DisplayVerb(Dialect::kSqlite, sql)),
               {},
               hint};
}

// Refuses what the database refuses, or ignores, within a transaction. On MariaDB such a statement
// is a unit of its own. A subscription without a slot may be dropped in a transaction, too.
Result<void> CheckInTransaction(const SectionOptions& options, Dialect dialect,
                                const PlannedStatement& statement) {
  if (dialect == Dialect::kMariadb || !options.transaction) return {};
  if (statement.traits.runs_in_transaction) return {};
  const std::string verb = DisplayVerb(dialect, statement.sql);
  if (verb.find(" SUBSCRIPTION") != std::string::npos) return {};
  return Error{Reason::kSqlInvalid,
               fmt::format("`{}` cannot run within a transaction", verb),
               {},
               "put it below a line `-- mig:up transaction=off`"};
}

// Refuses timeouts that could not take effect. A section for all dialects may well have them for
// the sake of one.
Result<void> CheckTimeouts(const SectionOptions& options, Dialect dialect,
                           const PlannedStatement& statement) {
  if (!options.lock_timeout && !options.statement_timeout) return {};
  if (options.dialect == Dialect::kSqlite) {
    return Error{Reason::kFileInvalid,
                 "SQLite has no lock_timeout and no statement_timeout",
                 {},
                 "leave it out: mig itself waits for a database that is busy"};
  }
  const bool waits = options.lock_timeout && options.lock_timeout->count() > 0;
  if (!waits || !statement.traits.concurrently) return {};
  return Error{Reason::kFileInvalid,
               fmt::format("a lock_timeout around `{}` would only make it fail halfway",
                           DisplayVerb(dialect, statement.sql)),
               {},
               "nobody queues behind a statement that runs CONCURRENTLY: leave the option out"};
}

Result<void> CheckControl(const SectionOptions& options, Dialect dialect,
                          const PlannedStatement& statement) {
  auto allowed = CheckAllowed(dialect, statement.sql);
  if (allowed || options.transaction || !allowed.error().hint.empty()) return allowed;
  Error error = std::move(allowed).error();
  error.hint =
      "leave it out: below `transaction=off` each statement is a transaction of its own; a mark "
      "without it keeps statements together";
  return error;
}

Result<void> CheckStatement(const SectionOptions& options, Dialect dialect,
                            const PlannedStatement& statement) {
  TRY(CheckControl(options, dialect, statement));
  if (dialect == Dialect::kSqlite) TRY(CheckEffectInSqlite(options, statement.sql));
  TRY(CheckInTransaction(options, dialect, statement));
  return CheckTimeouts(options, dialect, statement);
}

// Refuses values that end the statement they stand in, do not let it end, or leave nothing of it.
Result<void> CheckStillOne(Dialect dialect, const std::string& sql, const ValuesUsed& used) {
  const auto spans = SplitStatements(dialect, sql);
  if (spans && spans->size() == 1) return {};
  std::string names;
  for (const ValueUsed& one : used.values)
    names += (names.empty() ? "${" : ", ${") + one.name + "}";
  return Error{Reason::kSqlInvalid,
               fmt::format("with what stands for {} this is no longer one statement", names),
               {},
               "a value is put in as it is: where it stands in quotes, double those within it"};
}

// The statement as it runs, checked. Errors: their line is the statement's, unless it is told.
Result<PlannedStatement> Prepare(const RunStep& step, const SectionOptions& options,
                                 Dialect dialect, std::string_view text) {
  static const PlaceholderValues kNone{};
  const PlaceholderValues& values = step.placeholders == nullptr ? kNone : *step.placeholders;
  PlannedStatement statement;
  statement.options = &options;
  statement.sql = TRY(WithValues(values, dialect, text));
  statement.traits = Classify(dialect, statement.sql);
  ValuesUsed used;
  if (statement.sql != text) CollectUsed(values, dialect, text, used);
  const auto checked = [&]() -> Result<void> {
    if (!used.empty()) TRY(CheckStillOne(dialect, statement.sql, used));
    return CheckStatement(options, dialect, statement);
  }();
  if (!checked) {
    Error error = Concealed(checked.error(), used);
    error.details.erase("line");  // of the text with values
    return error;
  }
  statement.verb = Concealed(DisplayVerb(dialect, statement.sql), used);
  if (statement.sql != text) statement.with_names = text;
  return statement;
}

Result<std::vector<PlannedStatement>> StatementsOf(const RunStep& step, const Section& section,
                                                   Dialect dialect) {
  auto spans = SplitStatements(dialect, section.sql);
  if (!spans) return SplitErrorInFile(std::move(spans).error(), step.file(), section);
  std::vector<PlannedStatement> statements;
  statements.reserve(spans->size());
  int line = section.line;
  std::size_t counted = 0;
  for (const StatementSpan& span : *spans) {
    const std::string_view before =
        std::string_view(section.sql).substr(counted, span.begin - counted);
    line += static_cast<int>(std::ranges::count(before, '\n'));
    counted = span.begin;
    auto statement = Prepare(step, section.options, dialect, span.TextIn(section.sql));
    if (!statement) {
      Error error = std::move(statement).error();
      const auto within = error.details.find("line");
      const int behind = within == error.details.end() ? 0 : std::stoi(within->second) - 1;
      return InFile(std::move(error), step.file(), line + behind);
    }
    statement->line = line;
    statements.push_back(*std::move(statement));
  }
  return statements;
}

// Errors: kFileInvalid where a transaction would be half with and half without foreign keys.
Result<void> AppendInTransaction(std::vector<Unit>& units, bool foreign_keys,
                                 std::vector<PlannedStatement> statements) {
  const bool fresh = units.empty() || !units.back().transaction;
  if (fresh) units.emplace_back();
  Unit& unit = units.back();
  if (fresh) unit.foreign_keys = foreign_keys;
  if (unit.foreign_keys != foreign_keys) {
    return Error{Reason::kFileInvalid,
                 "sections that share a transaction cannot differ in foreign_keys",
                 {},
                 "write foreign_keys=off in all of them"};
  }
  std::move(statements.begin(), statements.end(), std::back_inserter(unit.statements));
  return {};
}

void AppendAlone(std::vector<Unit>& units, std::vector<PlannedStatement> statements) {
  for (PlannedStatement& statement : statements) {
    Unit unit;
    unit.transaction = false;
    unit.statements.push_back(std::move(statement));
    units.push_back(std::move(unit));
  }
}

// MariaDB's data definition statements commit what is open.
Result<void> AppendStretches(std::vector<Unit>& units, std::vector<PlannedStatement> statements) {
  for (PlannedStatement& statement : statements) {
    const bool inside = statement.traits.runs_in_transaction;
    std::vector<PlannedStatement> one;
    one.push_back(std::move(statement));
    if (inside) {
      TRY(AppendInTransaction(units, true, std::move(one)));
    } else {
      AppendAlone(units, std::move(one));
    }
  }
  return {};
}

Result<void> CheckVerification(const RevisionFile& file, const PlannedStatement& statement,
                               Dialect dialect) {
  if (dialect != Dialect::kMariadb || statement.traits.runs_in_transaction) return {};
  return InFile(
      {Reason::kFileInvalid,
       fmt::format("`{}` in a verify section would commit before it is verified", statement.verb)},
      file, statement.line);
}

std::string DigestOf(const Unit& unit) {
  std::string text;
  for (const PlannedStatement& statement : unit.statements) text += statement.written() + ";\n";
  return Hex(Sha256(text));
}

Error CannotBeAtomic(std::string why, const RunStep& step, int line) {
  Error error{Reason::kUnsupported, "--atomic would be untrue: " + std::move(why)};
  error.details["name"] = step.summary.name;
  return line == 0 ? error : InFile(std::move(error), step.file(), line);
}

// What is known to be incomplete never runs.
Result<void> RefuseUnrendered(const RevisionFile& file, SectionKind kind, Dialect dialect) {
  const Section* section = FindUnrendered(file, kind, dialect);
  if (section == nullptr) return {};
  Error error{Reason::kUnrendered, fmt::format("the {} of {} could not be written as SQL: {}",
                                               kind == SectionKind::kUp ? "upgrade" : "downgrade",
                                               file.name, section->options.unrendered)};
  error.details["name"] = file.name;
  return InFile(std::move(error), file, section->line - 1);
}

// What cannot be split is refused before it runs.
bool RunsNothing(const RevisionFile& file, SectionKind kind, Dialect dialect) {
  return std::ranges::all_of(SectionsFor(file, kind, dialect), [&](const Section* section) {
    const auto statements = SplitStatements(dialect, section->sql);
    return statements && statements->empty();
  });
}

// Where the way up ran something, and the way back does not.
std::optional<std::string> WarningOfTakingBack(const RunStep& step, Dialect dialect) {
  if (step.summary.kind != StepKind::kDowngrade || !IsReversible(step.file(), dialect))
    return std::nullopt;
  if (!RunsNothing(step.file(), SectionKind::kDown, dialect)) return std::nullopt;
  if (RunsNothing(step.file(), SectionKind::kUp, dialect)) return std::nullopt;
  return fmt::format("what {} did stays in the database: its down section has no statements",
                     step.summary.name);
}

}  // namespace

Result<void> CheckAtomic(const RunPlan& plan, Dialect dialect) {
  for (const RunStep& step : plan.steps) {
    if (dialect == Dialect::kMariadb)
      return CannotBeAtomic("MariaDB commits at each change of the schema", step, 0);
    for (const Unit& unit : TRY(UnitsOf(step, dialect))) {
      const int line = unit.statements.empty() ? 0 : unit.statements[0].line;
      if (!unit.transaction)
        return CannotBeAtomic(
            fmt::format("{} has a section outside of transactions", step.summary.name), step, line);
      if (!unit.foreign_keys)
        return CannotBeAtomic(fmt::format("{} runs with foreign_keys=off, which SQLite cannot "
                                          "switch within a transaction",
                                          step.summary.name),
                              step, line);
    }
  }
  return {};
}

Result<std::vector<Unit>> UnitsOf(const RunStep& step, Dialect dialect) {
  std::vector<Unit> units;
  const StepKind kind = step.summary.kind;
  if (kind != StepKind::kUpgrade && kind != StepKind::kDowngrade) return std::vector<Unit>(1);
  const RevisionFile& file = step.file();
  if (kind == StepKind::kDowngrade && !IsReversible(file, dialect)) {
    const std::string why = file.irreversible ? ": " + *file.irreversible : "";
    Error error{Reason::kIrreversible, fmt::format("revision {} has no down section for {}{}",
                                                   file.name, NameOf(dialect), why)};
    error.details["name"] = file.name;
    return error;
  }
  const SectionKind section_kind =
      kind == StepKind::kUpgrade ? SectionKind::kUp : SectionKind::kDown;
  TRY(RefuseUnrendered(file, section_kind, dialect));
  for (const Section* section : SectionsFor(file, section_kind, dialect)) {
    auto statements = TRY(StatementsOf(step, *section, dialect));
    if (section->options.transaction && dialect == Dialect::kMariadb) {
      TRY(AppendStretches(units, std::move(statements)));
    } else if (section->options.transaction) {
      const bool foreign_keys = dialect != Dialect::kSqlite || section->options.foreign_keys;
      if (auto appended = AppendInTransaction(units, foreign_keys, std::move(statements));
          !appended)
        return InFile(std::move(appended).error(), file, section->line);
    } else {
      AppendAlone(units, std::move(statements));
    }
  }
  if (units.empty() || !units.back().transaction) units.emplace_back();
  if (kind == StepKind::kUpgrade) {
    for (const Section* section : SectionsFor(file, SectionKind::kVerify, dialect)) {
      auto statements = TRY(StatementsOf(step, *section, dialect));
      for (const PlannedStatement& statement : statements)
        TRY(CheckVerification(file, statement, dialect));
      auto& verifications = units.back().verifications;
      std::move(statements.begin(), statements.end(), std::back_inserter(verifications));
    }
  }
  for (Unit& unit : units) unit.digest = DigestOf(unit);
  return units;
}

void CutBehindWhatRan(std::vector<Unit>& units, const JournalRow& row) {
  const auto number = static_cast<std::size_t>(row.unit);
  if (number >= units.size() || row.state != "done") return;
  if (!units[number].transaction || units[number].digest == row.digest) return;
  Unit ran = units[number];
  ran.verifications.clear();
  for (std::size_t added = 1; added <= kMostAdded && ran.statements.size() > 1; ++added) {
    ran.statements.pop_back();
    ran.digest = DigestOf(ran);
    if (ran.digest != row.digest) continue;
    Unit& behind = units[number];
    auto& statements = behind.statements;
    statements.erase(statements.begin(), statements.end() - static_cast<std::ptrdiff_t>(added));
    behind.digest = DigestOf(behind);
    units.insert(units.begin() + row.unit, std::move(ran));
    return;
  }
}

std::vector<std::string> WarningsOf(const RunPlan& plan, Dialect dialect) {
  std::vector<std::string> warnings;
  for (const RunStep& step : plan.steps) {
    auto warning = step.summary.kind == StepKind::kUpgrade ? WarningOf(*step.revision)
                                                           : WarningOfTakingBack(step, dialect);
    if (warning) warnings.push_back(*std::move(warning));
  }
  return warnings;
}

void CollectSettings(const Unit& unit, std::vector<const PlannedStatement*>& settings) {
  for (const PlannedStatement& statement : unit.statements) {
    if (statement.traits.sets_session) settings.push_back(&statement);
  }
}

void CollectUsed(const RunStep& step, Dialect dialect, ValuesUsed& used) {
  const StepKind kind = step.summary.kind;
  const bool up = kind == StepKind::kUpgrade;
  if (step.placeholders == nullptr || (!up && kind != StepKind::kDowngrade)) return;
  const auto collect = [&](SectionKind sections) {
    for (const Section* section : SectionsFor(step.file(), sections, dialect))
      CollectUsed(*step.placeholders, dialect, section->sql, used);
  };
  for (const std::string& name : {step.summary.name, step.placeholders->target})
    CollectWritten(*step.placeholders, name, used);
  collect(up ? SectionKind::kUp : SectionKind::kDown);
  if (up) collect(SectionKind::kVerify);
}

}  // namespace mig
