#include "daemon/plan/push.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "store/core/names.h"

namespace mig {
namespace {

using FreshPtr = std::shared_ptr<const LinkedRevision>;

// ---- One revision by itself.

// Whether `word` is how a file may refer to this one.
bool Means(const RevisionWords& words, std::string_view word, bool by_label) {
  const auto has = [word](const std::vector<std::string>& some) {
    return std::find(some.begin(), some.end(), word) != some.end();
  };
  return words.name == word || has(words.aliases) || (by_label && has(words.labels));
}

// One of the two kinds of links: ids on one side, words of the file on the other.
struct Links {
  std::string_view kind;
  Reason missing;
  const std::vector<Id>& ids;
  const std::vector<std::string>& words;
  bool by_label;
};

Error Unbound(const Revision& revision, const Links& links, std::string_view word) {
  return {Reason::kFileInvalid,
          fmt::format("revision `{}` was sent with other {} than its file names: `{}`",
                      revision.name, links.kind, word),
          {{"name", revision.name}}};
}

Result<void> CheckLinks(const Revision& revision, const Links& links,
                        const std::function<std::optional<RevisionWords>(const Id&)>& words_of) {
  std::vector<bool> used(links.words.size(), false);
  for (const Id& id : links.ids) {
    const auto words = words_of(id);
    if (!words) {
      return Error{
          links.missing,
          fmt::format("revision `{}` has {} among its {}, which was neither stored nor sent "
                      "before it",
                      revision.name, id.hex(), links.kind),
          {{"name", revision.name}, {"id", id.hex()}},
          "send parents and dependencies before what follows them"};
    }
    bool named = false;
    for (std::size_t i = 0; i < links.words.size(); ++i) {
      if (!Means(*words, links.words[i], links.by_label)) continue;
      named = true;
      used[i] = true;
    }
    if (!named) return Unbound(revision, links, words->name);
  }
  const auto unused = std::find(used.begin(), used.end(), false);
  if (unused == used.end()) return {};
  return Unbound(revision, links, links.words[static_cast<std::size_t>(unused - used.begin())]);
}

// ---- All of them together.

// The words of what is there and of what comes to it, ignoring case.
class WordTable {
 public:
  explicit WordTable(std::string_view where) : where_(where) {}

  void AddStored(const Graph& graph) {
    words_.reserve(graph.count());
    for (Position p = 0; p < graph.size(); ++p) {
      if (!graph.Has(p)) continue;
      const Node node = graph.node(p);
      words_.try_emplace(NameKey(node.name), Entry{node.id, node.name, false});
      for (const std::string& alias : node.aliases)
        words_.try_emplace(NameKey(alias), Entry{node.id, alias, false});
      for (const std::string& label : node.labels)
        words_.try_emplace(NameKey(label), Entry{node.id, label, true});
    }
  }

  Result<void> AddFresh(const LinkedRevision& fresh) {
    TRY(Add(fresh, fresh.revision.name, false));
    for (const std::string& alias : fresh.file.header.aliases) TRY(Add(fresh, alias, false));
    for (const std::string& label : fresh.file.header.labels) TRY(Add(fresh, label, true));
    return {};
  }

 private:
  struct Entry {
    Id id;
    std::string word;
    bool is_label;
  };

  Result<void> Add(const LinkedRevision& fresh, const std::string& word, bool is_label) {
    const auto [entry, added] = words_.try_emplace(NameKey(word), Entry{fresh.id, word, is_label});
    const Entry& other = entry->second;
    if (added || other.id == fresh.id) return {};
    if (!is_label && !other.is_label) return NameTaken(fresh, word, other);
    return Error{
        Reason::kDuplicateLabel,
        fmt::format("the {} `{}` of {} is the {} of {} in {}{}", is_label ? "label" : "name", word,
                    fresh.id.short_hex(), other.is_label ? "label" : "name", other.id.short_hex(),
                    where_, Spelling(word, other)),
        {{"label", word}, {"ours", fresh.id.hex()}, {"theirs", other.id.hex()}}};
  }

  Error NameTaken(const LinkedRevision& fresh, const std::string& name, const Entry& other) const {
    return {Reason::kNameTaken,
            fmt::format("the name `{}` belongs to {} in {}{}, and yours is {}", name,
                        other.id.short_hex(), where_, Spelling(name, other), fresh.id.short_hex()),
            {{"name", name}, {"ours", fresh.id.hex()}, {"theirs", other.id.hex()}}};
  }

