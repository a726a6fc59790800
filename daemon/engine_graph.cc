// The engine's questions about who follows whom.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "daemon/engine.h"

namespace mig {
namespace {

Result<Positions> OneEach(const Graph& graph, const std::vector<std::string>& words) {
  if (words.size() < 2)
    return Error{Reason::kInvalidArgument, "a question is about two revisions or more"};
  Positions positions;
  for (const std::string& word : words) {
    const Expression expression = TRY(ParseExpression(graph, word));
    const auto found = TRY(Resolver(graph).One(expression));
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

Result<Positions> TipsOf(const Graph& graph, const std::string& revision) {
  if (revision.empty()) return HeadsOf(graph, Follow::kAll);
  return Resolver(graph).Many(revision);
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

Result<Engine::RevisionsFound> Engine::ListRevisions(const ViewName& name,
                                                     const std::vector<std::string>& words,
                                                     ListingQuery query, bool count_only,
                                                     const std::optional<TargetSpec>& target) {
  const ViewPtr view = TRY(views_.Find(name));
  RevisionsFound found;
  found.marked = TRY(MarkedBy(view, target));
  const Graph& graph = found.marked.catalog.graph();
  const std::vector<std::string> spelled = TRY(Spelled(view, words));
  query.set = TRY(RevisionSetOf(graph, spelled, query.follow));
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
    const std::vector<std::vector<std::string>>& questions) {
  const ViewPtr view = TRY(views_.Find(name));
  const Graph& graph = view->catalog.graph();
  std::vector<BasesFound> answers;
  for (const std::vector<std::string>& question : questions) {
    const std::vector<std::string> spelled = TRY(Spelled(view, question));
    const Positions revisions = TRY(OneEach(graph, spelled));
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

Result<std::vector<Engine::Difference>> Engine::Compare(const Side& from, const Side& to) {
  const auto part_of = [this](const Side& side) -> Result<Catalog> {
    const ViewPtr view = TRY(views_.Find(side.view));
    const std::string revision = TRY(Spelled(view, side.revision));
    const Positions tips = TRY(TipsOf(view->catalog.graph(), revision));
    return view->catalog.Reaching(tips);
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
