#include "daemon/pull.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "daemon/plan/push.h"
#include "store/core/names.h"

namespace mig {
namespace {

bool HasFile(const LinkedRevision& revision) { return !revision.file.path.empty(); }

// The files of a work tree by name, ignoring case as file systems may.
using FilesByName = std::unordered_map<std::string, RevisionPtr>;

Result<FilesByName> FilesOf(const Catalog& tree) {
  FilesByName files;
  for (Position p = 0; p < tree.graph().size(); ++p) {
    if (!tree.graph().Has(p)) continue;
    RevisionPtr revision = TRY(tree.Load(p));
    if (HasFile(*revision)) files.emplace(NameKey(revision->revision.name), std::move(revision));
  }
  return files;
}

Error Differs(const LinkedRevision& file, const LinkedRevision& theirs,
              const std::string& ref_name) {
  const bool same_text = file.file.body == theirs.revision.body;
  Error error{Reason::kNameTaken,
              fmt::format("{} is {} here, and {} in ref `{}`{}", file.file.path,
                          file.id.short_hex(), theirs.id.short_hex(), ref_name,
                          same_text ? ": its text is the same, what it follows is not" : ""),
              {{"name", theirs.revision.name},
               {"file", file.file.path},
               {"ref", ref_name},
               {"ours", file.id.hex()},
               {"theirs", theirs.id.hex()}}};
  error.hint = fmt::format(
      "rename your file, or move it away and pull again: theirs is then written in its place");
  return error;
}

Result<std::vector<PulledFile>> NewFiles(const Catalog& tree, const Catalog& ref,
                                         const std::string& ref_name) {
  const FilesByName files = TRY(FilesOf(tree));
  std::vector<PulledFile> new_files;
  std::vector<RevisionPtr> fresh;
  for (Position p = 0; p < ref.graph().size(); ++p) {
    if (!ref.graph().Has(p)) continue;
    const auto file = files.find(NameKey(ref.graph().name(p)));
    if (file != files.end() && file->second->id == ref.graph().id(p)) continue;
    const RevisionPtr theirs = TRY(ref.Load(p));
    if (file != files.end()) return Differs(*file->second, *theirs, ref_name);
    PulledFile pulled{theirs->revision.name, "", theirs->id};
    for (const Position parent : ref.graph().parents(p)) {
      const auto beside = files.find(NameKey(ref.graph().name(parent)));
      if (beside != files.end()) pulled.beside = beside->second->file.path;
    }
    new_files.push_back(std::move(pulled));
    fresh.push_back(theirs);
  }
  TRY(CheckWords("the work tree", tree.graph(), fresh));
  return new_files;
}

// Puts own revisions, parents first, on top of a ref.
class Rebase {
 public:
  Rebase(const Catalog& tree, const Catalog& ref, const std::string& ref_name,
         const std::function<std::string(const Id&)>& why_fixed)
      : tree_(tree),
        ref_(ref),
        ref_name_(ref_name),
        heads_(HeadsOf(ref.graph(), Follow::kParents)),
        why_fixed_(why_fixed) {}

  // Its text with other parents; nullopt when they stay.
  Result<std::optional<ReparentedFile>> Visit(Position p) {
    std::set<Position> below;  // heads of the ref that own parents stand on by now
    std::vector<std::string> parents;
    std::vector<Position> moved_to;
    for (const Position parent : tree_.graph().parents(p)) {
      const auto shared = ref_.graph().FindId(tree_.graph().id(parent));
      if (shared) {
        moved_to.push_back(TRY(HeadAbove(p, *shared)));
        continue;
      }
      parents.push_back(tree_.graph().name(parent));
      const std::set<Position>& on = stands_on_[parent];
      below.insert(on.begin(), on.end());
    }
    for (const Position head : moved_to) {
      if (below.insert(head).second) parents.push_back(ref_.graph().name(head));
    }
    stands_on_[p] = std::move(below);
    const RevisionPtr own = TRY(tree_.Load(p));
    return Changed(*own, std::move(parents));
  }

 private:
  Result<Position> HeadAbove(Position own, Position shared) const {
    Positions above;
    std::copy_if(heads_.begin(), heads_.end(), std::back_inserter(above), [&](Position head) {
      return IsAncestor(ref_.graph(), shared, head, Follow::kParents);
    });
    if (above.size() == 1) return above.front();
    std::vector<std::string> names;
    for (const Position head : above) names.push_back(ref_.graph().name(head));
    return Error{
        Reason::kMultipleHeads,
        fmt::format("`{}` could follow any of {} heads of ref `{}`: {}", tree_.graph().name(own),
                    names.size(), ref_name_, fmt::join(names, ", ")),
        {{"name", tree_.graph().name(own)}, {"ref", ref_name_}},
        "pull without --rebase, and name the one it shall follow in its `parents`"};
  }

  Result<std::optional<ReparentedFile>> Changed(const LinkedRevision& own,
                                                std::vector<std::string> parents) const {
    auto as_set = [](std::vector<std::string> names) {
      std::sort(names.begin(), names.end());
      return names;
    };
    if (as_set(parents) == as_set(own.file.header.parents)) return std::optional<ReparentedFile>();
    const std::string why = why_fixed_(own.id);
    if (!why.empty()) {
      return Error{Reason::kEditedSinceApplied,
                   fmt::format("`{}` cannot be given other parents: {}", own.revision.name, why),
                   {{"name", own.revision.name}, {"file", own.file.path}},
                   "pull without --rebase, then `mig merge heads` joins the two; or take it back "
                   "first with `mig downgrade`"};
    }
    return std::optional(ReparentedFile{own.file.path, WithParents(own.file, parents)});
  }

  const Catalog& tree_;
  const Catalog& ref_;
  const std::string& ref_name_;
  const Positions heads_;
  const std::function<std::string(const Id&)>& why_fixed_;
  std::unordered_map<Position, std::set<Position>> stands_on_;
};

}  // namespace

Result<PullPlan> PlanPull(const Catalog& tree, const Catalog& ref, const std::string& ref_name,
                          bool rebase, const std::function<std::string(const Id&)>& why_fixed) {
  PullPlan plan;
  plan.new_files = TRY(NewFiles(tree, ref, ref_name));
  Rebase onto(tree, ref, ref_name, why_fixed);
  for (Position p = 0; p < tree.graph().size(); ++p) {
    if (!tree.graph().Has(p) || ref.graph().FindId(tree.graph().id(p))) continue;
    if (!HasFile(*TRY(tree.Load(p)))) continue;
    plan.own.push_back(tree.graph().name(p));
    if (!rebase) continue;
    auto changed = TRY(onto.Visit(p));
    if (changed) plan.changed_files.push_back(*std::move(changed));
  }
  return plan;
}

}  // namespace mig
