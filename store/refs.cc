#include "store/refs.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "store/core/limits.h"
#include "store/core/names.h"
#include "store/core/source_text.h"
#include "store/epochs.h"
#include "store/keys.h"
#include "store/record.h"

namespace mig {
namespace {

// A ref's value: what it is, or, without heads, what it was when it was deleted.
std::string Encode(const Ref& ref) {
  return Record("ref")
      .Add("number", ref.move_number)
      .Add("move", std::string_view(ref.move_id))
      .Add("protected", std::uint64_t{ref.is_protected})
      .Add("head", ref.heads)
      .Encode();
}

Result<Ref> DecodeRef(std::string_view name, std::string_view value) {
  const Record record = TRY(Record::Decode("ref", value));
  Ref ref;
  ref.name = name;
  ref.move_number = TRY(record.Number("number"));
  ref.move_id = TRY(record.Text("move"));
  ref.is_protected = TRY(record.Number("protected")) != 0;
  ref.heads = TRY(record.Ids("head"));
  return ref;
}

std::string Words(const std::vector<Id>& heads) {
  std::string words;
  for (const Id& head : heads) words += (words.empty() ? "" : " ") + head.hex();
  return words;
}

Error Moved(std::string_view name, const std::optional<Ref>& now) {
  if (!now || now->heads.empty()) {
    return {Reason::kRefMoved,
            fmt::format("ref `{}` does not exist any more", name),
            {{"ref", std::string(name)}, {"heads", ""}}};
  }
  return {Reason::kRefMoved,
          fmt::format("ref `{}` is now at {} (move {})", name, Words(now->heads), now->move_number),
          {{"ref", std::string(name)},
           {"heads", Words(now->heads)},
           {"move_number", std::to_string(now->move_number)}}};
}

Result<void> CheckNames(std::string_view project, std::string_view name) {
  TRY(keys::CheckProject(project));
  return CheckRefName(name);
}

bool IsLine(std::string_view text) {
  const auto is_control = [](unsigned char byte) { return byte < ' ' || byte == 0x7f; };
  return std::ranges::none_of(text, is_control) && !FindInvalidUtf8(text);
}

Result<void> CheckMove(const Mover& by) {
  if (by.move_id.empty()) return Error{Reason::kInvalidArgument, "a move of a ref has no move id"};
  if (IsLine(by.move_id)) return {};
  return Error{Reason::kInvalidArgument, "the id of a move of a ref is no line of UTF-8"};
}

Result<std::vector<Id>> CheckHeads(std::string_view name, std::vector<Id> heads) {
  if (heads.empty()) {
    return Error{Reason::kInvalidArgument, fmt::format("ref `{}` would have no head", name)};
  }
  std::sort(heads.begin(), heads.end());
  heads.erase(std::unique(heads.begin(), heads.end()), heads.end());
  return heads;
}

// What a move made of the ref.
Ref AfterMove(std::string_view name, const RefMove& move) {
  Ref ref;
  ref.name = name;
  ref.heads = move.to;
  ref.move_number = move.number;
  ref.move_id = move.by.move_id;
  ref.is_protected = move.is_protected;
  return ref;
}

// One move: from what the ref is (its value and, decoded, its state) to what it shall be.
class Step {
 public:
  Step(Kv& kv, std::string_view project, std::string_view name, std::optional<Ref> from,
       std::vector<Id> heads, bool is_protected, const Mover& by)
      : kv_(kv), project_(project), from_(std::move(from)), by_(by) {
    to_.name = name;
    to_.heads = std::move(heads);
    to_.is_protected = is_protected;
    to_.move_number = from_ ? from_->move_number + 1 : 1;
    to_.move_id = by.move_id;
  }

