// The engine's questions about who follows whom.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_set>

#include "daemon/engine.h"

namespace mig {
namespace {

// Stored revisions, and what is below them and `known` does not have.
Result<std::vector<RevisionPtr>> LoadStored(Objects& objects, const std::string& project,
                                            const Graph& known, std::vector<Id> wanted) {
  std::vector<RevisionPtr> loaded;
  std::unordered_set<Id> seen(wanted.begin(), wanted.end());
  while (!wanted.empty()) {
    auto revisions = TRY(objects.GetMany(project, wanted));
    std::vector<Id> below;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!revisions[i]) {
        return Error{Reason::kNoSuchObject,
                     fmt::format("revision {} is not stored", wanted[i].short_hex()),
                     {{"id", wanted[i].hex()}}};
      }
      for (const Id& id : LinksOf(*revisions[i])) {
        if (!known.FindId(id) && seen.insert(id).second) below.push_back(id);
      }
      loaded.push_back(TRY(WithoutFile(wanted[i], *std::move(revisions[i]))));
    }
    wanted = std::move(below);
  }
  return loaded;
}

// The view goes by the names that both have.
Result<Catalog> Beside(const Catalog& catalog, std::vector<RevisionPtr> more) {
  std::erase_if(
      more, [&](const RevisionPtr& one) { return catalog.graph().FindId(one->id).has_value(); });
  return catalog.With(more, Winner::kOld);
}

Positions PositionsOf(const Graph& graph, const std::vector<Id>& ids) {
  Positions positions;
  for (const Id& id : ids) {
    if (const auto found = graph.FindId(id)) positions.push_back(*found);
  }
  return positions;
}

Result<Marked> Beside(Marked marked, std::vector<RevisionPtr> more) {
  if (more.empty()) return marked;
  const std::vector<Id> rows = marked.catalog.graph().ids(marked.rows);
  const std::vector<Id> implied = marked.catalog.graph().ids(marked.implied);
  marked.catalog = TRY(Beside(marked.catalog, std::move(more)));
  const Graph& graph = marked.catalog.graph();
  marked.rows = PositionsOf(graph, rows);
  marked.implied = PositionsOf(graph, implied);
  marked.applied = AncestorsOf(graph, marked.rows, Follow::kAll);
  return marked;
}

Result<Positions> OneEach(const WordsOfView& view, const std::vector<std::string>& words) {
  if (words.size() < 2)
    return Error{Reason::kInvalidArgument, "a question is about two revisions or more"};
  Positions positions;
  for (const std::string& word : words) {
    const auto found = TRY(view.One(word));
    if (!found) {
      return Error{Reason::kNoSuchRevision,
                   fmt::format("'{}' is no revision", word),
                   {{"expression", word}}};
    }
    positions.push_back(*found);
  }
  return positions;
}

// Of the first, and of a merge of all others.
Positions BasesWithOthers(const Graph& graph, const Positions& revisions, Follow follow) {
  Positions bases;
  for (std::size_t i = 1; i < revisions.size(); ++i) {
    const Positions more = MergeBasesOf(graph, revisions[0], revisions[i], follow);
    bases.insert(bases.end(), more.begin(), more.end());
  }
  return MaximalOf(graph, bases, follow);
}

Result<Positions> TipsOf(const WordsOfView& view, const std::string& revision) {
  if (revision.empty()) return view.Heads(Follow::kAll);
  return view.Many(revision);
}

using ByName = std::map<std::string, Engine::Difference>;

// Those that `ours` has and `theirs` has not.
Result<void> AddOnly(const Catalog& ours, const Graph& theirs,
                     RevisionPtr Engine::Difference::*side, ByName& differences) {
  const Graph& graph = ours.graph();
  for (Position p = 0; p < graph.size(); ++p) {
    if (!graph.Has(p) || theirs.FindId(graph.id(p))) continue;
    Engine::Difference& difference = differences[graph.name(p)];
    difference.name = graph.name(p);
    difference.*side = TRY(ours.Load(p));
  }
  return {};
}

}  // namespace

