#include "daemon/plan/draft.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "store/core/names.h"

namespace mig {
namespace {

// Whose name, alias or label the word is, ignoring case: files with two spellings of one are
// refused.
struct Taken {
  std::optional<Position> by;
  std::string_view how;
};
Taken TakenBy(const Graph& graph, const std::string& word) {
  if (const auto exact = graph.FindWord(word)) return {exact, ""};
  const auto is_word = [key = NameKey(word)](const std::string& other) {
    return NameKey(other) == key;
  };
  for (Position p = 0; p < graph.size(); ++p) {
    if (!graph.Has(p)) continue;
    const Node node = graph.node(p);
    if (is_word(node.name) || std::ranges::any_of(node.aliases, is_word) ||
        std::ranges::any_of(node.labels, is_word))
      return {p, ", ignoring case,"};
  }
  return {};
}

Result<void> CheckName(const Graph& graph, const std::string& name) {
  constexpr std::string_view kOfExpressions = "@+-:";
  if (name.find_first_of(kOfExpressions) != name.npos) {
    return Error{Reason::kIllegalCharacter,
                 fmt::format("'{}' holds one of {}, which have a meaning in expressions", name,
                             kOfExpressions),
                 {{"name", name}}};
  }
  TRY(CheckRevisionName(name));
  const auto [taken, how] = TakenBy(graph, name);
  if (!taken) return {};
  return Error{Reason::kDuplicateName,
               fmt::format("'{}' is taken{} by revision {}", name, how, graph.name(*taken)),
               {{"name", name}}};
}

Result<Positions> ParentsOf(const Graph& graph, const DraftRequest& request) {
  Positions parents;
  for (const std::string& head : request.heads) {
    for (Position p : TRY(Resolver(graph).Many(head))) parents.push_back(p);
  }
  for (auto p = parents.begin(); p != parents.end(); ++p) {
    if (std::find(p + 1, parents.end(), *p) == parents.end()) continue;
    return Error{Reason::kDuplicateHeads,
                 fmt::format("revision {} is asked for twice", graph.name(*p)),
                 {{"name", graph.name(*p)}}};
  }
  for (Position p : parents) {
    if (request.splice || graph.children(p).empty()) continue;
    return Error{Reason::kNotAHead,
                 fmt::format("revision {} is not a head", graph.name(p)),
                 {{"name", graph.name(p)}},
                 request.merge ? "--splice merges it all the same" : ""};
  }
  return parents;
}

Result<void> CheckJoins(const Graph& graph, const Positions& parents) {
  if (parents.size() < 2) {
    return Error{Reason::kInvalidArgument,
                 parents.empty()
                     ? "there is nothing to merge"
                     : fmt::format("there is nothing to merge with {}", graph.name(parents[0])),
                 {},
                 "`mig heads` lists the heads: a merge joins several"};
  }
  const Positions tops = MaximalOf(graph, parents, Follow::kParents);
  for (Position p : parents) {
    if (std::binary_search(tops.begin(), tops.end(), p)) continue;
    return Error{Reason::kOverlap,
                 fmt::format("there is nothing to merge: {} is an ancestor of another one of {}",
                             graph.name(p), fmt::join(graph.names(parents), ", ")),
                 {{"name", graph.name(p)}}};
  }
  return {};
}

Result<void> AddDependencies(const Graph& graph, const DraftRequest& request, Draft& draft) {
  for (const std::string& word : request.depends) {
    Expression expression = TRY(ParseExpression(graph, word));
    auto found = TRY(Resolver(graph).One(expression));
    if (!found) {
      return Error{Reason::kNoSuchRevision, fmt::format("'{}' is no revision to depend on", word)};
    }
    const auto& labels = graph.node(*found).labels;
    bool is_label = std::find(labels.begin(), labels.end(), word) != labels.end();
    draft.depends.push_back(*found);
    draft.depends_words.push_back(is_label ? word : graph.name(*found));
  }
  return {};
}

Result<void> CheckLabels(const Graph& graph, const DraftRequest& request) {
  for (auto label = request.labels.begin(); label != request.labels.end(); ++label) {
    TRY(CheckLabel(*label));
    const auto [taken, how] = TakenBy(graph, *label);
    bool repeated =
        *label == request.name || std::find(request.labels.begin(), label, *label) != label;
    if (!taken && !repeated) continue;
    return Error{Reason::kDuplicateLabel,
                 fmt::format("'{}' is already used{} by revision {}", *label, how,
                             taken ? graph.name(*taken) : request.name),
                 {{"label", *label}}};
  }
  return {};
}

}  // namespace

Result<Draft> PlanDraft(const Graph& graph, const DraftRequest& request) {
  TRY(CheckName(graph, request.name));
  Draft draft;
  draft.name = request.name;
  draft.parents = TRY(ParentsOf(graph, request));
  if (request.merge) TRY(CheckJoins(graph, draft.parents));
  TRY(AddDependencies(graph, request, draft));
  TRY(CheckLabels(graph, request));
  draft.labels = request.labels;
  return draft;
}

std::vector<std::string> HeadsWith(const Graph& graph, const Draft& draft) {
  std::vector<std::string> names;
  for (Position p : HeadsOf(graph, Follow::kParents)) {
    bool followed = std::find(draft.parents.begin(), draft.parents.end(), p) != draft.parents.end();
    if (!followed) names.push_back(graph.name(p));
  }
  names.push_back(draft.name);
  return names;
}

}  // namespace mig
