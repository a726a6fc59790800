#include "daemon/plan/revision_set.h"

#include <algorithm>
#include <functional>
#include <ranges>
#include <string_view>

#include "store/core/ascii.h"
#include "store/core/expression.h"

namespace mig {
namespace {

void Add(Positions& to, const Positions& more) { to.insert(to.end(), more.begin(), more.end()); }

Result<Positions> Side(const WordsOfView& view, std::string_view text) {
  return view.Many(text.empty() ? "heads" : text);
}

// "A..B", or "A...B".
Result<void> AddRange(const WordsOfView& view, std::string_view word, std::size_t dots,
                      Follow follow, RevisionSet& set) {
  const bool symmetric = word.substr(dots).starts_with("...");
  const Positions lower = TRY(Side(view, word.substr(0, dots)));
  const Positions upper = TRY(Side(view, word.substr(dots + (symmetric ? 3 : 2))));
  Add(set.upper, upper);
  if (!symmetric) {
    Add(set.lower, lower);
    return {};
  }
  Add(set.upper, lower);
  for (const Position a : lower) {
    for (const Position b : upper) Add(set.lower, MergeBasesOf(view.graph(), a, b, follow));
  }
  return {};
}

bool Holds(std::string_view text, std::string_view wanted) {
  const auto equal = [](char a, char b) { return AsciiLower(a) == AsciiLower(b); };
  return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(), equal) != text.end();
}

bool Matches(const Graph& graph, Position p, const ListingQuery& query) {
  if (query.below && p >= *query.below) return false;
  if (!query.names.empty() &&
      !std::binary_search(query.names.begin(), query.names.end(), graph.name(p)))
    return false;
  if (query.grep.empty()) return true;
  const Node node = graph.node(p);
  return Holds(node.name, query.grep) || Holds(node.message, query.grep);
}

bool IsAll(const Graph& graph, const ListingQuery& query) {
  Positions tips = query.set.upper;
  std::sort(tips.begin(), tips.end());
  const Positions& heads = HeadsOf(graph, query.follow);
  return query.set.lower.empty() &&
         std::includes(tips.begin(), tips.end(), heads.begin(), heads.end());
}

// Newest first, what does not match included, until `visit` returns false.
void VisitSet(const Graph& graph, const ListingQuery& query,
              const std::function<bool(Position)>& visit) {
  if (!IsAll(graph, query)) {
    VisitBetween(graph, query.set.lower, query.set.upper, query.follow, visit);
    return;
  }
  for (Position p = std::min(query.below.value_or(graph.size()), graph.size()); p-- > 0;) {
    if (graph.Has(p) && !visit(p)) return;
  }
}

}  // namespace

Result<Positions> WordsOfView::Many(std::string_view text) const {
  auto known = Resolver(view_).Many(text);
  if (known) return InGraph(*known);
  return IsElsewhere(known.error()) ? Resolver(graph_).Many(text) : std::move(known);
}

Result<std::optional<Position>> WordsOfView::One(std::string_view text) const {
  const auto one_of = [&](const Graph& graph) -> Result<std::optional<Position>> {
    const Expression expression = TRY(ParseExpression(graph, text));
    return Resolver(graph).One(expression);
  };
  auto known = one_of(view_);
  if (known && *known) return std::optional(InGraph({**known}).front());
  if (known) return known;
  return IsElsewhere(known.error()) ? one_of(graph_) : std::move(known);
}

bool WordsOfView::IsElsewhere(const Error& error) const {
  return !view_.IsSame(graph_) &&
         (error.reason == Reason::kNoSuchRevision || error.reason == Reason::kNoSuchBranch);
}

Positions WordsOfView::Heads(Follow follow) const { return InGraph(HeadsOf(view_, follow)); }

Positions WordsOfView::InGraph(const Positions& of_view) const {
  if (view_.IsSame(graph_)) return of_view;
  Positions positions;
  for (const Position p : of_view) positions.push_back(graph_.FindId(view_.id(p)).value());
  return positions;
}

Result<RevisionSet> RevisionSetOf(const WordsOfView& view, const std::vector<std::string>& words,
                                  Follow follow) {
  RevisionSet set;
  if (words.empty()) {
    set.upper = HeadsOf(view.graph(), follow);
    return set;
  }
  bool positive = false;
  for (const std::string& word : words) {
    const std::size_t dots = word.find("..");
    const bool is_range = dots != word.npos && !view.Has(word);
    if (is_range) {
      TRY(AddRange(view, word, dots, follow, set));
    } else if (word.starts_with('^')) {
      Add(set.lower, TRY(Side(view, std::string_view(word).substr(1))));
      continue;
    } else {
      Add(set.upper, TRY(Side(view, word)));
    }
    positive = true;
  }
  if (!positive) set.upper = view.Heads(follow);
  return set;
}

ListedPage PageOf(const Graph& graph, const ListingQuery& query) {
  ListedPage page;
  const auto take = [&](Position p) {  // whether there is room for another
    if (!Matches(graph, p, query)) return true;
    page.last = page.revisions.size() < query.most;
    if (page.last) page.revisions.push_back(p);
    return page.last;
  };
  const RevisionSet& set = query.set;
  if (set.lower.empty()) {
    VisitSet(graph, query, take);
    return page;
  }
  const Positions between = Between(graph, set.lower, set.upper, query.follow);
  page.members.assign(graph.size(), false);
  for (const Position p : between) page.members[p] = true;
  for (const Position p : std::views::reverse(between)) {
    if (!take(p)) break;
  }
  return page;
}

std::size_t CountOf(const Graph& graph, const ListingQuery& query) {
  std::size_t count = 0;
  VisitSet(graph, query, [&](Position p) {
    count += Matches(graph, p, query) ? 1 : 0;
    return true;
  });
  return count;
}

}  // namespace mig
