#include "daemon/reapply.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "drivers/sql/meaning.h"

namespace mig {
namespace {

// `unrendered_in` is the revision that was applied: what it never said in SQL is no change when it
// is said.
Result<std::string> MeaningOf(const RevisionFile& file, const RevisionFile& unrendered_in,
                              Dialect dialect) {
  std::string text;
  for (const SectionKind kind : {SectionKind::kUp, SectionKind::kVerify, SectionKind::kDown}) {
    if (FindUnrendered(unrendered_in, kind, dialect) != nullptr) continue;
    for (const Section* section : SectionsFor(file, kind, dialect)) {
      const SectionOptions& options = section->options;
      text += fmt::format("section {} {} {}\n", static_cast<int>(kind), options.transaction,
                          options.foreign_keys);
      text += TRY(MeaningText(dialect, section->sql));
    }
  }
  return text;
}

// What becomes of one applied revision.
struct Fate {
  Position applied;     // in the graph of both
  Position file = 0;    // the view's revision of its name; equal to `applied` when nothing changed
  bool in_view = true;  // else it has no file
  bool rerun = false;   // rolled back and applied again
};

class Planner {
 public:
  Planner(const Situation& situation, Catalog both, Dialect dialect)
      : situation_(situation), both_(std::move(both)), dialect_(dialect) {}

  Result<RunPlan> Plan() {
    const Graph& graph = both_.graph();
    const Current current = CurrentFrom(graph, situation_.row_ids());
    rows_ = {current.rows.begin(), current.rows.end()};
    fate_of_.assign(graph.size(), nullptr);
    fate_of_file_ = fate_of_;
    for (const Position p : ToPositions(AncestorsOf(graph, current.rows, Follow::kAll))) {
      fates_.push_back(std::make_unique<Fate>(TRY(FateOf(p))));
      fate_of_[p] = fates_.back().get();
      fate_of_file_[fates_.back()->file] = fates_.back().get();
    }
    SpreadReruns();
    for (const auto& fate : fates_) TRY(CheckBelow(*fate));
    return PlanSteps();
  }

 private:
  Result<RunPlan> PlanSteps() {
    RunPlan plan;
    for (auto fate = fates_.rbegin(); fate != fates_.rend(); ++fate) {
      if ((*fate)->rerun) plan.steps.push_back(TRY(Leave((*fate)->applied)));
    }
    const std::size_t left = plan.steps.size();
    std::set<Position> entered;
    for (const auto& fate : fates_) {
      if (fate->rerun) {
        entered.insert(fate->file);
      } else if (fate->file != fate->applied) {
        plan.steps.push_back(TRY(Relink(fate->file)));
      }
    }
    if (plan.steps.size() > left) ChangeRows(plan.steps.back());
    for (const Position p : entered) plan.steps.push_back(TRY(Enter(p)));
    return plan;
  }

  Result<Fate> FateOf(Position p) const {
    const Graph& graph = both_.graph();
    Fate fate{p, p};
    const auto in_view = situation_.view->catalog.graph().FindName(graph.name(p));
    fate.in_view = in_view.has_value();
    if (in_view) fate.file = *graph.FindId(situation_.view->catalog.graph().id(*in_view));
    fate.rerun = StandsOnRerun(p, fate_of_);
    if (fate.file == p || fate.rerun) return fate;
    const RevisionPtr applied = TRY(both_.Load(p));
    const RevisionPtr file = TRY(both_.Load(fate.file));
    const bool same = TRY(MeansTheSame(applied->file, file->file, dialect_));
    fate.rerun = !same;
    return fate;
  }

  bool StandsOnRerun(Position p, const std::vector<Fate*>& fates) const {
    const auto is_rerun = [&](Position below) { return fates[below] && fates[below]->rerun; };
    return std::ranges::any_of(both_.graph().parents(p), is_rerun) ||
           std::ranges::any_of(both_.graph().depends(p), is_rerun);
  }

  // An edit of `parents` may put a file above one that is applied again: it comes behind that one
  // then, and so does all that stands on it.
  void SpreadReruns() {
    for (bool spread = true; spread;) {
      spread = false;
      for (const auto& fate : fates_) {
        if (fate->rerun ||
            !(StandsOnRerun(fate->applied, fate_of_) || StandsOnRerun(fate->file, fate_of_file_)))
          continue;
        fate->rerun = spread = true;
      }
    }
  }