  Result<Ref> Take() {
    const Batch batch = Commit();
    Result<Outcome> outcome = kv_.Commit(batch);
    if (Unknown(outcome)) {
      // Its own condition lets the same commit apply only once; so it is also the question whether
      // it did.
      if (TRY(InLog())) return to_;
      outcome = kv_.Commit(batch);
    }
    if (Unknown(outcome) && TRY(InLog())) return to_;
    const Outcome known = TRY(std::move(outcome));
    if (known.applied() || TRY(InLog())) return to_;
    if (known.refused->key == epochs::kGc) return epochs::Overtaken();
    if (!known.refused->current) return Moved(to_.name, std::nullopt);
    return Moved(to_.name, TRY(DecodeRef(to_.name, *known.refused->current)));
  }

 private:
  static bool Unknown(const Result<Outcome>& outcome) {
    return !outcome && outcome.error().reason == Reason::kOutcomeUnknown;
  }

  Batch Commit() const {
    const std::string key = keys::Ref(project_, to_.name);
    RefMove move{to_.move_number, by_, from_ ? from_->heads : std::vector<Id>(), to_.heads,
                 to_.is_protected};
    Batch batch;
    batch.conditions = {from_ ? Condition::Equals(key, Encode(*from_)) : Condition::Absent(key)};
    batch.writes = {Write::Put(key, Encode(to_)),
                    Write::Put(keys::Move(project_, to_.name, to_.move_number), EncodeMove(move)),
                    Write::Put(epochs::kRefs, by_.move_id)};
    // A deletion leads to nothing.
    if (!to_.heads.empty())
      batch.conditions.push_back(epochs::Unchanged(epochs::kGc, by_.collection));
    return batch;
  }

  // Whether the log has this very move.
  Result<bool> InLog() {
    const auto value = TRY(GetOne(kv_, keys::Move(project_, to_.name, to_.move_number)));
    if (!value) return false;
    const RefMove move = TRY(DecodeMove(*value));
    return move.by.move_id == by_.move_id;
  }

