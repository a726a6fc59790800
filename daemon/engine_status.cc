// How the files of a work tree stand to what a target has applied.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "daemon/engine.h"
#include "daemon/reapply.h"

namespace mig {
namespace {

class Comparison {
 public:
  Comparison(const Situation& situation, Catalog both, Dialect dialect)
      : situation_(situation), both_(std::move(both)), dialect_(dialect) {}

  // Fills in `files` and `applied`.
  Result<void> Compare(WorkTreeStatus& status) {
    TRY(SetAside());
    const Graph& graph = view().graph();
    for (Position p = 0; p < graph.size(); ++p) {
      if (!graph.Has(p)) continue;
      edited_below_[p] = EditedBelow(p);
      if (as_applied_[p]) {
        ++status.applied;
        continue;
      }
      const RevisionPtr revision = TRY(view().Load(p));
      if (!revision->file.path.empty()) status.files.push_back(TRY(StatusOf(p, *revision)));
    }
    for (const auto& [name, revision] : others_) {
      const auto in_view = graph.FindName(name);
      if (in_view && !TRY(view().Load(*in_view))->file.path.empty()) continue;
      status.files.push_back({FileState::kMissingFile, name, "", std::nullopt, revision->id, ""});
    }
    return {};
  }

 private:
  const Catalog& view() const { return situation_.view->catalog; }

  // Parts what is applied into files that are as they were applied, and all others.
  Result<void> SetAside() {
    const Graph& graph = both_.graph();
    const mig::Current current = CurrentFrom(graph, situation_.row_ids());
    for (const Position p : ToPositions(AncestorsOf(graph, current.rows, Follow::kAll))) {
      const auto in_view =
          situation_.history->foreign().empty() ? p : view().graph().FindId(graph.id(p));
      if (in_view && !TRY(view().Load(*in_view))->file.path.empty()) {
        as_applied_[*in_view] = true;
      } else {
        others_[graph.name(p)] = TRY(both_.Load(p));
      }
    }
    return {};
  }

  Result<FileStatus> StatusOf(Position p, const LinkedRevision& revision) {
    FileStatus status{FileState::kNew, revision.revision.name, revision.file.path,
                      revision.id,     std::nullopt,           ""};
    const auto found = others_.find(status.name);
    if (found == others_.end()) return status;
    const LinkedRevision& original = *found->second;
    status.applied_id = original.id;
    if (original.revision.body == revision.revision.body) {
      status.state = FileState::kReidentified;
      if (edited_below_[p]) status.because_of = view().graph().name(*edited_below_[p]);
    } else {
      const bool cosmetic = TRY(MeansTheSame(original.file, revision.file, dialect_));
      status.state = cosmetic ? FileState::kCosmetic : FileState::kEdited;
      edited_[p] = true;
    }
    return status;
  }

  // The nearest edited ancestor: positions are topological, so those below have been looked at.
  std::optional<Position> EditedBelow(Position p) const {
    std::optional<Position> nearest;
    for (const auto links : {view().graph().parents(p), view().graph().depends(p)}) {
      for (const Position below : links) {
        nearest = std::max(nearest, edited_[below] ? std::optional(below) : edited_below_[below]);
      }
    }
    return nearest;
  }

  const Situation& situation_;
  const Catalog both_;
  const Dialect dialect_;
  Marks as_applied_ = Marks(view().graph().size(), false);  // of the view
  std::map<std::string, RevisionPtr> others_;  // applied otherwise, or without a file; by name
  Marks edited_ = Marks(view().graph().size(), false);
  std::vector<std::optional<Position>> edited_below_ =
      std::vector<std::optional<Position>>(view().graph().size());  // the nearest one
};

// What it applies is not in the rows yet.
std::string WarningOf(const RunSummary& run) {
  return fmt::format("run {} ({}) is at work there: `mig watch {}` follows it", run.id, run.summary,
                     run.id);
}

}  // namespace

// A ref that leads to what is lost has nothing to say here.
Result<void> Engine::MarkPushed(const std::string& project, std::vector<FileStatus>& files) {
  std::vector<Id> heads;
  for (const Ref& ref : TRY(refs_.List(project)))
    heads.insert(heads.end(), ref.heads.begin(), ref.heads.end());
  std::sort(heads.begin(), heads.end());
  heads.erase(std::unique(heads.begin(), heads.end()), heads.end());
  const auto pushed = index_.Reaching(heads);
  if (!pushed) return {};
  for (FileStatus& file : files) {
    if (file.state == FileState::kNew && pushed->FindId(*file.id)) file.state = FileState::kPushed;
  }
  return {};
}

Result<WorkTreeStatus> Engine::Status(const ViewName& name, const std::optional<TargetSpec>& spec) {
  const ViewPtr view = TRY(views_.Find(name));
  Situation situation = Situation::Untouched(view);
  WorkTreeStatus status;
  status.warnings = view->warnings;
  const Graph& graph = view->catalog.graph();
  status.heads = graph.names(HeadsOf(graph, Follow::kParents));
  Dialect dialect = Dialect::kSqlite;
  std::optional<Unfinished> unfinished;
  std::string at_work;
  if (spec) {
    const TargetAddress address = TRY(AddressOf(*spec));
    dialect = address.url.dialect;
    for (const RunSummary& run : runs_.List({.target = address.name})) {
      if (run.outcome != RunOutcome::kRunning || run.target_url != address.url.redacted) continue;
      at_work = WarningOf(run);
      status.warnings.push_back(at_work);
    }
    auto read = [&]() -> Result<void> {
      auto target = OpenToRead(address);
      if (!target && IsYetToBeMade(address, target.error())) return {};
      if (!target) return std::move(target).error();
      status.target_url = address.url.redacted;
      situation = TRY(SituationOf(view, *target, histories_));
      if (situation.state.format != 0)
        unfinished = TRY(ReadUnfinished(*target->session, target->book));
      return {};
    }();
    if (!read && read.error().reason == Reason::kDatabaseBusy && !at_work.empty())
      read.error().hint = at_work;
    TRY(std::move(read));
  }
  for (const VersionRow& row : situation.state.rows) status.current.push_back(row.name);
  Catalog both = TRY(situation.history->WithNamesOfTarget());
  Comparison comparison(situation, std::move(both), dialect);
  TRY(comparison.Compare(status));
  const auto is_new = [](const FileStatus& file) { return file.state == FileState::kNew; };
  status.pending =
      static_cast<int>(std::count_if(status.files.begin(), status.files.end(), is_new));
  if (status.pending > 0) TRY(MarkPushed(name.project, status.files));
  if (!unfinished) return status;
  if (at_work.empty()) status.warnings.push_back(WarningOf(*unfinished));
  for (FileStatus& file : status.files) {
    if (is_new(file) && file.name == unfinished->name) file.state = FileState::kUnfinished;
  }
  return status;
}

}  // namespace mig
