#include "daemon/shared_refs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>

#include "daemon/identity.h"
#include "daemon/limits.h"

namespace mig {
namespace {

// Each lost race is another's push that succeeded, so this ends long before; it is here so that a
// store that always refuses cannot keep a thread.
constexpr int kMostRaces = 1000;

Result<void> CheckNotTracked(const RefName& name) {
  if (!name.name.starts_with(kTrackedRefs)) return {};
  return Error{
      Reason::kNameInvalid,
      fmt::format("`{}` notes where another daemon's ref is, and is moved by fetching", name.name),
      {{"ref", name.name}},
      "give another name; `mig fetch` notes where refs of remotes are"};
}

Error NotStored(const Id& id) {
  return {Reason::kNoSuchObject,
          fmt::format("the project has no object {}", id.hex()),
          {{"id", id.hex()}}};
}

// Parents before children, by depth-first search from each head.
std::vector<RevisionPtr> InOrder(const std::vector<Id>& heads,
                                 std::unordered_map<Id, RevisionPtr> revisions) {
  std::vector<RevisionPtr> ordered;
  std::vector<std::pair<Id, bool>> stack;  // whether what is below was visited
  for (auto head = heads.rbegin(); head != heads.rend(); ++head) stack.emplace_back(*head, false);
  while (!stack.empty()) {
    const auto [id, below_done] = stack.back();
    const auto found = revisions.find(id);
    if (below_done || found == revisions.end()) {
      stack.pop_back();
      if (!below_done || found == revisions.end()) continue;
      ordered.push_back(std::move(found->second));
      revisions.erase(found);
      continue;
    }
    stack.back().second = true;
    const std::vector<Id> links = LinksOf(found->second->revision);
    for (auto link = links.rbegin(); link != links.rend(); ++link) stack.emplace_back(*link, false);
  }
  return ordered;
}

// As people say it: of another daemon's ref `origin/main`.
std::string_view SpokenName(std::string_view ref) {
  return ref.starts_with(kTrackedRefs) ? ref.substr(kTrackedRefs.size()) : ref;
}

// What is told of heads that are among `fresh`.
void NameFrom(const std::vector<RevisionPtr>& fresh, std::vector<RefHead>& heads) {
  for (RefHead& head : heads) {
    for (const RevisionPtr& one : fresh) {
      if (one->id != head.id) continue;
      head.name = one->revision.name;
      head.message = one->file.header.message;
      head.author = one->file.header.author;
    }
  }
}

std::string PeopleOf(const std::vector<RefHead>& heads) {
  std::vector<std::string> texts;
  for (const RefHead& head : heads) {
    texts.push_back(head.author.empty() ? head.name
                                        : fmt::format("{} by {}", head.name, head.author));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

RefPolicy SharedRefs::PolicyOf(const RefName& name) const {
  const auto found = policies_.find(name);
  return found == policies_.end() ? RefPolicy::kFastForward : found->second;
}

Mover SharedRefs::MoverOf(const Caller& caller, std::string collection) const {
  return {caller.request_id.empty() ? world_.random_hex(32) : caller.request_id,
          LineForLog(caller.actor), FormatMilliseconds(world_.now()), LineForLog(caller.author),
          std::move(collection)};
}

Result<std::vector<RefHead>> SharedRefs::HeadsOf(const std::vector<Id>& ids) {
  std::vector<RefHead> heads;
  const auto revisions = TRY(objects_.GetMany(ids));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!revisions[i]) {
      heads.push_back({ids[i], ids[i].short_hex(), "", ""});
      continue;
    }
    const RevisionFile file = TRY(FileOf(*revisions[i]));
    heads.push_back({ids[i], file.name, file.header.message, file.header.author});
  }
  return heads;
}

Result<SharedRef> SharedRefs::Described(const RefName& name, Ref ref) {
  SharedRef shared;
  shared.heads = TRY(HeadsOf(ref.heads));
  shared.policy = PolicyOf(name);
  shared.ref = std::move(ref);
  return shared;
}

Result<bool> SharedRefs::Reaches(const RefName& name, const Ref& ref, const std::vector<Id>& ids) {
  const ViewPtr view = TRY(views_.OfHeads({name.project, "", name.name}, ref.heads));
  const Graph& graph = view->catalog.graph();
  return std::any_of(ids.begin(), ids.end(),
                     [&](const Id& id) { return graph.FindId(id).has_value(); });
}

Result<std::vector<SharedRef>> SharedRefs::List(const std::string& project, std::string_view prefix,
                                                const std::vector<Id>& containing) {
  std::vector<SharedRef> listed;
  for (Ref& ref : TRY(refs_.List(project, prefix))) {
    if (prefix.empty() && ref.name.starts_with(kTrackedRefs)) continue;
    const RefName name{project, ref.name};
    if (!containing.empty() && !TRY(Reaches(name, ref, containing))) continue;
    listed.push_back(TRY(Described(name, std::move(ref))));
  }
  return listed;
}

Result<SharedRef> SharedRefs::Get(const RefName& name) {
  auto ref = refs_.Get(name.project, name.name);
  if (ref) return Described(name, *std::move(ref));
  Error error = std::move(ref).error();
  if (error.reason == Reason::kNoSuchRef) error.details["policy"] = NameOf(PolicyOf(name));
  return error;
}

Result<std::vector<LoggedMove>> SharedRefs::Log(const RefName& name, std::uint64_t before,
                                                std::size_t limit) {
  const std::uint64_t last = TRY(refs_.LastMove(name.project, name.name));
  if (last == 0) TRY(refs_.Get(name.project, name.name));
  const std::uint64_t end = before == 0 ? last : std::min(last, before - 1);
  const std::uint64_t after = end > limit ? end - limit : 0;
  auto moves = TRY(refs_.Log(name.project, name.name, after, end - after));
  std::vector<LoggedMove> logged;
  for (auto move = moves.rbegin(); move != moves.rend(); ++move) {
    LoggedMove one;
    one.from = TRY(HeadsOf(move->from));
    one.to = TRY(HeadsOf(move->to));
    one.move = std::move(*move);
    logged.push_back(std::move(one));
  }
  return logged;
}

// All that `heads` reach and the ref does not: of the view that is pushed, else of what the project
// has stored.
Result<std::vector<RevisionPtr>> SharedRefs::FreshOf(const PushSpec& spec,
                                                     const std::vector<Id>& heads,
                                                     const Graph& ref) {
  std::unordered_map<Id, RevisionPtr> fresh;
  std::vector<Id> wanted;
  const auto want = [&](const Id& id) {
    if (!ref.FindId(id) && fresh.emplace(id, nullptr).second) wanted.push_back(id);
  };
  const auto take = [&](RevisionPtr revision) {
    std::ranges::for_each(LinksOf(revision->revision), want);
    fresh[revision->id] = std::move(revision);
  };
  for (const Id& head : heads) want(head);
  while (!wanted.empty()) {
    const std::vector<Id> now = std::exchange(wanted, {});
    std::vector<Id> stored;
    for (const Id& id : now) {
      const auto position =
          spec.view == nullptr ? std::nullopt : spec.view->catalog.graph().FindId(id);
      if (position) {
        take(TRY(spec.view->catalog.Load(*position)));
      } else {
        stored.push_back(id);
      }
    }
    auto revisions = TRY(objects_.GetMany(spec.ref.project, stored));
    for (std::size_t i = 0; i < stored.size(); ++i) {
      if (!revisions[i]) return NotStored(stored[i]);
      take(TRY(WithoutFile(stored[i], *std::move(revisions[i]))));
    }
  }
  return InOrder(heads, std::move(fresh));
}

// Who brought the ref to where it is; protecting it is a move that does not. Of another daemon's
// ref the log here tells only who fetched it: nullopt.
Result<std::optional<Mover>> SharedRefs::LastMoverOf(const RefName& name) {
  std::optional<Mover> mover;
  if (name.name.starts_with(kTrackedRefs)) return mover;
  for (std::uint64_t number = TRY(refs_.LastMove(name.project, name.name)); number > 0; --number) {
    const auto moves = TRY(refs_.Log(name.project, name.name, number - 1, 1));
    if (moves.empty() || moves.front().from == moves.front().to) continue;
    mover = moves.front().by;
    break;
  }
  return mover;
}

// Says who is where, instead of only that it is so. What is pushed need not be stored.
Error SharedRefs::WithPeople(Error error, const RefName& name, const std::optional<Ref>& now,
                             const std::vector<RevisionPtr>& fresh) {
  if (error.reason != Reason::kNotFastForward || !now) return error;
  const auto ids = [](const std::string& list) {
    std::vector<Id> found;
    for (std::size_t at = 0; at < list.size(); at += 65) {
      if (const auto id = Id::FromHex(std::string_view(list).substr(at, 64))) found.push_back(*id);
    }
    return found;
  };
  const auto theirs = HeadsOf(ids(error.details["theirs"]));
  auto ours = HeadsOf(ids(error.details["ours"]));
  const auto mover = LastMoverOf(name);
  if (!theirs || !ours || !mover) return error;
  NameFrom(fresh, *ours);
  std::string moved;
  if (*mover) {
    const Mover& by = **mover;
    moved = fmt::format(" (moved {} by {}{})", by.at, by.actor,
                        by.author.empty() || by.author == by.actor ? "" : " for " + by.author);
    error.details["moved_by"] = by.actor;
    error.details["moved_at"] = by.at;
  }
  error.message = fmt::format("ref `{}` is at {}{}, which {} does not follow",
                              SpokenName(name.name), PeopleOf(*theirs), moved, PeopleOf(*ours));
  error.details["theirs_author"] = theirs->empty() ? "" : theirs->front().author;
  error.details["ours_author"] = ours->empty() ? "" : ours->front().author;
  return error;
}

// What a push that was applied answered, whatever happened since.
Result<Pushed> SharedRefs::Repeated(const RefName& name, const Ref& now) {
  const auto moves = TRY(Log(name, now.move_number + 1, 1));
  Pushed pushed;
  pushed.ref = TRY(Described(name, now));
  pushed.old_heads = moves.front().from;
  pushed.outcome =
      pushed.old_heads.empty() ? PushPlan::Outcome::kCreated : PushPlan::Outcome::kFastForward;
  return pushed;
}

// Those that the project does not have yet; durable with the move of the ref.
Result<void> SharedRefs::Store(const std::string& project,
                               const std::vector<RevisionPtr>& revisions) {
  std::vector<Id> ids;
  for (const RevisionPtr& revision : revisions) ids.push_back(revision->id);
  const std::vector<bool> has = TRY(objects_.Has(project, ids));
  std::vector<NamedObject> objects;
  for (std::size_t i = 0; i < revisions.size(); ++i) {
    if (!has[i]) objects.push_back({ids[i], revisions[i]->revision});
  }
  return objects_.Put(project, objects, Durability::kBuffered);
}

Result<Pushed> SharedRefs::PushOnto(const std::optional<Ref>& now, const PushSpec& spec) {
  const std::string collection = TRY(refs_.Collection());
  if (!now) TRY(refs_.CheckNoTwin(spec.ref.project, spec.ref.name));
  const std::vector<Id> old_heads = now ? now->heads : std::vector<Id>();
  const ViewName view_name{spec.ref.project, "", spec.ref.name};
  const ViewPtr ref = TRY(views_.OfHeads(view_name, old_heads));
  const Graph& graph = ref->catalog.graph();
  const std::vector<RevisionPtr> fresh = TRY(FreshOf(spec, spec.heads, graph));
  const RefPolicy policy = spec.policy.value_or(PolicyOf(spec.ref));
  auto plan = PlanPush(SpokenName(spec.ref.name), graph, old_heads, fresh, spec.heads, policy);
  if (!plan) return WithPeople(std::move(plan).error(), spec.ref, now, fresh);
  if (plan->heads.size() > kMaxRefHeads) {
    return Error{Reason::kLimitExceeded,
                 fmt::format("ref `{}` would have {} heads, and {} is the most", spec.ref.name,
                             plan->heads.size(), kMaxRefHeads),
                 {{"ref", spec.ref.name}},
                 "`mig merge heads` joins some of them"};
  }

  Pushed pushed;
  pushed.outcome = plan->outcome;
  pushed.old_heads = TRY(HeadsOf(old_heads));
  pushed.revisions = static_cast<std::int64_t>(fresh.size());
  if (spec.view != nullptr && !spec.validate_only) TRY(Store(spec.ref.project, fresh));
  Ref moved = now.value_or(Ref{});
  moved.name = spec.ref.name;
  if (spec.validate_only) {
    moved.heads = plan->heads;
  } else if (!now) {
    const Mover by = MoverOf(spec.caller, collection);
    moved = TRY(refs_.Create(spec.ref.project, spec.ref.name, plan->heads, by));
  } else if (plan->outcome != PushPlan::Outcome::kUpToDate) {
    const Mover by = MoverOf(spec.caller, collection);
    moved = TRY(refs_.CompareAndSwap(spec.ref.project, *now, plan->heads, by));
  }
  pushed.ref = TRY(Described(spec.ref, std::move(moved)));
  if (spec.validate_only) NameFrom(fresh, pushed.ref.heads);  // which need not be stored
  return pushed;
}

Result<Pushed> SharedRefs::Push(const PushSpec& asked) {
  PushSpec spec = asked;
  if (!spec.validate_only) TRY(CheckNotTracked(spec.ref));
  if (spec.view != nullptr) {
    const Graph& graph = spec.view->catalog.graph();
    spec.heads = graph.ids(mig::HeadsOf(graph, Follow::kAll));
  }
  if (spec.heads.empty()) {
    return Error{Reason::kNoSuchRevision,
                 "there is no revision to push",
                 {},
                 "`mig revision -m TEXT` writes one"};
  }
  for (int race = 0;; ++race) {
    const std::optional<Ref> now = TRY(refs_.Find(spec.ref.project, spec.ref.name));
    const bool repeated = now && now->move_id == spec.caller.request_id;
    if (repeated && !spec.validate_only) return Repeated(spec.ref, *now);
    auto pushed = PushOnto(now, spec);
    const bool lost = !pushed && pushed.error().reason == Reason::kRefMoved;
    if (!lost || race == kMostRaces) return pushed;
  }
}

Result<SharedRef> SharedRefs::Create(const RefName& name, const std::vector<Id>& heads,
                                     const Caller& caller) {
  TRY(CheckNotTracked(name));
  const std::optional<Ref> now = TRY(refs_.Find(name.project, name.name));
  if (now && now->move_id == caller.request_id) return Described(name, *now);
  if (now) {
    return Error{Reason::kRefMoved,
                 fmt::format("project `{}` has a ref `{}` already", name.project, name.name),
                 {{"ref", name.name}}};
  }
  PushSpec spec{name, heads, nullptr, caller, false, std::nullopt};
  Pushed pushed = TRY(PushOnto(std::nullopt, spec));
  return std::move(pushed.ref);
}

// What the ref was before that request deleted it, if that was its last move.
Result<std::optional<SharedRef>> SharedRefs::DeletedBy(const RefName& name,
                                                       const std::string& request_id) {
  std::optional<SharedRef> was;
  const std::uint64_t last = TRY(refs_.LastMove(name.project, name.name));
  if (last < 2) return was;
  const auto moves = TRY(refs_.Log(name.project, name.name, last - 2, 2));
  if (moves.size() != 2 || !moves[1].to.empty() || moves[1].by.move_id != request_id) return was;
  Ref before;
  before.name = name.name;
  before.heads = moves[0].to;
  before.move_number = moves[0].number;
  before.move_id = moves[0].by.move_id;
  was = TRY(Described(name, std::move(before)));
  return was;
}

Result<SharedRef> SharedRefs::Delete(const RefName& name, const Caller& caller) {
  auto found = Get(name);
  if (!found && found.error().reason == Reason::kNoSuchRef) {
    if (auto repeated = TRY(DeletedBy(name, caller.request_id))) return *std::move(repeated);
  }
  SharedRef was = TRY(std::move(found));
  auto deleted = refs_.Delete(name.project, was.ref, MoverOf(caller, ""));
  TRY(std::move(deleted));
  return was;
}

Result<SharedRef> SharedRefs::Restore(const RefName& name, std::uint64_t number,
                                      const Caller& caller) {
  TRY(CheckNotTracked(name));
  const std::string collection = TRY(refs_.Collection());
  const auto moves = TRY(refs_.Log(name.project, name.name, number - 1, 1));
  const bool known = number > 0 && !moves.empty() && moves.front().number == number;
  if (!known || moves.front().to.empty()) {
    return Error{Reason::kInvalidArgument,
                 known ? fmt::format("move {} deleted ref `{}`", number, name.name)
                       : fmt::format("ref `{}` has no move {}", name.name, number),
                 {{"ref", name.name}},
                 "`mig refs log NAME` lists the moves"};
  }
  const std::vector<Id>& heads = moves.front().to;
  const std::optional<Ref> now = TRY(refs_.Find(name.project, name.name));
  const Mover by = MoverOf(caller, collection);
  Ref restored;
  if (!now) {
    restored = TRY(refs_.Create(name.project, name.name, heads, by));
  } else if (now->heads == heads) {
    restored = *now;
  } else {
    const ViewPtr after = TRY(views_.OfHeads({name.project, "", name.name}, heads));
    const bool keeps_all = std::all_of(now->heads.begin(), now->heads.end(), [&](const Id& id) {
      return after->catalog.graph().FindId(id).has_value();
    });
    if (now->is_protected && !keeps_all) {
      return Error{Reason::kRefProtected,
                   fmt::format("ref `{}` is protected, and move {} has less than it has now",
                               name.name, number),
                   {{"ref", name.name}}};
    }
    restored = TRY(refs_.CompareAndSwap(name.project, *now, heads, by));
  }
  return Described(name, std::move(restored));
}

Result<SharedRef> SharedRefs::SetProtection(const RefName& name, bool is_protected,
                                            const Caller& caller) {
  const std::string collection = TRY(refs_.Collection());
  Ref now = TRY(refs_.Get(name.project, name.name));
  if (now.is_protected == is_protected) return Described(name, std::move(now));
  Ref changed =
      TRY(refs_.SetProtection(name.project, now, is_protected, MoverOf(caller, collection)));
  return Described(name, std::move(changed));
}

// Whether the ref may become what the log says: all that it ever was at is stored, and what it is
// at last would be taken from a push.
Result<void> SharedRefs::CheckAdoption(const RefName& name, const std::vector<RefMove>& moves) {
  std::vector<Id> ids;
  for (const RefMove& move : moves) {
    ids.insert(ids.end(), move.to.begin(), move.to.end());
    const auto time = ParseTime(move.by.at);
    if (time && FormatMilliseconds(*time) == move.by.at) continue;
    return Error{Reason::kInvalidArgument,
                 fmt::format("the log of ref `{}` has no time at move {}", name.name, move.number),
                 {{"ref", name.name}}};
  }
  PushSpec spec;
  spec.ref = name;
  spec.heads = moves.back().to;
  spec.validate_only = true;
  TRY(FreshOf(spec, ids, Graph()));
  if (!spec.heads.empty()) TRY(PushOnto(std::nullopt, spec));
  return {};
}

Result<void> SharedRefs::ImportOne(const RefName& name, const std::vector<RefMove>& moves,
                                   const Caller& caller, bool with_logs, bool validate_only,
                                   ImportedRefs& imported) {
  TRY(CheckNotTracked(name));
  TRY(CheckLog(name.name, moves));
  if (with_logs && TRY(refs_.LastMove(name.project, name.name)) == 0) {
    const std::string collection = TRY(refs_.Collection());
    TRY(CheckAdoption(name, moves));
    if (!validate_only) TRY(refs_.Adopt(name.project, name.name, moves, collection));
    imported.adopted.push_back(name.name);
    return {};
  }
  PushSpec spec;
  spec.ref = name;
  spec.heads = moves.back().to;
  spec.caller = {caller.actor, caller.author, ""};
  spec.validate_only = validate_only;
  if (spec.heads.empty()) return {};  // it was deleted there
  auto pushed = Push(spec);
  if (!pushed && pushed.error().reason == Reason::kNotFastForward) {
    imported.diverged.push_back(name.name);
    return {};
  }
  if (TRY(std::move(pushed)).outcome != PushPlan::Outcome::kUpToDate)
    imported.pushed.push_back(name.name);
  return {};
}

Result<ImportedRefs> SharedRefs::Import(const std::string& project, const std::vector<RefLog>& logs,
                                        const Caller& caller, bool with_logs) {
  ImportedRefs imported;
  for (const bool validate_only : {true, false}) {
    imported = {};
    for (const RefLog& log : logs)
      TRY(ImportOne({project, log.name}, log.moves, caller, with_logs, validate_only, imported));
  }
  return imported;
}

Result<std::vector<RefHead>> SharedRefs::Track(const RefName& name, std::vector<Id> heads,
                                               const ViewPtr& view, const Caller& caller) {
  if (!name.name.starts_with(kTrackedRefs)) {
    return Error{
        Reason::kNameInvalid,
        fmt::format("`{}` cannot note where another daemon's ref is: such names start with "
                    "`{}`",
                    name.name, kTrackedRefs),
        {{"ref", name.name}}};
  }
  std::vector<RevisionPtr> all;
  if (view != nullptr) all = TRY(view->catalog.LoadAll());
  std::sort(heads.begin(), heads.end());
  PushSpec spec;
  spec.ref = name;
  spec.view = view;
  for (int race = 0;; ++race) {
    const std::string collection = TRY(refs_.Collection());
    TRY(Store(name.project, all));
    const std::optional<Ref> now = TRY(refs_.Find(name.project, name.name));
    const std::vector<Id> old = now ? now->heads : std::vector<Id>();
    if (old == heads) return HeadsOf(old);
    const ViewPtr before = TRY(views_.OfHeads({name.project, "", name.name}, old));
    TRY(FreshOf(spec, heads, before->catalog.graph()));
    const Mover by = MoverOf({caller.actor, caller.author, ""}, collection);
    auto moved = [&]() -> Result<void> {
      if (heads.empty()) return refs_.Delete(name.project, *now, by);
      if (now) {
        TRY(refs_.CompareAndSwap(name.project, *now, heads, by));
      } else {
        TRY(refs_.Create(name.project, name.name, heads, by));
      }
      return {};
    }();
    const bool lost = !moved && moved.error().reason == Reason::kRefMoved;
    if (lost && race < kMostRaces) continue;
    TRY(std::move(moved));
    return HeadsOf(old);
  }
}

}  // namespace mig