  Kv& kv_;
  std::string_view project_;
  std::optional<Ref> from_;
  Ref to_;
  const Mover& by_;
};

}  // namespace

Result<RefMove> DecodeMove(std::string_view value) {
  const Record record = TRY(Record::Decode("move", value));
  RefMove move;
  move.number = TRY(record.Number("number"));
  move.by.move_id = TRY(record.Text("move"));
  move.by.actor = TRY(record.Text("actor"));
  move.by.author = TRY(record.Text("author"));
  move.by.at = TRY(record.Text("at"));
  move.is_protected = TRY(record.Number("protected")) != 0;
  move.from = TRY(record.Ids("from"));
  move.to = TRY(record.Ids("to"));
  return move;
}

std::string EncodeMove(const RefMove& move) {
  return Record("move")
      .Add("number", move.number)
      .Add("move", std::string_view(move.by.move_id))
      .Add("actor", std::string_view(move.by.actor))
      .Add("author", std::string_view(move.by.author))
      .Add("at", std::string_view(move.by.at))
      .Add("protected", std::uint64_t{move.is_protected})
      .Add("from", move.from)
      .Add("to", move.to)
      .Encode();
}

Result<void> CheckLog(std::string_view name, const std::vector<RefMove>& moves) {
  const auto broken = [&](const RefMove& move, std::string_view why) {
    return Error{Reason::kInvalidArgument,
                 fmt::format("the log of ref `{}` {} at move {}", name, why, move.number)};
  };
  if (moves.empty())
    return Error{Reason::kInvalidArgument, fmt::format("the log of ref `{}` is empty", name)};
  std::vector<Id> heads;
  std::uint64_t number = 0;
  for (const RefMove& move : moves) {
    if (move.number != ++number || move.from != heads || move.by.move_id.empty())
      return broken(move, "has a gap");
    if (!std::ranges::is_sorted(move.to, std::ranges::less_equal()))
      return broken(move, "has heads out of order");
    for (const std::string* text : {&move.by.move_id, &move.by.actor, &move.by.author, &move.by.at})
      if (!IsLine(*text)) return broken(move, "has a text that is no line of UTF-8");
    heads = move.to;
  }
  return {};
}

Result<std::vector<Id>> IdsOfRef(std::string_view value) {
  const Ref ref = TRY(DecodeRef("", value));
  return ref.heads;
}

Result<std::vector<Id>> IdsOfMove(std::string_view value) {
  const RefMove move = TRY(DecodeMove(value));
  std::vector<Id> ids = move.from;
  ids.insert(ids.end(), move.to.begin(), move.to.end());
  return ids;
}

Result<std::string> Refs::Collection() { return epochs::Read(kv_, epochs::kGc); }

bool operator==(const RefMove& a, const RefMove& b) { return EncodeMove(a) == EncodeMove(b); }

Result<std::optional<Ref>> Refs::Find(std::string_view project, std::string_view name) {
  TRY(CheckNames(project, name));
  const auto value = TRY(GetOne(kv_, keys::Ref(project, name)));
  if (!value) return std::optional<Ref>();
  Ref ref = TRY(DecodeRef(name, *value));
  if (ref.heads.empty()) return std::optional<Ref>();
  return std::optional(std::move(ref));
}

Result<Ref> Refs::Get(std::string_view project, std::string_view name) {
  auto ref = TRY(Find(project, name));
  if (ref) return *std::move(ref);
  return Error{Reason::kNoSuchRef,
               fmt::format("project `{}` has no ref `{}`", project, name),
               {{"project", std::string(project)}, {"ref", std::string(name)}}};
}

Result<Ref> Refs::Resolve(std::string_view project, std::string_view name) {
  if (auto exact = TRY(Find(project, name))) return *std::move(exact);
  if (auto below = TRY(Find(project, std::string(kTrackedRefs).append(name))))
    return *std::move(below);
  std::vector<Ref> found;
  for (Ref& ref : TRY(List(project, kTrackedRefs))) {
    if (ref.name.ends_with(std::string("/").append(name))) found.push_back(std::move(ref));
  }
  if (found.size() == 1) return std::move(found.front());
  if (found.empty()) return Get(project, name);
  return Error{Reason::kAmbiguousPrefix,
               fmt::format("ref `{}` is there of several remotes: {} and {}", name, found[0].name,
                           found[1].name),
               {{"ref", std::string(name)}}};
}

Result<std::vector<Ref>> Refs::List(std::string_view project, std::string_view prefix) {
  TRY(keys::CheckProject(project));
  const std::string all = keys::RefPrefix(project);
  const std::string begin = all + std::string(prefix);
  const auto entries = TRY(ScanAll(kv_, begin, EndOfPrefix(begin)));
  std::vector<Ref> refs;
  for (const KeyValue& entry : entries) {
    Ref ref = TRY(DecodeRef(entry.key.substr(all.size()), entry.value));
    if (!ref.heads.empty()) refs.push_back(std::move(ref));
  }
  return refs;
}

Result<void> Refs::CheckNoTwin(std::string_view project, std::string_view name) {
  for (const Ref& other : TRY(List(project))) {
    if (other.name == name || NameKey(other.name) != NameKey(name)) continue;
    return Error{
        Reason::kNameInvalid,
        fmt::format("ref `{}` would differ from ref `{}` in nothing but case", name, other.name),
        {{"name", std::string(name)}, {"ref", other.name}},
        fmt::format("`--ref {}` means that one", other.name)};
  }
  return {};
}

Result<Ref> Refs::Create(std::string_view project, std::string_view name, std::vector<Id> heads,
                         const Mover& by) {
  TRY(CheckNames(project, name));
  TRY(CheckMove(by));
  std::vector<Id> checked = TRY(CheckHeads(name, std::move(heads)));
  const auto value = TRY(GetOne(kv_, keys::Ref(project, name)));
  std::optional<Ref> from;
  if (value) from = TRY(DecodeRef(name, *value));
  if (from && !from->heads.empty()) {
    if (from->move_id == by.move_id) return *std::move(from);
    return Moved(name, from);
  }
  TRY(CheckNoTwin(project, name));
  return Step(kv_, project, name, std::move(from), std::move(checked), false, by).Take();
}

Result<Ref> Refs::CompareAndSwap(std::string_view project, const Ref& expected,
                                 std::vector<Id> heads, const Mover& by) {
  TRY(CheckNames(project, expected.name));
  TRY(CheckMove(by));
  std::vector<Id> checked = TRY(CheckHeads(expected.name, std::move(heads)));
  return Step(kv_, project, expected.name, expected, std::move(checked), expected.is_protected, by)
      .Take();
}

Result<Ref> Refs::SetProtection(std::string_view project, const Ref& expected, bool is_protected,
                                const Mover& by) {
  TRY(CheckNames(project, expected.name));
  TRY(CheckMove(by));
  return Step(kv_, project, expected.name, expected, expected.heads, is_protected, by).Take();
}

Result<void> Refs::Delete(std::string_view project, const Ref& expected, const Mover& by) {
  TRY(CheckNames(project, expected.name));
  TRY(CheckMove(by));
  if (expected.is_protected) {
    return Error{Reason::kRefProtected,
                 fmt::format("ref `{}` is protected", expected.name),
                 {{"ref", expected.name}}};
  }
  TRY(Step(kv_, project, expected.name, expected, {}, false, by).Take());
  return {};
}

Result<std::uint64_t> Refs::LastMove(std::string_view project, std::string_view name) {
  TRY(CheckNames(project, name));
  const auto value = TRY(GetOne(kv_, keys::Ref(project, name)));
  if (!value) return std::uint64_t{0};
  const Ref ref = TRY(DecodeRef(name, *value));
  return ref.move_number;
}

Result<std::vector<RefMove>> Refs::Log(std::string_view project, std::string_view name,
                                       std::uint64_t after, std::size_t limit) {
  TRY(CheckNames(project, name));
  std::string from = keys::Move(project, name, after) + '\0';
  const std::string end = EndOfPrefix(keys::MovePrefix(project, name));
  std::vector<RefMove> moves;
  while (!from.empty() && moves.size() < limit) {
    Page page = TRY(kv_.Scan(from, end, std::min(kMaxPage, limit - moves.size()), false));
    for (const KeyValue& entry : page.entries) moves.push_back(TRY(DecodeMove(entry.value)));
    from = std::move(page.next);
  }
  return moves;
}

// Commits of moves, each of which ends with the ref at the last of them: the log of a ref and the
// ref agree at any time.
Result<void> Refs::Adopt(std::string_view project, std::string_view name,
                         const std::vector<RefMove>& moves, const std::string& collection) {
  TRY(CheckNames(project, name));
  TRY(CheckLog(name, moves));
  TRY(CheckNoTwin(project, name));
  const std::string key = keys::Ref(project, name);
  std::optional<std::string> now;
  for (std::size_t next = 0; next < moves.size();) {
    Batch batch;
    batch.conditions = {Condition{key, now}, epochs::Unchanged(epochs::kGc, collection)};
    std::size_t bytes = 0;
    for (;
         next < moves.size() && bytes < kMaxCommitBytes / 2 && batch.writes.size() < kMaxWrites - 2;
         ++next) {
      Write write = Write::Put(keys::Move(project, name, next + 1), EncodeMove(moves[next]));
      bytes += write.value->size();
      batch.writes.push_back(std::move(write));
    }
    now = Encode(AfterMove(name, moves[next - 1]));
    batch.writes.push_back(Write::Put(key, *now));
    batch.writes.push_back(Write::Put(epochs::kRefs, moves[next - 1].by.move_id));
    const Outcome outcome = TRY(kv_.Commit(batch));
    if (outcome.applied()) continue;
    if (outcome.refused->key == epochs::kGc) return epochs::Overtaken();
    return Error{Reason::kRefMoved,
                 fmt::format("ref `{}` was moved meanwhile", name),
                 {{"ref", std::string(name)}}};
  }
  return {};
}

}  // namespace mig
