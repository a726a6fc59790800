// How the files of a work tree stand to what a target has applied.
#include <algorithm>
#include <map>
#include <set>

#include "daemon/engine.h"
#include "daemon/reapply.h"

namespace mig {
namespace {

class Comparison {
 public:
  Comparison(const Situation& situation, Catalog both, Dialect dialect)
      : situation_(situation), both_(std::move(both)), dialect_(dialect) {}

  Result<std::vector<FileStatus>> Files() {
    const mig::Current current = CurrentFrom(both_.graph(), situation_.row_ids());
    for (const Position p : ToPositions(AncestorsOf(both_.graph(), current.rows, Follow::kAll))) {
      applied_[both_.graph().name(p)] = TRY(both_.Load(p));
    }
    const Graph& graph = view().graph();
    std::vector<FileStatus> files;
    for (Position p = 0; p < graph.size(); ++p) {
      if (!graph.Has(p)) continue;
      const RevisionPtr revision = TRY(view().Load(p));
      if (!revision->file.path.empty()) files.push_back(TRY(StatusOf(p, *revision)));
    }
    for (const auto& [name, revision] : applied_) {
      const auto in_view = graph.FindName(name);
      if (in_view && !TRY(view().Load(*in_view))->file.path.empty()) continue;
      files.push_back({FileState::kMissingFile, name, "", std::nullopt, revision->id, ""});
    }
    return files;
  }

 private:
  const Catalog& view() const { return situation_.view->catalog; }

  Result<FileStatus> StatusOf(Position p, const LinkedRevision& revision) {
    FileStatus status{FileState::kNew, revision.revision.name, revision.file.path,
                      revision.id,     std::nullopt,           ""};
    const auto found = applied_.find(status.name);
    if (found == applied_.end()) return status;
    const LinkedRevision& original = *found->second;
    status.applied_id = original.id;
    if (original.id == revision.id) {
      status.state = FileState::kApplied;
    } else if (original.revision.body == revision.revision.body) {
      status.state = FileState::kReidentified;
      status.because_of = EditedBelow(p);
    } else {
      const bool cosmetic = TRY(MeansTheSame(original.file, revision.file, dialect_));
      status.state = cosmetic ? FileState::kCosmetic : FileState::kEdited;
      edited_.insert(p);
    }
    return status;
  }

  // The nearest edited ancestor: positions are topological, so those below have been looked at.
  std::string EditedBelow(Position p) const {
    const Marks below = AncestorsOf(view().graph(), {p}, Follow::kAll);
    for (auto edited = edited_.rbegin(); edited != edited_.rend(); ++edited) {
      if (below[*edited]) return view().graph().name(*edited);
    }
    return "";
  }

  const Situation& situation_;
  const Catalog both_;
  const Dialect dialect_;
  std::map<std::string, RevisionPtr> applied_;  // by name
  std::set<Position> edited_;
};

std::vector<std::string> HeadNames(const Graph& graph) {
  std::vector<std::string> names;
  for (const Position p : HeadsOf(graph, Follow::kParents)) names.push_back(graph.name(p));
  return names;
}

}  // namespace

Result<WorkTreeStatus> Engine::Status(const ViewName& name, const std::optional<TargetSpec>& spec) {
  const ViewPtr view = TRY(views_.Find(name));
  Situation situation = Situation::Untouched(view);
  WorkTreeStatus status;
  status.warnings = view->warnings;
  status.heads = HeadNames(view->catalog.graph());
  Dialect dialect = Dialect::kSqlite;
  if (spec) {
    const TargetAddress address = TRY(AddressOf(*spec));
    dialect = address.url.dialect;
    auto target = OpenToRead(address);
    if (target) {
      status.target_url = address.url.redacted;
      situation = TRY(SituationOf(view, *target, histories_));
      if (situation.state.format != 0) {
        if (const auto unfinished = TRY(ReadUnfinished(*target->session, target->book)))
          status.warnings.push_back(unfinished->name +
                                    " is half applied: `mig resolve` shows how far it came");
      }
    } else if (target.error().reason != Reason::kDatabaseMissing) {
      return Unexpected(std::move(target).error());
    }
  }
  for (const VersionRow& row : situation.state.rows) status.current.push_back(row.name);
  Catalog both = TRY(situation.history->WithNamesOfTarget());
  Comparison comparison(situation, std::move(both), dialect);
  status.files = TRY(comparison.Files());
  const auto is_new = [](const FileStatus& file) { return file.state == FileState::kNew; };
  status.pending =
      static_cast<int>(std::count_if(status.files.begin(), status.files.end(), is_new));
  return status;
}

}  // namespace mig