  // What is applied holds all that is below it, by the files as well: what a file was put on top of
  // would be taken for applied, and never run.
  Result<void> CheckBelow(const Fate& fate) const {
    const Graph& graph = both_.graph();
    bool stands_on_edited = false;
    for (const auto links : {graph.parents(fate.applied), graph.depends(fate.applied)}) {
      for (const Position below : links)
        stands_on_edited = stands_on_edited || fate_of_[below]->file != below;
    }
    const std::string name = graph.name(fate.applied);
    if (!fate.in_view && (fate.rerun || stands_on_edited)) {
      return Error{
          Reason::kMissingParent,
          fmt::format("revision {} is applied on top of an edited one and has no file", name),
          {{"name", name}},
          fmt::format("`mig restore {}` brings its file back", name)};
    }
    for (const auto links : {graph.parents(fate.file), graph.depends(fate.file)}) {
      for (const Position below : links) {
        if (fate_of_file_[below] == nullptr) return NotApplied(name, graph.name(below));
      }
    }
    return {};
  }

  static Error NotApplied(const std::string& name, const std::string& below) {
    return Error{
        Reason::kMissingParent,
        fmt::format("the file of {} was put on top of {}, which is not applied", name, below),
        {{"name", name}},
        fmt::format("`mig upgrade {0}` applies it first; or `mig downgrade` takes {1} "
                    "back, and `mig upgrade` applies both",
                    below, name)};
  }

  Result<RunStep> Leave(Position p) {
    Step step{Direction::kDown, p, {p}, {}};
    rows_.erase(p);
    const Graph& graph = both_.graph();
    for (const auto links : {graph.parents(p), graph.depends(p)}) {
      for (const Position below : links) {
        if (HoldsNothingAbove(below)) step.rows_added.push_back(below);
      }
    }
    rows_.insert(step.rows_added.begin(), step.rows_added.end());
    return StepOf(both_, step);
  }

  // Nothing that is still applied follows it, once what is gone is gone.
  bool HoldsNothingAbove(Position below) const {
    const Graph& graph = both_.graph();
    const Marks above = DescendantsOf(graph, {below}, Follow::kAll);
    return std::none_of(rows_.begin(), rows_.end(), [&](Position row) { return above[row]; });
  }

  Result<RunStep> Relink(Position p) const {
    const Node node = both_.graph().node(p);
    RunStep step;
    step.summary = {StepKind::kRelink, node.id, node.name, node.message, {node.name}, {node.name}};
    step.revision = TRY(both_.Load(p));
    step.objects.push_back(step.revision);
    return step;
  }

  // With the last of those that are relinked the files become what is applied, and who follows whom
  // may be another matter there.
  void ChangeRows(RunStep& step) {
    const Graph& graph = both_.graph();
    std::set<Position> files;
    for (const auto& fate : fates_) {
      if (!fate->rerun) files.insert(fate->file);
    }
    const Positions maximal = MaximalOf(graph, {files.begin(), files.end()}, Follow::kAll);
    const std::set<Position> rows(maximal.begin(), maximal.end());
    for (const Position row : rows_) {
      if (!rows.contains(row)) step.rows_removed.push_back(graph.id(row));
    }
    for (const Position row : rows) {
      if (!rows_.contains(row)) step.rows_added.push_back({graph.id(row), graph.name(row)});
    }
    rows_ = rows;
  }

  Result<RunStep> Enter(Position p) {
    Step step{Direction::kUp, p, {}, {p}};
    const Graph& graph = both_.graph();
    for (const auto links : {graph.parents(p), graph.depends(p)}) {
      for (const Position below : links) {
        if (rows_.erase(below) > 0) step.rows_removed.push_back(below);
      }
    }
    rows_.insert(p);
    return StepOf(both_, step);
  }

  const Situation& situation_;
  const Catalog both_;
  const Dialect dialect_;
  std::vector<std::unique_ptr<Fate>> fates_;  // lower ones first
  std::vector<Fate*> fate_of_;                // by position; null for what is not applied
  std::vector<Fate*> fate_of_file_;           // likewise, by the position of the file
  std::set<Position> rows_;
};

}  // namespace

Result<bool> MeansTheSame(const RevisionFile& applied, const RevisionFile& file, Dialect dialect) {
  const std::string meaning_then = TRY(MeaningOf(applied, applied, dialect));
  const std::string meaning_now = TRY(MeaningOf(file, applied, dialect));
  return meaning_then == meaning_now;
}

Result<RunPlan> PlanReapply(const Situation& situation, Dialect dialect) {
  Catalog both = TRY(situation.history->WithNamesOfTarget());
  return Planner(situation, std::move(both), dialect).Plan();
}

}  // namespace mig
