#include "cli/work_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include "cli/file.h"
#include "cli/work_tree_index.h"
#include "store/core/ascii.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".sql";

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

using Folder = std::unique_ptr<DIR, CloseFolder>;

struct Found {
  std::string path;
  int folder = -1;                      // its descriptor, while Listing has it
  std::size_t prefix = 0;               // bytes of `path` before the name in there
  std::optional<FileStamp> stamp = {};  // unset for what cannot be a revision file's

  const char* name() const { return path.c_str() + prefix; }
};

struct Listing {
  std::vector<Folder> folders;
  std::vector<Found> files;
  std::vector<std::string> missing_folders;
  std::vector<std::string> left_out;
};

bool IsRevisionFile(std::string_view name) {
  return name.size() > kSuffix.size() && name.ends_with(kSuffix) && name[0] != '.';
}

bool IsNearlyRevisionFile(std::string_view name) {
  return name.size() > kSuffix.size() && name[0] != '.' &&
         EqualsIgnoringCase(name.substr(name.size() - kSuffix.size()), kSuffix);
}

bool HoldsRevisionFiles(const fs::path& folder) {
  const Folder entries(::opendir(folder.c_str()));
  const dirent* entry = nullptr;
  while (entries != nullptr && (entry = ::readdir(entries.get())) != nullptr) {
    if (IsRevisionFile(entry->d_name)) return true;
  }
  return false;
}

Error CannotRead(const std::string& folder, const std::string& root, int code) {
  Error error{Reason::kFileUnreadable, "cannot read the migrations folder " + folder + " of " +
                                           root + ": " + std::strerror(code)};
  error.hint = "make it a folder that you may look into, or correct `migrations` in mig.toml";
  return error;
}

// `folder` and a slash, as files in it are called; nothing for the root itself.
std::string PrefixOf(const std::string& folder) {
  const std::string normal = (fs::path(folder) / "").lexically_normal().generic_string();
  return normal == "./" ? "" : normal;
}

Result<void> List(const std::string& root, const std::string& folder, Listing& listing) {
  const fs::path path = fs::path(root) / folder;
  Folder entries(::opendir(path.c_str()));
  if (entries == nullptr) {
    const int code = errno;
    struct stat dangling {};
    const bool missing = code == ENOENT && ::lstat(path.c_str(), &dangling) != 0;
    if (!missing) return CannotRead(folder, root, code);
    listing.missing_folders.push_back(folder);
    return {};
  }
  const std::string prefix = PrefixOf(folder);
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(entries.get());
    if (entry == nullptr && errno != 0) return CannotRead(folder, root, errno);
    if (entry == nullptr) break;
    if (!IsRevisionFile(entry->d_name)) {
      const bool is_folder = entry->d_type == DT_DIR && entry->d_name[0] != '.';
      if (is_folder ? HoldsRevisionFiles(path / entry->d_name)
                    : IsNearlyRevisionFile(entry->d_name))
        listing.left_out.push_back(prefix + entry->d_name + (is_folder ? "/" : ""));
      continue;
    }
    listing.files.push_back({prefix + entry->d_name, ::dirfd(entries.get()), prefix.size()});
  }
  listing.folders.push_back(std::move(entries));
  return {};
}

Result<Listing> ListAll(const Config& config) {
  Listing listing;
  for (const std::string& folder : config.migrations) TRY(List(config.root, folder, listing));
  for (const std::string& folder : config.migrations)
    std::erase(listing.left_out, PrefixOf(folder));
  std::ranges::sort(listing.left_out);
  return listing;
}

// Takes the stamps of files on a few threads: the kernel's part of that is most of the time of a
// command in a large work tree. Where the system gives no more threads, those that there are do it.
class Stamping {
 public:
  explicit Stamping(std::vector<Found>& files) : files_(files) {
    const std::size_t useful = std::min(files.size() / kFilesWorthAThread, kMostThreads);
    const std::size_t cores = std::max(std::thread::hardware_concurrency(), 1U);
    try {
      for (std::size_t i = 1; i < std::min(useful, cores); ++i)
        threads_.emplace_back([this] { Work(); });
    } catch (const std::system_error&) {
    }
  }
  ~Stamping() { Finish(); }
  Stamping(const Stamping&) = delete;

  // Takes part in what is left, and waits for the others.
  void Finish() {
    Work();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  static constexpr std::size_t kFilesWorthAThread = 500;
  static constexpr std::size_t kMostThreads = 4;
  static constexpr std::size_t kFilesAtOnce = 100;

  void Work() {
    while (true) {
      const std::size_t first = next_.fetch_add(kFilesAtOnce);
      if (first >= files_.size()) return;
      const std::size_t last = std::min(first + kFilesAtOnce, files_.size());
      for (std::size_t i = first; i < last; ++i) Take(files_[i]);
    }
  }

  static void Take(Found& file) {
    struct stat status {};
    if (::fstatat(file.folder, file.name(), &status, 0) == 0 && S_ISREG(status.st_mode))
      file.stamp = FileStamp::Of(status);
  }

  std::vector<Found>& files_;
  std::atomic<std::size_t> next_ = 0;
  std::vector<std::thread> threads_;
};

// Whether the files are exactly those of the index, and none was changed. Needs no order.
bool IsUnchanged(const std::vector<Found>& found, const WorkTreeIndex& index) {
  if (found.size() != index.files.size() || index.digest.empty()) return false;
  std::unordered_map<std::string_view, const IndexedFile*> indexed;
  indexed.reserve(index.files.size());
  for (const IndexedFile& file : index.files) indexed.emplace(file.path, &file);
  return std::ranges::all_of(found, [&](const Found& file) {
    const auto known = indexed.find(file.path);
    if (known == indexed.end()) return false;
    const IndexedFile& entry = *known->second;
    indexed.erase(known);  // a file that is listed twice stands for no other
    return file.stamp && index.Covers(entry, *file.stamp);
  });
}

void SortByPath(std::vector<Found>& found) {
  std::ranges::sort(found, {}, &Found::path);
  const auto repeated = std::ranges::unique(found, {}, &Found::path);
  found.erase(repeated.begin(), repeated.end());
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

std::vector<WorkTreeFile> FilesOf(std::vector<IndexedFile> indexed) {
  std::vector<WorkTreeFile> files;
  files.reserve(indexed.size());
  for (IndexedFile& file : indexed)
    files.push_back({std::move(file.path), std::move(file.sha256), file.stamp.size});
  return files;
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
  Listing listing = TRY(ListAll(config));
  std::vector<Found>& found = listing.files;
  Stamping stamping(found);
  WorkTreeIndex index = use == Index::kUse ? file.Read() : WorkTreeIndex();
  stamping.Finish();
  if (IsUnchanged(found, index)) {
    return WorkTree{FilesOf(std::move(index.files)), index.digest,
                    std::move(listing.missing_folders), std::move(listing.left_out)};
  }
  SortByPath(found);
  const std::vector<const IndexedFile*> matched = Match(found, index);
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
  std::vector<WorkTreeFile> files = FilesOf(fresh.files);
  fresh.digest = DigestOf(files);
  file.Write(fresh);
  return WorkTree{std::move(files), fresh.digest, std::move(listing.missing_folders),
                  std::move(listing.left_out)};
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
