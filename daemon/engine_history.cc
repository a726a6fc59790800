// The engine's questions about a history, and its drafts.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "daemon/engine.h"
#include "daemon/lease.h"
#include "daemon/plan/draft.h"
#include "store/core/slug.h"

namespace mig {
namespace {

// More than a prefix of four digits has, in a store of millions.
constexpr std::size_t kMostOfAPrefix = 1000;

// "2026-11-22T08:15:30Z" becomes "20261122081530".
std::string DigitsOf(const std::string& created) {
  std::string digits;
  for (const char c : created) {
    if (c >= '0' && c <= '9') digits += c;
  }
  return digits;
}

std::string DefaultName(const DraftSpec& spec, const std::string& created, const Graph& graph) {
  const std::string slug = SlugOf(spec.message);
  const std::string stem = DigitsOf(created) + (slug.empty() ? "" : "_" + slug);
  std::string name = stem;
  for (int n = 2; graph.FindName(name); ++n) name = fmt::format("{}_{}", stem, n);
  return name;
}

// Expressions of a merge may stand for several revisions each.
Result<std::vector<std::string>> HeadsNamed(const Graph& graph, const DraftSpec& spec) {
  if (spec.heads.empty()) return std::vector<std::string>{"head"};
  if (!spec.merge) return spec.heads;
  std::vector<std::string> names;
  for (const std::string& head : spec.heads) {
    for (const Position p : TRY(Resolver(graph).Many(head))) names.push_back(graph.name(p));
  }
  return names;
}

constexpr char kUpTemplate[] =
    "-- Statements that make the change. Each runs as the server reads it; all of them are one "
    "transaction.";
constexpr char kDownTemplate[] = "-- Statements that take it back.";

// A header's value has none.
std::string WithoutBlanksAround(const std::string& text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

RevisionFile FileOfDraft(const DraftSpec& spec, const Draft& draft, const Graph& graph,
                         const std::string& created) {
  RevisionFile file;
  file.name = draft.name;
  file.header.message = WithoutBlanksAround(spec.message);
  file.header.parents = graph.names(draft.parents);
  file.header.depends = draft.depends_words;
  file.header.labels = draft.labels;
  file.header.author = spec.author;
  file.header.created = created;
  const bool merge = draft.parents.size() > 1;
  Section up;
  up.sql = !spec.up.empty() ? spec.up : merge ? "" : kUpTemplate;
  file.sections = {up};
  if (!spec.up.empty() && spec.down.empty()) {
    file.irreversible = "it was written without a way back";
    return file;
  }
  Section down;
  down.kind = SectionKind::kDown;
  down.sql = !spec.down.empty() ? spec.down : merge ? "" : kDownTemplate;
  file.sections.push_back(down);
  return file;
}

// Dependency heads: a head by parent links that another revision depends on is effective no more.
Positions EffectiveHeads(const Graph& graph) { return HeadsOf(graph, Follow::kAll); }

Current RowsOf(const Marked& marked) {
  Current current;
  current.rows = marked.rows;
  return current;
}

// What is applied, and as its revisions the tips.
Result<Listing> CurrentOf(const Situation& situation) {
  Listing listing;
  Marked& marked = listing.marked;
  marked.catalog = TRY(situation.history->WithNamesOfView());
  const Graph& graph = marked.catalog.graph();
  const Current current = CurrentFrom(graph, situation.row_ids());
  marked.rows = TRY(KnownRows(current));
  marked.applied = AncestorsOf(graph, marked.rows, Follow::kAll);
  for (const CurrentTip& tip : TRY(CurrentTips(graph, current))) {
    listing.revisions.push_back(tip.revision);
    if (!tip.is_row) marked.implied.push_back(tip.revision);
  }
  return listing;
}

}  // namespace

Error SeveralStored(const std::string& word, const std::vector<Id>& ids) {
  std::vector<std::string> shown;
  for (const Id& id : ids) shown.push_back(id.short_hex());
  return {Reason::kAmbiguousPrefix,
          fmt::format("{} stands for several stored revisions: {}", word, fmt::join(shown, ", "))};
}

// Another project's revisions are none of its callers' business.
Result<std::vector<Id>> Engine::StoredWithPrefix(const std::string& project,
                                                 const std::string& prefix) {
  const auto found = objects_.IdsWithPrefix(prefix, kMostOfAPrefix);
  if (!found && found.error().reason != Reason::kInvalidArgument) return found.error();
  std::vector<Id> ids;
  if (!found) return ids;
  const auto revisions = TRY(objects_.GetMany(project, *found));
  for (std::size_t i = 0; i < found->size(); ++i) {
    if (revisions[i]) ids.push_back((*found)[i]);
  }
  return ids;
}

Result<Marked> Engine::MarkedBy(const ViewPtr& view, const std::optional<TargetSpec>& spec) {
  Marked marked{view->catalog, {}, Marks(view->catalog.graph().size()), {}, ""};
  if (!spec) return marked;
  const TargetAddress address = TRY(AddressOf(*spec));
  marked.target_url = address.url.redacted;
  auto target = OpenToRead(address);
  if (!target && IsYetToBeMade(address, target.error())) return marked;
  if (!target) return Unexpected(std::move(target).error());
  const Situation situation = TRY(SituationOf(view, *target, histories_));
  marked = TRY(CurrentOf(situation)).marked;
  marked.target_url = address.url.redacted;
  return marked;
}

Result<Listing> Engine::ListHistory(const ViewName& name, const std::string& asked,
                                    std::optional<Position> below, std::size_t most,
                                    const std::optional<TargetSpec>& target) {
  const ViewPtr view = TRY(views_.Find(name));
  const std::string range = TRY(Spelled(view, asked));
  Listing listing;
  listing.marked = TRY(MarkedBy(view, target));
  const Graph& graph = listing.marked.catalog.graph();
  if (range.empty()) {
    ListedPage page = PageOf(
        graph, {{HeadsOf(graph, Follow::kParents), {}}, Follow::kParents, "", {}, below, most});
    listing.revisions = std::move(page.revisions);
    listing.last = page.last;
    return listing;
  }
  const Positions all = TRY(HistoryRange(graph, RowsOf(listing.marked), range));
  const auto first =
      std::find_if(all.begin(), all.end(), [&](Position p) { return !below || p < *below; });
  const auto left = static_cast<std::size_t>(all.end() - first);
  listing.last = left <= most;
  listing.revisions.assign(first, first + static_cast<std::ptrdiff_t>(std::min(left, most)));
  return listing;
}

Result<Listing> Engine::ListHeads(const ViewName& name, bool resolve_dependencies,
                                  const std::optional<TargetSpec>& target) {
  const ViewPtr view = TRY(views_.Find(name));
  Listing listing;
  listing.marked = TRY(MarkedBy(view, target));
  const Graph& graph = listing.marked.catalog.graph();
  listing.revisions =
      resolve_dependencies ? EffectiveHeads(graph) : HeadsOf(graph, Follow::kParents);
  std::reverse(listing.revisions.begin(), listing.revisions.end());
  return listing;
}

Result<BranchListing> Engine::ListBranches(const ViewName& name) {
  const ViewPtr view = TRY(views_.Find(name));
  BranchListing listing;
  listing.marked = TRY(MarkedBy(view, std::nullopt));
  listing.branch_points = BranchPoints(listing.marked.catalog.graph());
  return listing;
}

Result<Listing> Engine::Show(const ViewName& name, const std::string& asked,
                             const std::optional<TargetSpec>& target) {
  const ViewPtr view = TRY(views_.Find(name));
  const std::string revision = TRY(Spelled(view, asked));
  Listing listing;
  listing.marked = TRY(MarkedBy(view, target));
  listing.revisions =
      TRY(ShowSelection(listing.marked.catalog.graph(), RowsOf(listing.marked), revision));
  return listing;
}

Result<Listing> Engine::Current(const ViewName& name, const TargetSpec& spec, bool check_heads) {
  const ViewPtr view = TRY(views_.Find(name));
  const TargetAddress address = TRY(AddressOf(spec));
  OpenTarget target = TRY(OpenToRead(address));
  const Situation situation = TRY(SituationOf(view, target, histories_));
  Listing listing = TRY(CurrentOf(situation));
  listing.marked.target_url = target.address.url.redacted;
  if (!check_heads) return listing;
  std::vector<Id> heads = view->catalog.graph().ids(EffectiveHeads(view->catalog.graph()));
  std::vector<Id> rows = situation.row_ids();
  std::sort(heads.begin(), heads.end());
  std::sort(rows.begin(), rows.end());
  if (heads == rows) return listing;
  const Graph& graph = listing.marked.catalog.graph();
  const bool nothing_is_missing = std::ranges::all_of(heads, [&](const Id& head) {
    const auto at = graph.FindId(head);
    return at && listing.marked.applied[*at];
  });
  return Error{Reason::kNotOnHeads,
               fmt::format("target {} is not on all heads", target.address.name),
               {},
               nothing_is_missing
                   ? "it is further on: `mig status` tells what is applied there and has no file"
                   : ""};
}

Result<DraftText> Engine::Draft(const ViewName& name, const DraftSpec& asked) {
  const ViewPtr view = TRY(views_.Find(name));
  DraftSpec spec = asked;
  spec.heads = TRY(Spelled(view, asked.heads));
  spec.depends = TRY(Spelled(view, asked.depends));
  const Graph& graph = view->catalog.graph();
  const std::string created = spec.created.empty() ? FormatSeconds(world_.now()) : spec.created;
  DraftRequest request;
  request.name = spec.name.empty() ? DefaultName(spec, created, graph) : spec.name;
  request.heads = TRY(HeadsNamed(graph, spec));
  request.splice = spec.splice;
  request.merge = spec.merge;
  request.labels = spec.labels;
  request.depends = spec.depends;
  const mig::Draft draft = TRY(PlanDraft(graph, request));
  const RevisionFile file = FileOfDraft(spec, draft, graph, created);
  DraftText text;
  text.name = draft.name;
  text.text = TRY(WriteRevisionFile(file));
  Revision revision{draft.name, graph.ids(draft.parents), graph.ids(draft.depends), text.text};
  std::sort(revision.parents.begin(), revision.parents.end());
  std::sort(revision.depends.begin(), revision.depends.end());
  text.id = IdOf(revision);
  return text;
}

// Null unless an earlier run left a revision of this name in the middle.
Result<RevisionPtr> Engine::HalfApplied(const TargetSpec& spec, const std::string& name) {
  const TargetAddress address = TRY(AddressOf(spec));
  auto target = Open(address, IfMissing::kFail);
  if (!target && IsYetToBeMade(address, target.error())) return RevisionPtr();
  if (!target) return Unexpected(std::move(target).error());
  const auto unfinished = TRY(UnfinishedOf(*target));
  if (!unfinished || unfinished->name != name) return RevisionPtr();
  const auto step = TRY(StepOf(*unfinished, *target->session, target->book));
  return step ? step->revision : RevisionPtr();
}

Result<RevisionPtr> Engine::FindObject(const ViewName& name, const std::string& asked,
                                       const std::optional<TargetSpec>& target) {
  const ViewPtr view = TRY(views_.Find(name));
  const std::string object = TRY(Spelled(view, asked));
  const Marked marked = TRY(MarkedBy(view, target));
  const Graph& graph = marked.catalog.graph();
  for (const Position p : graph.AllNamed(object)) {
    if (marked.applied[p]) return marked.catalog.Load(p);
  }
  if (target) {
    const RevisionPtr half_applied = TRY(HalfApplied(*target, object));
    if (half_applied != nullptr) return half_applied;
  }
  auto in_view = Resolver(graph).Many(object);
  if (in_view && in_view->size() == 1) return marked.catalog.Load(in_view->front());
  auto ids = TRY(objects_.IdsNamed(name.project, object));
  if (ids.empty()) ids = TRY(StoredWithPrefix(name.project, object));
  if (ids.empty() && in_view && in_view->size() > 1) {
    return Error{Reason::kMultipleHeads,
                 fmt::format("`{}` stands for {} revisions", object, in_view->size()),
                 {{"expression", object}}};
  }
  if (ids.empty() && !in_view && in_view.error().reason != Reason::kNoSuchRevision)
    return std::move(in_view).error();
  if (ids.empty())
    return Error{Reason::kNoSuchObject,
                 fmt::format("no file, target or store has a revision {}", object)};
  if (ids.size() > 1) return SeveralStored(object, ids);
  Revision stored = TRY(objects_.Get(ids[0]));
  return WithoutFile(ids[0], std::move(stored));
}

}  // namespace mig
