#include "daemon/unfinished.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/lease.h"
#include "drivers/sql/classify.h"

namespace mig {
namespace {

constexpr char kDone[] = "done";

JournalRow RowOf(const std::vector<SqlValue>& cells) {
  JournalRow row;
  row.id = Id::FromHex(TextOf(cells[0])).value_or(Id());
  row.name = TextOf(cells[1]);
  row.kind =
      TextOf(cells[2]) == NameOf(StepKind::kDowngrade) ? StepKind::kDowngrade : StepKind::kUpgrade;
  row.unit = NumberOf(cells[3]);
  row.state = TextOf(cells[4]);
  row.digest = TextOf(cells[5]);
  return row;
}

// Null where there is none of that number.
const Unit* UnitAt(const std::vector<Unit>& units, std::int64_t number) {
  const auto index = static_cast<std::size_t>(number);
  return index < units.size() ? &units[index] : nullptr;
}

// What was added behind what ran is a unit of its own.
Result<std::vector<Unit>> UnitsBehind(const Unfinished& unfinished, const RunStep& step,
                                      Dialect dialect) {
  std::vector<Unit> units = TRY(UnitsOf(step, dialect));
  for (const auto& [number, row] : unfinished.units) CutBehindWhatRan(units, row);
  return units;
}

Result<std::vector<Unit>> UnitsAsTheyRan(const Unfinished& unfinished,
                                         const std::optional<RunStep>& step, Dialect dialect) {
  if (!step) return std::vector<Unit>();
  return UnitsBehind(unfinished, *step, dialect);
}

std::string PartSentence(const Unfinished& unfinished, const JournalRow& row, const Unit* unit) {
  std::string sentence = fmt::format("part {} of {}", row.unit + 1, unfinished.name);
  if (unit != nullptr && !unit->statements.empty())
    sentence +=
        fmt::format(" (`{}`, line {} then)", unit->statements[0].verb, unit->statements[0].line);
  return sentence;
}

std::string RestoreHint(const Unfinished& unfinished) {
  return fmt::format(
      "`mig restore {} --allow overwrite` takes back the text that ran, then repeat the command; "
      "or "
      "take back by hand what it did, and say so with `mig resolve {} --undone`",
      unfinished.name, unfinished.name);
}

Error EditedAfterItRan(const Unfinished& unfinished, const JournalRow& row, const Unit* unit) {
  Error error{Reason::kEditedSinceApplied,
              PartSentence(unfinished, row, unit) + " ran before it was edited"};
  error.details["name"] = unfinished.name;
  error.details["part"] = std::to_string(row.unit + 1);
  error.hint = RestoreHint(unfinished);
  return error;
}

Error EditedInDoubt(const Unfinished& unfinished, const JournalRow& row, const Unit* unit) {
  Error error{Reason::kInDoubt, PartSentence(unfinished, row, unit) +
                                    " was edited after a run had begun it, and nothing tells "
                                    "whether it took effect"};
  error.details["name"] = unfinished.name;
  error.details["part"] = std::to_string(row.unit + 1);
  error.hint = fmt::format(
      "`mig resolve` shows it; look at the database, then answer with `mig "
      "resolve {} --not-applied` or `--undone`",
      unfinished.name);
  return error;
}

// What looking for a unit's effect gives under what the units before it set in the session, as it
// ran; that stays set. Nothing where it cannot be set any more.
Result<std::optional<Effect>> LookBehind(const std::vector<Unit>& units, const JournalRow& row,
                                         const Probe& probe, Session& session) {
  if (probe.kind == Probe::Kind::kNone) return std::optional(Effect::kUnknown);
  std::vector<const PlannedStatement*> settings;
  for (std::int64_t number = 0; number < row.unit; ++number)
    CollectSettings(units[static_cast<std::size_t>(number)], settings);
  for (const PlannedStatement* setting : settings) {
    auto set = session.Execute({.sql = setting->sql, .scripted = true});
    if (set) continue;
    const Reason reason = set.error().reason;
    if (reason == Reason::kDatabaseUnreachable || reason == Reason::kCancelled)
      return Unexpected(std::move(set).error());
    return std::optional<Effect>();
  }
  return std::optional(TRY(LookFor(session, probe, SeenBefore(row))));
}

// The same for people; the session is as it was.
Result<std::string> FoundBehind(const std::vector<Unit>& units, const JournalRow& row,
                                Session& session) {
  const Probe& probe = UnitAt(units, row.unit)->statements[0].traits.probe;
  const auto effect = TRY(LookBehind(units, row, probe, session));
  TRY(session.Reset());
  if (effect) return WhatWasFound(probe, *effect);
  return std::string(
      "nobody can tell: what earlier parts set in the session cannot be set any more");
}

// Whether the new text may do without a statement that a run had begun and the old text, of
// `units`, had.
Result<void> Withdraw(const Unfinished& unfinished, const JournalRow& row,
                      const std::vector<Unit>& units, Session& session) {
  const Unit* unit = UnitAt(units, row.unit);
  if (unit == nullptr || unit->statements.empty()) return EditedInDoubt(unfinished, row, unit);
  const Probe& probe = unit->statements[0].traits.probe;
  const auto effect = TRY(LookBehind(units, row, probe, session));
  switch (effect.value_or(Effect::kUnknown)) {
    case Effect::kTookNot:
    case Effect::kUnchanged:
      return {};
    case Effect::kLeftovers:
      return RemoveLeftovers(session, probe, SeenBefore(row));
    case Effect::kTook:
    case Effect::kHalfDone:
      return EditedAfterItRan(unfinished, row, unit);
    case Effect::kUnknown:
      break;
  }
  return EditedInDoubt(unfinished, row, unit);
}

Error StoppedInTheMiddle(const Unfinished& unfinished) {
  Error error{Reason::kInDoubt, fmt::format("an earlier run stopped in the middle of the {} of {}",
                                            NameOf(unfinished.kind), unfinished.name)};
  error.details["name"] = unfinished.name;
  return error;
}

}  // namespace

std::string SeenBefore(const JournalRow& row) {
  const std::size_t blank = row.state.find(' ');
  return blank == std::string::npos ? "" : row.state.substr(blank + 1);
}

bool IsInDoubt(const JournalRow& row) { return row.state != kDone; }

Result<std::optional<Unfinished>> ReadUnfinished(Session& session, const Bookkeeping& book) {
  const SqlResult rows = TRY(session.Execute(book.ReadJournal()));
  std::optional<Unfinished> unfinished;
  for (const auto& cells : rows.rows) {
    const JournalRow row = RowOf(cells);
    if (!unfinished) unfinished = Unfinished{row.id, row.name, row.kind, {}};
    if (row.id == unfinished->id && row.kind == unfinished->kind) unfinished->units[row.unit] = row;
  }
  return unfinished;
}

Result<std::optional<Unfinished>> UnfinishedOf(OpenTarget& target) {
  const TargetState state = TRY(ReadState(target));
  if (state.format == 0) return std::optional<Unfinished>();
  return ReadUnfinished(*target.session, target.book);
}

Result<std::optional<RunStep>> StepOf(const Unfinished& unfinished, Session& session,
                                      const Bookkeeping& book) {
  const SqlResult found = TRY(session.Execute(book.ReadObject(unfinished.id)));
  if (found.rows.empty()) return std::optional<RunStep>();
  Revision revision = TRY(DecodeRevision(TextOf(found.rows[0][0])));
  RunStep step;
  step.summary.kind = unfinished.kind;
  step.summary.id = unfinished.id;
  step.summary.name = unfinished.name;
  step.revision = TRY(WithoutFile(unfinished.id, std::move(revision)));
  return std::optional<RunStep>(std::move(step));
}

Result<std::vector<UnfinishedPart>> PartsOf(const Unfinished& unfinished, Session& session,
                                            const Bookkeeping& book,
                                            std::shared_ptr<const PlaceholderValues> placeholders) {
  std::optional<RunStep> step = TRY(StepOf(unfinished, session, book));
  if (step) step->placeholders = std::move(placeholders);
  ValuesUsed used;
  if (step) CollectUsed(*step, book.dialect(), used);
  const std::vector<Unit> units = TRY(UnitsAsTheyRan(unfinished, step, book.dialect()));
  const auto count = std::max<std::int64_t>(static_cast<std::int64_t>(units.size()),
                                            unfinished.units.rbegin()->first + 1);
  std::vector<UnfinishedPart> parts;
  for (std::int64_t number = 0; number < count; ++number) {
    const Unit* unit = UnitAt(units, number);
    if (unit != nullptr && unit->empty()) continue;
    UnfinishedPart part;
    part.number = static_cast<int>(number) + 1;
    const bool verifies = unit != nullptr && unit->statements.empty();
    if (unit != nullptr) {
      const auto& statements = verifies ? unit->verifications : unit->statements;
      part.statements = static_cast<int>(statements.size());
      part.verb = statements[0].verb;
      part.line = statements[0].line;
      for (const PlannedStatement& statement : statements) part.sql += statement.written() + ";\n";
    }
    if (const auto row = unfinished.units.find(number); row != unfinished.units.end()) {
      const bool done = row->second.state == kDone;
      part.state = done ? UnfinishedPart::State::kDone : UnfinishedPart::State::kInDoubt;
      if (!done && unit != nullptr && !verifies) {
        auto found = FoundBehind(units, row->second, session);
        if (!found) return Concealed(std::move(found).error(), used);
        part.found = Concealed(*std::move(found), used);
      }
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

std::vector<JournalRow> BegunOf(const RunPlan& plan, const Unfinished& unfinished) {
  std::vector<JournalRow> begun;
  if (plan.steps.empty()) return begun;
  const StepSummary& first = plan.steps[0].summary;
  if (first.name != unfinished.name || first.kind != unfinished.kind) return begun;
  for (const auto& [number, row] : unfinished.units) begun.push_back(row);
  return begun;
}

Result<std::vector<std::string>> EditsOf(const RunPlan& plan, Dialect dialect) {
  std::vector<std::string> edits;
  if (plan.begun.empty()) return edits;
  std::vector<Unit> units = TRY(UnitsOf(plan.steps[0], dialect));
  for (const JournalRow& row : plan.begun) CutBehindWhatRan(units, row);
  for (const JournalRow& row : plan.begun) {
    const Unit* unit = UnitAt(units, row.unit);
    const bool same = unit != nullptr && unit->digest == row.digest;
    if (same || row.id == plan.steps[0].summary.id) continue;
    edits.push_back(fmt::format(
        "part {} of {} {}", row.unit + 1, row.name,
        row.state == kDone
            ? "ran before it was edited: a run refuses that"
            : "was edited after a run had begun it: a run looks what that did, and refuses where "
              "nothing tells"));
  }
  return edits;
}

Result<JournalRows> CarryOver(const Unfinished& unfinished, const RunStep& step, Session& session,
                              const Bookkeeping& book) {
  const std::vector<Unit> units = TRY(UnitsBehind(unfinished, step, book.dialect()));
  std::optional<RunStep> before = TRY(StepOf(unfinished, session, book));
  if (before) before->placeholders = step.placeholders;
  const std::vector<Unit> units_before = TRY(UnitsAsTheyRan(unfinished, before, book.dialect()));
  JournalRows rows;
  for (const auto& [number, row] : unfinished.units) {
    const Unit* unit = UnitAt(units, number);
    if (unit != nullptr && unit->digest == row.digest) {
      rows[number] = row;
      rows[number].id = step.summary.id;
      continue;
    }
    if (row.state == kDone) return EditedAfterItRan(unfinished, row, UnitAt(units_before, number));
    TRY(Withdraw(unfinished, row, units_before, session));
    TRY(session.Reset());
  }
  return rows;
}

std::string WarningOf(const Unfinished& unfinished) {
  const bool up = unfinished.kind == StepKind::kUpgrade;
  return fmt::format(
      "{} is half {}: {} goes on behind the parts that ran, and `mig resolve` shows how far it "
      "came",
      unfinished.name, up ? "applied" : "taken back",
      up ? "the next run" : "the same downgrade again");
}

Error MustBeFinishedFirst(const Unfinished& unfinished) {
  Error error = StoppedInTheMiddle(unfinished);
  error.hint = unfinished.kind == StepKind::kUpgrade
                   ? fmt::format(
                         "finish it first: `mig upgrade {0}`; `mig resolve` shows how far "
                         "it came, `mig restore {0}` brings a lost file back",
                         unfinished.name)
                   : "finish it first: repeat that downgrade; `mig resolve` shows how far it came";
  return error;
}

Error MustBeForgottenFirst(const Unfinished& unfinished) {
  Error error = StoppedInTheMiddle(unfinished);
  error.message += unfinished.kind == StepKind::kUpgrade
                       ? fmt::format(", and {} is applied all the same", unfinished.name)
                       : fmt::format(", and {} is not applied any more", unfinished.name);
  error.hint = fmt::format(
      "something else did that {0}, a script perhaps: look what of it ran twice or not at all "
      "(`mig resolve` shows what had run), then forget that run with `mig resolve {1} --undone`, "
      "which leaves {1} as it is",
      NameOf(unfinished.kind), unfinished.name);
  return error;
}

}  // namespace mig
