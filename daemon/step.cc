#include "daemon/step.h"

#include <fmt/format.h>

#include <algorithm>

#include "drivers/sql/classify.h"
#include "drivers/sql/split.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

int LineAt(const Section& section, std::size_t offset) {
  const auto end = section.sql.begin() + static_cast<std::ptrdiff_t>(offset);
  return section.line + static_cast<int>(std::count(section.sql.begin(), end, '\n'));
}

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

Result<std::vector<PlannedStatement>> StatementsOf(const RevisionFile& file, const Section& section,
                                                   Dialect dialect) {
  auto spans = SplitStatements(dialect, section.sql);
  if (!spans) return SplitErrorInFile(std::move(spans).error(), file, section);
  std::vector<PlannedStatement> statements;
  statements.reserve(spans->size());
  for (const StatementSpan& span : *spans) {
    const std::string_view text = span.TextIn(section.sql);
    const int line = LineAt(section, span.begin);
    if (auto allowed = CheckAllowed(dialect, text); !allowed) {
      return InFile(std::move(allowed).error(), file, line);
    }
    statements.push_back({std::string(text), DisplayVerb(dialect, text), line});
  }
  return statements;
}

void AppendInTransaction(std::vector<Unit>& units, const Section& section,
                         std::vector<PlannedStatement> statements) {
  if (units.empty() || !units.back().transaction) units.emplace_back();
  Unit& unit = units.back();
  unit.section_starts.push_back(unit.statements.size());
  unit.options.push_back(&section.options);
  std::move(statements.begin(), statements.end(), std::back_inserter(unit.statements));
}

void AppendAlone(std::vector<Unit>& units, const Section& section,
                 std::vector<PlannedStatement> statements) {
  for (PlannedStatement& statement : statements) {
    Unit unit;
    unit.transaction = false;
    unit.section_starts = {0};
    unit.options = {&section.options};
    unit.statements.push_back(std::move(statement));
    units.push_back(std::move(unit));
  }
}

// MariaDB's data definition statements commit what is open.
void AppendStretches(std::vector<Unit>& units, const Section& section,
                     std::vector<PlannedStatement> statements) {
  for (PlannedStatement& statement : statements) {
    const bool inside = Classify(Dialect::kMariadb, statement.sql).runs_in_transaction;
    std::vector<PlannedStatement> one;
    one.push_back(std::move(statement));
    inside ? AppendInTransaction(units, section, std::move(one))
           : AppendAlone(units, section, std::move(one));
  }
}

Result<void> CheckVerification(const RevisionFile& file, const PlannedStatement& statement,
                               Dialect dialect) {
  if (dialect != Dialect::kMariadb || Classify(dialect, statement.sql).runs_in_transaction)
    return {};
  return InFile(
      {Reason::kFileInvalid,
       fmt::format("`{}` in a verify section would commit before it is verified", statement.verb)},
      file, statement.line);
}

std::string DigestOf(const Unit& unit) {
  std::string text;
  for (const PlannedStatement& statement : unit.statements) text += statement.sql + ";\n";
  return Hex(Sha256(text));
}

}  // namespace

Result<std::vector<Unit>> UnitsOf(const RunStep& step, Dialect dialect) {
  std::vector<Unit> units;
  const StepKind kind = step.summary.kind;
  if (kind == StepKind::kStamp || kind == StepKind::kRelink) return std::vector<Unit>(1);
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
  for (const Section* section : SectionsFor(file, section_kind, dialect)) {
    auto statements = TRY(StatementsOf(file, *section, dialect));
    if (section->options.transaction && dialect == Dialect::kMariadb) {
      AppendStretches(units, *section, std::move(statements));
    } else if (section->options.transaction) {
      AppendInTransaction(units, *section, std::move(statements));
    } else {
      AppendAlone(units, *section, std::move(statements));
    }
  }
  if (units.empty() || !units.back().transaction) units.emplace_back();
  if (kind == StepKind::kUpgrade) {
    for (const Section* section : SectionsFor(file, SectionKind::kVerify, dialect)) {
      auto statements = TRY(StatementsOf(file, *section, dialect));
      for (const PlannedStatement& statement : statements)
        TRY(CheckVerification(file, statement, dialect));
      auto& verifications = units.back().verifications;
      std::move(statements.begin(), statements.end(), std::back_inserter(verifications));
    }
  }
  for (Unit& unit : units) unit.digest = DigestOf(unit);
  return units;
}

}  // namespace mig