Result<std::vector<RevisionPtr>> Engine::NamedElsewhere(const ViewPtr& view,
                                                        const std::vector<std::string>& words,
                                                        const std::vector<TargetSpec>& also) {
  std::vector<RevisionPtr> elsewhere;
  for (const TargetSpec& spec : also) {
    const TargetAddress address = TRY(AddressOf(spec));
    OpenTarget target = TRY(OpenToRead(address));
    const Situation situation = TRY(SituationOf(view, target, histories_));
    const std::vector<RevisionPtr>& applied = situation.history->foreign();
    elsewhere.insert(elsewhere.end(), applied.begin(), applied.end());
  }
  const Graph& graph = view->catalog.graph();
  const auto is_known = [&](const std::string& word) {
    const auto in_view = Resolver(graph).Many(word);
    return in_view || in_view.error().reason != Reason::kNoSuchRevision ||
           std::ranges::any_of(
               elsewhere, [&](const RevisionPtr& one) { return one->id.hex().starts_with(word); });
  };
  std::vector<Id> stored;
  const auto look_up = [&](const std::string& word) -> Result<std::string> {
    if (word.empty() || is_known(word)) return word;
    const std::vector<Id> ids = TRY(StoredWithPrefix(view->name.project, word));
    if (ids.size() > 1) return SeveralStored(word, ids);
    stored.insert(stored.end(), ids.begin(), ids.end());
    return word;
  };
  for (const std::string& word : words) TRY(WithEach(word, look_up));
  std::vector<RevisionPtr> loaded =
      TRY(LoadStored(objects_, view->name.project, graph, std::move(stored)));
  elsewhere.insert(elsewhere.end(), loaded.begin(), loaded.end());
  return elsewhere;
}

Result<Engine::RevisionsFound> Engine::ListRevisions(const ViewName& name,
                                                     const std::vector<std::string>& words,
                                                     ListingQuery query, bool count_only,
                                                     const std::optional<TargetSpec>& target,
                                                     const std::vector<TargetSpec>& also) {
  const ViewPtr view = TRY(views_.Find(name));
  RevisionsFound found;
  const std::vector<std::string> spelled = TRY(Spelled(view, words, RefsAt::kAnywhere));
  Marked marked = TRY(MarkedBy(view, target));
  std::vector<RevisionPtr> elsewhere = TRY(NamedElsewhere(view, spelled, also));
  found.marked = TRY(Beside(std::move(marked), std::move(elsewhere)));
  const Graph& graph = found.marked.catalog.graph();
  query.set = TRY(RevisionSetOf({view->catalog.graph(), graph}, spelled, query.follow));
  std::sort(query.names.begin(), query.names.end());
  if (count_only) {
    found.count = static_cast<std::int64_t>(CountOf(graph, query));
  } else {
    found.page = PageOf(graph, query);
  }
  return found;
}

Result<std::vector<Engine::BasesFound>> Engine::FindMergeBases(
    const ViewName& name, Bases kind, Follow follow,
    const std::vector<std::vector<std::string>>& questions, const std::vector<TargetSpec>& also) {
  const ViewPtr view = TRY(views_.Find(name));
  std::vector<std::vector<std::string>> spelled;
  std::vector<std::string> words;
  for (const std::vector<std::string>& question : questions) {
    spelled.push_back(TRY(Spelled(view, question, RefsAt::kAnywhere)));
    words.insert(words.end(), spelled.back().begin(), spelled.back().end());
  }
  std::vector<RevisionPtr> elsewhere = TRY(NamedElsewhere(view, words, also));
  const Catalog catalog = TRY(Beside(view->catalog, std::move(elsewhere)));
  const Graph& graph = catalog.graph();
  std::vector<BasesFound> answers;
  for (const std::vector<std::string>& question : spelled) {
    const Positions revisions = TRY(OneEach({view->catalog.graph(), graph}, question));
    BasesFound& answer = answers.emplace_back();
    if (kind == Bases::kIsAncestor) {
      answer.is_ancestor = IsAncestor(graph, revisions[0], revisions[1], follow);
      continue;
    }
    Positions bases = kind == Bases::kOfAll ? OctopusBasesOf(graph, revisions, follow)
                                            : BasesWithOthers(graph, revisions, follow);
    for (auto base = bases.rbegin(); base != bases.rend(); ++base)
      answer.bases.push_back({graph.id(*base), graph.name(*base)});
  }
  return answers;
}

Result<std::vector<Engine::Difference>> Engine::Compare(const Side& from, const Side& to,
                                                        const std::vector<TargetSpec>& also) {
  const auto part_of = [&](const Side& side) -> Result<Catalog> {
    const ViewPtr view = TRY(views_.Find(side.view));
    const std::string revision = TRY(Spelled(view, side.revision, RefsAt::kAnywhere));
    std::vector<RevisionPtr> elsewhere = TRY(NamedElsewhere(view, {revision}, also));
    const Catalog catalog = TRY(Beside(view->catalog, std::move(elsewhere)));
    const Positions tips = TRY(TipsOf({view->catalog.graph(), catalog.graph()}, revision));
    return catalog.Reaching(tips);
  };
  const Catalog old_part = TRY(part_of(from));
  const Catalog new_part = TRY(part_of(to));
  ByName by_name;
  TRY(AddOnly(old_part, new_part.graph(), &Difference::from, by_name));
  TRY(AddOnly(new_part, old_part.graph(), &Difference::to, by_name));
  std::vector<Difference> differences;
  for (auto& [name, difference] : by_name) differences.push_back(std::move(difference));
  return differences;
}

}  // namespace mig
