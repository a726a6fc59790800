#include "cli/work_tree.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "cli/file.h"
#include "cli/work_tree_index.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".sql";

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

struct Found {
  std::string path;
  std::optional<FileStamp> stamp;  // unset for what cannot be a revision file's
};

bool IsRevisionFile(std::string_view name) {
  return name.size() > kSuffix.size() && name.ends_with(kSuffix) && name[0] != '.';
}

Error CannotRead(const std::string& folder, const std::string& root, int code) {
  Error error{Reason::kFileUnreadable, "cannot read the migrations folder " + folder + " of " +
                                           root + ": " + std::strerror(code)};
  error.hint = "make it, or correct `migrations` in mig.toml";
  return error;
}

// `folder` and a slash, as files in it are called; nothing for the root itself.
std::string PrefixOf(const std::string& folder) {
  const std::string normal = (fs::path(folder) / "").lexically_normal().generic_string();
  return normal == "./" ? "" : normal;
}

Result<std::vector<Found>> List(const std::string& root, const std::string& folder) {
  const std::unique_ptr<DIR, CloseFolder> entries(::opendir((fs::path(root) / folder).c_str()));
  if (entries == nullptr) return CannotRead(folder, root, errno);
  const std::string prefix = PrefixOf(folder);
  std::vector<Found> found;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(entries.get());
    if (entry == nullptr && errno != 0) return CannotRead(folder, root, errno);
    if (entry == nullptr) return found;
    if (!IsRevisionFile(entry->d_name)) continue;
    struct stat status {};
    const bool known = ::fstatat(::dirfd(entries.get()), entry->d_name, &status, 0) == 0 &&
                       S_ISREG(status.st_mode);
    found.push_back(
        {prefix + entry->d_name, known ? std::optional(FileStamp::Of(status)) : std::nullopt});
  }
}

Result<std::vector<Found>> ListAll(const Config& config) {
  std::vector<Found> found;
  for (const std::string& folder : config.migrations) {
    std::vector<Found> listed = TRY(List(config.root, folder));
    std::ranges::move(listed, std::back_inserter(found));
  }
  std::ranges::sort(found, {}, &Found::path);
  const auto repeated = std::ranges::unique(found, {}, &Found::path);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

// What the index knows of each file that was found; null where it has to be read. Both are sorted.
std::vector<const IndexedFile*> Match(const std::vector<Found>& found, const WorkTreeIndex& index) {
  std::vector<const IndexedFile*> matched(found.size(), nullptr);
  auto entry = index.files.begin();
  for (std::size_t i = 0; i < found.size(); ++i) {
    while (entry != index.files.end() && entry->path < found[i].path) ++entry;
    if (entry == index.files.end() || entry->path != found[i].path) continue;
    if (found[i].stamp && index.Covers(*entry, *found[i].stamp)) matched[i] = &*entry;
  }
  return matched;
}

WorkTree TreeOf(const WorkTreeIndex& index) {
  WorkTree tree;
  tree.digest = index.digest;
  tree.files.reserve(index.files.size());
  for (const IndexedFile& file : index.files)
    tree.files.push_back({file.path, file.sha256, file.stamp.size});
  return tree;
}

Result<IndexedFile> Hash(const Config& config, std::string path) {
  struct stat status {};
  const std::string bytes = TRY(ReadFile((fs::path(config.root) / path).string(), &status));
  FileStamp stamp = FileStamp::Of(status);
  // A file that grows while it is read has another stamp next time; its size here is what was read.
  stamp.size = static_cast<std::int64_t>(bytes.size());
  return IndexedFile{std::move(path), stamp, Hex(Sha256(bytes))};
}

}  // namespace

Result<WorkTree> ReadWorkTree(const Config& config, Index use) {
  WorkTreeIndexFile file(config.root);
  WorkTreeIndex index = use == Index::kUse ? file.Read() : WorkTreeIndex();
  std::vector<Found> found = TRY(ListAll(config));
  const std::vector<const IndexedFile*> matched = Match(found, index);
  const bool unchanged = std::ranges::find(matched, nullptr) == matched.end();
  if (unchanged && found.size() == index.files.size() && !index.digest.empty())
    return TreeOf(index);
  WorkTreeIndex fresh;
  fresh.begun = file.Begin().value_or(0);
  fresh.files.reserve(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (matched[i] != nullptr) {
      fresh.files.push_back(*matched[i]);
    } else {
      fresh.files.push_back(TRY(Hash(config, std::move(found[i].path))));
    }
  }
  WorkTree tree = TreeOf(fresh);
  fresh.digest = tree.digest = DigestOf(tree.files);
  file.Write(fresh);
  return tree;
}

Result<std::optional<std::string>> ReadListed(const Config& config, const WorkTreeFile& file) {
  std::string bytes = TRY(ReadFile((fs::path(config.root) / file.path).string()));
  if (Hex(Sha256(bytes)) != file.sha256) return std::optional<std::string>();
  return std::optional(std::move(bytes));
}

std::string DigestOf(const std::vector<WorkTreeFile>& files) {
  std::string listing;
  for (const WorkTreeFile& file : files) {
    listing.append(file.path).append(1, '\0').append(file.sha256).append("\n");
  }
  return Hex(Sha256(listing));
}

}  // namespace mig
