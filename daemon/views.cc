#include "daemon/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "daemon/limits.h"
#include "drivers/sql/split.h"
#include "store/core/sha256.h"
#include "store/keys.h"

namespace mig {
namespace {

Result<void> CheckListing(const std::vector<ListedFile>& listing) {
  for (std::size_t i = 0; i < listing.size(); ++i) {
    const std::string& path = listing[i].path;
    const bool outside =
        path.empty() || path[0] == '/' || ("/" + path + "/").find("/../") != std::string::npos;
    if (outside)
      return Error{Reason::kInvalidArgument,
                   fmt::format("path {} leads out of the work tree", path)};
    if (i > 0 && listing[i - 1].path >= path) {
      return Error{Reason::kInvalidArgument, fmt::format("the listing is not sorted at {}", path)};
    }
  }
  return {};
}

// What was not rendered is not there yet, and says so itself.
bool IsBlank(const Section& section) {
  if (!section.options.unrendered.empty()) return false;
  // MariaDB runs what stands in these comments, and it may be MariaDB's section.
  const bool executable =
      section.sql.find("/*!") != std::string::npos || section.sql.find("/*M!") != std::string::npos;
  if (!section.options.dialect && executable) return false;
  const auto statements =
      SplitStatements(section.options.dialect.value_or(Dialect::kSqlite), section.sql);
  return statements && statements->empty();
}

// Whether the file has sections of this kind, and none of them holds a statement.
bool DoesNothing(const RevisionFile& file, SectionKind kind) {
  bool present = false;
  for (const Section& section : file.sections) {
    if (section.kind != kind) continue;
    if (!IsBlank(section)) return false;
    present = true;
  }
  return present;
}

std::vector<std::string> WarningsOf(const std::vector<LinkedRevision>& linked) {
  std::vector<std::string> warnings;
  for (const LinkedRevision& one : linked) {
    if (auto warning = WarningOf(one)) warnings.push_back(*std::move(warning));
  }
  return warnings;
}

}  // namespace

// A merge has nothing to do; elsewhere a section without statements is probably unfinished.
std::optional<std::string> WarningOf(const LinkedRevision& revision) {
  const RevisionFile& file = revision.file;
  if (revision.revision.parents.size() > 1) return std::nullopt;
  const std::string& shown = file.path.empty() ? file.name : file.path;
  if (DoesNothing(file, SectionKind::kUp))
    return fmt::format("{}: the up section has no statements", shown);
  if (DoesNothing(file, SectionKind::kDown)) {
    return fmt::format("{}: nothing takes it back: the down section has no statements", shown);
  }
  return std::nullopt;
}

std::string DigestOf(const std::vector<ListedFile>& listing) {
  std::string text;
  for (const ListedFile& file : listing) {
    text += file.path;
    text += '\0';
    text += file.sha256 + "\n";
  }
  return Hex(Sha256(text));
}

Result<void> Views::AddContents(const std::string& caller, const std::string& sha256,
                                std::string bytes) {
  if (Hex(Sha256(bytes)) != sha256) {
    return Error{Reason::kHashMismatch,
                 fmt::format("the bytes sent as {} have another SHA-256", sha256.substr(0, 12))};
  }
  const std::lock_guard lock(mutex_);
  uploaded_bytes_ += bytes.size();
  uploaded_.push_front(std::make_shared<const std::string>(std::move(bytes)));
  known_[{caller, sha256}] = uploaded_.front();
  while (uploaded_bytes_ > kMaxUploadedBytes) {
    uploaded_bytes_ -= uploaded_.back()->size();
    uploaded_.pop_back();
  }
  return {};
}

Result<Views::Opened> Views::Open(const std::string& project,
                                  const std::vector<ListedFile>& listing,
                                  const std::string& caller) {
  TRY(keys::CheckProject(project));
  TRY(CheckListing(listing));
  const std::string digest = DigestOf(listing);
  if (auto found = Find({project, digest, ""})) return Opened{*found, {}};
  Opened opened;
  std::vector<Contents> contents;
  {
    const std::lock_guard lock(mutex_);
    for (const ListedFile& file : listing) {
      Contents bytes = Known(project, file.sha256);
      if (bytes == nullptr) bytes = Known(caller, file.sha256);
      if (bytes == nullptr) opened.missing.push_back(file.sha256);
      contents.push_back(std::move(bytes));
    }
  }
  if (!opened.missing.empty()) return opened;
  opened.view = TRY(Build(project, digest, listing, contents));
  const std::lock_guard lock(mutex_);
  ForgetUploaded(contents);
  for (std::size_t i = 0; i < listing.size(); ++i)
    known_[{project, listing[i].sha256}] = contents[i];
  std::size_t bytes = 0;
  for (const Contents& file : contents) bytes += file->size();
  Keep({project + "\n" + digest, opened.view, std::move(contents), bytes});
  return opened;
}

Views::Contents Views::Known(const std::string& whom, const std::string& sha256) const {
  const auto known = known_.find({whom, sha256});
  return known == known_.end() ? nullptr : known->second.lock();
}

void Views::Keep(Kept kept) {
  kept_bytes_ += kept.bytes;
  kept_.push_front(std::move(kept));
  while (kept_.size() > kMaxKeptViews ||
         (kept_.size() > kKeptViews && kept_bytes_ > kMaxKeptBytes)) {
    kept_bytes_ -= kept_.back().bytes;
    kept_.pop_back();
  }
  std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
}

// They are kept with a view from now on; others' wait for theirs.
void Views::ForgetUploaded(const std::vector<Contents>& contents) {
  const std::unordered_set<Contents> used(contents.begin(), contents.end());
  std::erase_if(uploaded_, [&](const Contents& bytes) {
    const bool forget = used.contains(bytes);
    if (forget) uploaded_bytes_ -= bytes->size();
    return forget;
  });
}

Result<ViewPtr> Views::Build(const std::string& project, const std::string& digest,
                             const std::vector<ListedFile>& listing,
                             const std::vector<Contents>& contents) {
  std::vector<RevisionFile> files;
  files.reserve(listing.size());
  for (std::size_t i = 0; i < listing.size(); ++i)
    files.push_back(TRY(ParseRevisionFile(listing[i].path, *contents[i])));
  Result<void> asked;
  std::unordered_map<Id, std::size_t> stand_for;
  const StoredRevisions stored{[&](std::string_view name) -> std::optional<Id> {
                                 auto ids = objects_.IdsNamed(project, name);
                                 if (!ids) asked = std::move(ids).error();
                                 if (!ids || ids->empty()) return std::nullopt;
                                 stand_for[ids->front()] = ids->size();
                                 return ids->front();
                               },
                               nullptr};
  auto linked = Link(std::move(files), stored);
  TRY(std::move(asked));
  if (!linked) return Unexpected(std::move(linked).error());
  auto view = std::make_shared<View>();
  view->name = {project, digest, ""};
  view->warnings = WarningsOf(*linked);
  std::vector<RevisionPtr> revisions;
  for (LinkedRevision& one : *linked)
    revisions.push_back(std::make_shared<const LinkedRevision>(std::move(one)));
  const auto files_end = static_cast<std::ptrdiff_t>(revisions.size());
  TRY(AddStoredAncestors(stand_for, revisions));
  std::rotate(revisions.begin(), revisions.begin() + files_end,
              revisions.end());  // a name is its file's first
  view->catalog = TRY(Catalog::Of(revisions));
  return ViewPtr(std::move(view));
}

Result<void> Views::AddStoredAncestors(const std::unordered_map<Id, std::size_t>& stand_for,
                                       std::vector<RevisionPtr>& revisions) {
  std::unordered_set<Id> known;
  for (const RevisionPtr& revision : revisions) known.insert(revision->id);
  for (std::size_t i = 0; i < revisions.size(); ++i) {
    const RevisionPtr revision = revisions[i];
    for (const Id& id : LinksOf(revision->revision)) {
      if (!known.insert(id).second) continue;
      Revision stored = TRY(objects_.Get(id));
      const auto asked = stand_for.find(id);
      revisions.push_back(
          TRY(WithoutFile(id, std::move(stored), asked == stand_for.end() ? 1 : asked->second)));
    }
  }
  return {};
}

Result<ViewPtr> Views::OfRef(const ViewName& name) {
  const Ref ref = TRY(refs_.Resolve(name.project, name.ref));
  return OfHeads(name, ref.heads);
}

Result<ViewPtr> Views::OfHeads(const ViewName& name, const std::vector<Id>& heads) {
  auto view = std::make_shared<View>();
  view->name = name;
  view->catalog = Catalog::Stored(TRY(index_.Reaching(heads)), objects_);
  return ViewPtr(std::move(view));
}

Result<ViewPtr> Views::Find(const ViewName& name) {
  if (name.work_tree.empty()) return OfRef(name);
  const std::string key = name.project + "\n" + name.work_tree;
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.key == key; });
  if (found == kept_.end())
    return Error{Reason::kViewUnknown, "the daemon has not read this work tree yet"};
  kept_.splice(kept_.begin(), kept_, found);
  return kept_.front().view;
}

}  // namespace mig