  // Where only the case differs, readers need to be told.
  static std::string Spelling(std::string_view word, const Entry& other) {
    return other.word == word ? "" : fmt::format(" (as `{}`)", other.word);
  }

  std::string where_;
  std::unordered_map<std::string, Entry> words_;
};

std::unordered_set<Id> LinkedBy(const std::vector<FreshPtr>& fresh) {
  std::unordered_set<Id> linked;
  for (const FreshPtr& one : fresh) {
    linked.insert(one->revision.parents.begin(), one->revision.parents.end());
    linked.insert(one->revision.depends.begin(), one->revision.depends.end());
  }
  return linked;
}

Error NotFastForward(std::string_view ref_name, const Graph& ref, const Id& theirs,
                     const std::vector<Id>& ours) {
  const auto position = ref.FindId(theirs);
  return {Reason::kNotFastForward,
          fmt::format("ref `{}` is at {}, which what you push does not follow", ref_name,
                      position ? ref.name(*position) : theirs.short_hex()),
          {{"ref", std::string(ref_name)},
           {"theirs", theirs.hex()},
           {"ours", fmt::format("{}", fmt::join(HexOf(ours), ","))}}};
}

}  // namespace

Result<LinkedRevision> CheckIncoming(
    const Id& id, Revision revision,
    const std::function<std::optional<RevisionWords>(const Id&)>& words_of) {
  TRY(CheckRevisionName(revision.name));
  LinkedRevision linked;
  linked.id = id;
  linked.file = TRY(FileOf(revision));
  linked.file.path.clear();
  if (linked.file.body != revision.body) {
    return Error{Reason::kFileInvalid,
                 fmt::format("the text of revision `{}` is not as files are read: it starts with a "
                             "byte order mark, or holds CRLF",
                             revision.name),
                 {{"name", revision.name}}};
  }
  const RevisionHeader& header = linked.file.header;
  TRY(CheckLinks(revision,
                 {"parents", Reason::kMissingParent, revision.parents, header.parents, false},
                 words_of));
  TRY(CheckLinks(
      revision,
      {"dependencies", Reason::kMissingDependency, revision.depends, header.depends, true},
      words_of));
  linked.revision = std::move(revision);
  return linked;
}

Result<void> CheckWords(std::string_view where, const Graph& there,
                        const std::vector<FreshPtr>& fresh) {
  WordTable words(where);
  words.AddStored(there);
  for (const FreshPtr& one : fresh) TRY(words.AddFresh(*one));
  return {};
}

Result<PushPlan> PlanPush(std::string_view ref_name, const Graph& ref,
                          const std::vector<Id>& old_heads, const std::vector<FreshPtr>& fresh,
                          const std::vector<Id>& heads, RefPolicy policy) {
  PushPlan plan{PushPlan::Outcome::kUpToDate, old_heads};
  if (fresh.empty() && !old_heads.empty()) return plan;
  TRY(CheckWords(fmt::format("ref `{}`", ref_name), ref, fresh));
  const std::unordered_set<Id> linked = LinkedBy(fresh);
  std::vector<Id> tips;
  std::copy_if(heads.begin(), heads.end(), std::back_inserter(tips),
               [&](const Id& head) { return !linked.contains(head) && !ref.FindId(head); });
  plan.heads = tips;
  for (const Id& old : old_heads) {
    if (linked.contains(old)) continue;
    const bool pushed = std::find(heads.begin(), heads.end(), old) != heads.end();
    if (policy == RefPolicy::kFastForward && !pushed)
      return NotFastForward(ref_name, ref, old, tips);
    plan.heads.push_back(old);
  }
  std::sort(plan.heads.begin(), plan.heads.end());
  plan.heads.erase(std::unique(plan.heads.begin(), plan.heads.end()), plan.heads.end());
  if (policy == RefPolicy::kFastForward && plan.heads.size() > 1) {
    return Error{Reason::kMultipleHeads,
                 fmt::format("what you push would leave ref `{}` with {} heads", ref_name,
                             plan.heads.size()),
                 {{"ref", std::string(ref_name)},
                  {"heads", fmt::format("{}", fmt::join(HexOf(plan.heads), ","))}},
                 "`mig merge heads` joins them; a ref with policy = \"heads\" takes several"};
  }
  plan.outcome = old_heads.empty() ? PushPlan::Outcome::kCreated : PushPlan::Outcome::kFastForward;
  return plan;
}

}  // namespace mig
