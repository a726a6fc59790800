#include "daemon/plan/link.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <queue>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "store/core/names.h"
#include "store/core/nearest.h"

namespace mig {
namespace {

using Index = std::size_t;  // into the sorted files, so that a lower index comes first where there
                            // is a choice

// Of each file, the files it comes after.
using Edges = std::vector<std::vector<Index>>;

void SortIds(std::vector<Id>& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

// By `created`, name and path. A file is a large object: each is moved once.
std::vector<RevisionFile> Sorted(std::vector<RevisionFile> files) {
  const auto key = [&files](Index i) {
    return std::tie(files[i].header.created, files[i].name, files[i].path);
  };
  std::vector<Index> order(files.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::sort(order.begin(), order.end(), [&key](Index a, Index b) { return key(a) < key(b); });
  std::vector<RevisionFile> sorted;
  sorted.reserve(files.size());
  for (const Index i : order) sorted.push_back(std::move(files[i]));
  return sorted;
}

// As many files as have everything they come after before them, the lowest index first.
std::vector<Index> TopologicalOrder(const Edges& edges) {
  std::vector<std::vector<Index>> followers(edges.size());
  std::vector<std::size_t> waiting_for(edges.size());
  std::priority_queue<Index, std::vector<Index>, std::greater<>> ready;
  for (Index i = 0; i < edges.size(); ++i) {
    waiting_for[i] = edges[i].size();
    if (edges[i].empty()) ready.push(i);
    for (const Index before : edges[i]) followers[before].push_back(i);
  }
  std::vector<Index> order;
  order.reserve(edges.size());
  while (!ready.empty()) {
    const Index next = ready.top();
    ready.pop();
    order.push_back(next);
    for (const Index follower : followers[next]) {
      if (--waiting_for[follower] == 0) ready.push(follower);
    }
  }
  return order;
}

// A circle of edges, each member after the next one and the last after the first; empty if there is
// none.
std::vector<Index> FindCircle(const Edges& edges) {
  const std::vector<Index> order = TopologicalOrder(edges);
  if (order.size() == edges.size()) return {};
  std::vector<bool> sorted(edges.size(), false);
  for (const Index i : order) sorted[i] = true;
  const auto unsorted = [&sorted](Index i) { return !sorted[i]; };

  // Each unsorted file comes after an unsorted one: whoever follows these meets itself.
  std::vector<std::size_t> step_of(edges.size(), 0);
  std::vector<Index> path;
  Index at = static_cast<Index>(std::find(sorted.begin(), sorted.end(), false) - sorted.begin());
  while (step_of[at] == 0) {
    path.push_back(at);
    step_of[at] = path.size();
    at = *std::find_if(edges[at].begin(), edges[at].end(), unsorted);
  }
  path.erase(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(step_of[at] - 1));
  std::rotate(path.begin(), std::min_element(path.begin(), path.end()), path.end());
  return path;
}

Error AboutFile(Reason reason, const RevisionFile& file, int line, std::string_view name,
                std::string_view what, std::string hint = "") {
  return Error{reason,
               fmt::format("{}:{}: {}", file.path, line, what),
               {{"file", file.path}, {"line", std::to_string(line)}, {"name", std::string(name)}},
               std::move(hint)};
}

// Which file a name or a label stands for.
class NameTable {
 public:
  // Errors: kDuplicateName, kDuplicateLabel. The table views `files`.
  static Result<NameTable> Of(const std::vector<RevisionFile>& files);

  std::optional<Index> FindName(const std::string& name) const;
  std::optional<Index> FindLabel(const std::string& label) const;

  std::vector<std::string_view> Names() const;
  std::vector<std::string_view> NamesAndLabels() const;

 private:
  struct Entry {
    Index file;
    std::string_view spelling;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  // By NameKey: two spellings of one word are an error, but only the exact one refers to it.
  using Table = std::unordered_map<std::string, Entry>;

  static std::optional<Index> Find(const Table& table, const std::string& word);
  Result<void> AddName(const std::vector<RevisionFile>& files, Index file, const std::string& name);
  Result<void> AddLabels(const std::vector<RevisionFile>& files, Index file);

  Table names_;
  Table labels_;
};

Result<NameTable> NameTable::Of(const std::vector<RevisionFile>& files) {
  NameTable table;
  table.names_.reserve(files.size());
  for (Index i = 0; i < files.size(); ++i) TRY(table.AddName(files, i, files[i].name));
  for (Index i = 0; i < files.size(); ++i) {
    for (const std::string& alias : files[i].header.aliases) TRY(table.AddName(files, i, alias));
  }
  for (Index i = 0; i < files.size(); ++i) TRY(table.AddLabels(files, i));
  return table;
}

Result<void> NameTable::AddName(const std::vector<RevisionFile>& files, Index file,
                                const std::string& name) {
  const auto [entry, added] = names_.try_emplace(NameKey(name), Entry{file, name});
  if (added || entry->second == Entry{file, name}) return {};
  const std::string& other = files[entry->second.file].path;
  const std::string_view how = entry->second.spelling == name ? "" : ", ignoring case,";
  Error error{Reason::kDuplicateName,
              fmt::format("{} and {} have{} the same name", other, files[file].path, how)};
  if (name != files[file].name) {
    const int line = files[file].aliases_line;
    error.message = fmt::format("{}:{}: the alias `{}` is{} a name of {} too", files[file].path,
                                line, name, how, other);
    error.details["line"] = std::to_string(line);
    error.hint = "take the alias out of one of the two files, or delete the one that is too many";
  }
  error.details.insert({{"file", files[file].path}, {"other_file", other}, {"name", name}});
  return error;
}

Result<void> NameTable::AddLabels(const std::vector<RevisionFile>& files, Index file) {
  for (const std::string& label : files[file].header.labels) {
    const std::string key = NameKey(label);
    const auto [entry, added] = labels_.try_emplace(key, Entry{file, label});
    const auto name = names_.find(key);
    const bool taken_by_name = name != names_.end() && name->second.file != file;
    if (added && !taken_by_name) continue;
    const RevisionFile& other = files[taken_by_name ? name->second.file : entry->second.file];
    const int line = files[file].labels_line;
    Error error =
        AboutFile(Reason::kDuplicateLabel, files[file], line, label,
                  taken_by_name ? fmt::format("the label `{}` is the name of {}", label, other.path)
                                : fmt::format("the label `{}` is declared in {}:{} too", label,
                                              other.path, other.labels_line));
    error.details["other_file"] = other.path;
    if (!taken_by_name) error.details["other_line"] = std::to_string(other.labels_line);
    return error;
  }
  return {};
}

std::optional<Index> NameTable::Find(const Table& table, const std::string& word) {
  const auto found = table.find(NameKey(word));
  if (found == table.end() || found->second.spelling != word) return std::nullopt;
  return found->second.file;
}

std::optional<Index> NameTable::FindName(const std::string& name) const {
  return Find(names_, name);
}

std::optional<Index> NameTable::FindLabel(const std::string& label) const {
  return Find(labels_, label);
}

std::vector<std::string_view> NameTable::Names() const {
  std::vector<std::string_view> names;
  for (const auto& [key, entry] : names_) names.push_back(entry.spelling);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string_view> NameTable::NamesAndLabels() const {
  std::vector<std::string_view> words = Names();
  for (const auto& [key, entry] : labels_) words.push_back(entry.spelling);
  std::sort(words.begin(), words.end());
  return words;
}

// What a file's parents or dependencies turned out to be.
struct Found {
  std::vector<Index> files;
  std::vector<Id> stored;  // those whose file is gone
};

class Linker {
 public:
  // REQUIRES: `files` are sorted.
  Linker(std::vector<RevisionFile> files, const StoredRevisions& stored)
      : files_(std::move(files)), stored_(stored) {}

  Result<std::vector<LinkedRevision>> Link();

 private:
  Result<void> Resolve(const NameTable& table, Index file);
  Result<void> ResolveParent(const NameTable& table, Index file, const std::string& name);
  Result<void> ResolveDependency(const NameTable& table, Index file, const std::string& name);
  Result<void> CheckCircle(Reason reason, const Edges& edges, std::string_view by) const;
  LinkedRevision Bind(Index file, const std::vector<Id>& id_of);

  std::vector<RevisionFile> files_;
  const StoredRevisions& stored_;
  std::vector<Found> parents_;
  std::vector<Found> depends_;
};

Result<std::vector<LinkedRevision>> Linker::Link() {
  const NameTable table = TRY(NameTable::Of(files_));
  parents_.resize(files_.size());
  depends_.resize(files_.size());
  for (Index i = 0; i < files_.size(); ++i) TRY(Resolve(table, i));

  Edges edges(files_.size());
  for (Index i = 0; i < files_.size(); ++i) edges[i] = parents_[i].files;
  const Edges parent_edges = edges;
  for (Index i = 0; i < files_.size(); ++i) {
    edges[i].insert(edges[i].end(), depends_[i].files.begin(), depends_[i].files.end());
  }
  const std::vector<Index> order = TopologicalOrder(edges);
  if (order.size() < files_.size()) {
    TRY(CheckCircle(Reason::kCycle, parent_edges, "parents"));
    TRY(CheckCircle(Reason::kDependencyCycle, edges, "parents and dependencies"));
  }
  std::vector<Id> id_of(files_.size());
  std::vector<LinkedRevision> linked;
  linked.reserve(files_.size());
  for (const Index i : order) {
    linked.push_back(Bind(i, id_of));
    id_of[i] = linked.back().id;
  }
  return linked;
}

Result<void> Linker::Resolve(const NameTable& table, Index file) {
  for (const std::string& name : files_[file].header.parents) {
    TRY(ResolveParent(table, file, name));
  }
  for (const std::string& name : files_[file].header.depends) {
    TRY(ResolveDependency(table, file, name));
  }
  return {};
}

std::optional<Id> Ask(const std::function<std::optional<Id>(std::string_view)>& lookup,
                      std::string_view word) {
  return lookup ? lookup(word) : std::nullopt;
}

Result<void> Linker::ResolveParent(const NameTable& table, Index file, const std::string& name) {
  const RevisionFile& from = files_[file];
  if (const std::optional<Index> parent = table.FindName(name)) {
    if (parent == file) {
      return AboutFile(Reason::kSelfLoop, from, from.parents_line, name,
                       fmt::format("`{}` names itself as its parent", name));
    }
    parents_[file].files.push_back(*parent);
    return {};
  }
  const std::optional<Id> stored = Ask(stored_.named, name);
  if (!stored) {
    const std::optional<Index> labelled = table.FindLabel(name);
    return AboutFile(
        Reason::kMissingParent, from, from.parents_line, name,
        fmt::format("the parent `{}` is in no file", name),
        labelled ? fmt::format("it is a label: name the revision, `{}`", files_[*labelled].name)
                 : DidYouMean(name, table.Names()));
  }
  parents_[file].stored.push_back(*stored);
  return {};
}

Result<void> Linker::ResolveDependency(const NameTable& table, Index file,
                                       const std::string& name) {
  const RevisionFile& from = files_[file];
  std::optional<Index> dependency = table.FindName(name);
  if (!dependency) dependency = table.FindLabel(name);
  if (dependency == file) {
    return AboutFile(Reason::kDependencySelfLoop, from, from.depends_line, name,
                     fmt::format("`{}` depends on itself", from.name));
  }
  if (dependency) {
    depends_[file].files.push_back(*dependency);
    return {};
  }
  std::optional<Id> stored = Ask(stored_.named, name);
  if (!stored) stored = Ask(stored_.labelled, name);
  if (!stored) {
    return AboutFile(Reason::kMissingDependency, from, from.depends_line, name,
                     fmt::format("the dependency `{}` is in no file", name),
                     DidYouMean(name, table.NamesAndLabels()));
  }
  depends_[file].stored.push_back(*stored);
  return {};
}

Result<void> Linker::CheckCircle(Reason reason, const Edges& edges, std::string_view by) const {
  const std::vector<Index> circle = FindCircle(edges);
  if (circle.empty()) return {};
  std::vector<std::string> names;
  for (const Index i : circle) names.push_back(files_[i].name);
  const RevisionFile& first = files_[circle.front()];
  return Error{reason,
               fmt::format("the {} of these revisions lead in a circle: {} -> {}", by,
                           fmt::join(names, " -> "), first.name),
               {{"file", first.path}, {"names", fmt::format("{}", fmt::join(names, ","))}}};
}

// REQUIRES: what `file` comes after is bound, and in `id_of`.
LinkedRevision Linker::Bind(Index file, const std::vector<Id>& id_of) {
  const auto ids = [&id_of](Found& links) {
    std::vector<Id> all = std::move(links.stored);
    for (const Index i : links.files) all.push_back(id_of[i]);
    SortIds(all);
    return all;
  };
  RevisionFile& from = files_[file];
  Revision revision{from.name, ids(parents_[file]), ids(depends_[file]), from.body};
  const Id id = IdOf(revision);
  return LinkedRevision{id, std::move(revision), std::move(from)};
}

}  // namespace

Result<std::vector<LinkedRevision>> Link(std::vector<RevisionFile> files,
                                         const StoredRevisions& stored) {
  return Linker(Sorted(std::move(files)), stored).Link();
}

}  // namespace mig
