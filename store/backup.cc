#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "store/durable_file.h"
#include "store/seal.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

Error Occupied(const fs::path& path) {
  return {Reason::kFileExists,
          fmt::format("there is something at {}", path.string()),
          {{"path", path.string()}}};
}

// A folder's new content, until it gets its name: locked, so that a place has one at a time. What
// is not kept is removed.
class Partial {
 public:
  static Result<std::unique_ptr<Partial>> At(const fs::path& path) {
    const fs::path named = path.has_filename() ? path : path.parent_path();  // without a last slash
    std::error_code failed;
    if (fs::exists(named, failed) && !fs::is_empty(named, failed)) return Occupied(named);
    auto partial = std::unique_ptr<Partial>(new Partial(named));
    TRY(partial->Lock());
    TRY(partial->Empty());
    return partial;
  }
  ~Partial() {
    std::error_code ignored;
    if (locked_ && !kept_) fs::remove_all(path_, ignored);
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Partial(const Partial&) = delete;
  Partial& operator=(const Partial&) = delete;

  const fs::path& path() const { return path_; }

  // Gives it its name, durably. An empty folder of that name makes room.
  Result<void> Keep() {
    std::error_code failed;
    fs::remove(final_, failed);
    fs::rename(path_, final_, failed);
    if (failed) return FileError("make", final_, failed.value());
    kept_ = true;
    return SyncDirectory(final_.parent_path());
  }

 private:
  explicit Partial(const fs::path& path) : final_(path), path_(path.string() + ".partial") {}

  Result<void> Lock() {
    std::error_code failed;
    fs::create_directories(path_, failed);
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor_ < 0) return FileError("make", path_, errno);
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return Occupied(path_);
      return FileError("lock", path_, errno);
    }
    // Whoever had it may have given it its name since it was opened here.
    struct stat held = {}, there = {};
    if (::fstat(descriptor_, &held) != 0 || ::stat(path_.c_str(), &there) != 0 ||
        held.st_dev != there.st_dev || held.st_ino != there.st_ino) {
      return Occupied(final_);
    }
    locked_ = true;
    return {};
  }

  // Of what an interrupted call left.
  Result<void> Empty() {
    std::error_code failed;
    for (fs::directory_iterator at(path_, failed), end; at != end; at.increment(failed)) {
      fs::remove_all(at->path(), failed);
      if (failed) break;
    }
    if (failed) return FileError("remove what is in", path_, failed.value());
    return {};
  }

  const fs::path final_;
  const fs::path path_;
  int descriptor_ = -1;
  bool locked_ = false;
  bool kept_ = false;
};

Result<void> CopyFile(const fs::path& from, const fs::path& to) {
  std::error_code failed;
  fs::copy_file(from, to, failed);
  if (failed) return FileError("copy to", to, failed.value());
  DurableFile file = TRY(DurableFile::Open(to, DurableFile::Mode::kExisting));
  return file.Sync();
}

Result<void> CopyFolder(const fs::path& from, const fs::path& to) {
  std::error_code failed;
  fs::create_directories(to, failed);
  if (failed) return FileError("make", to, failed.value());
  for (fs::directory_iterator at(from, failed), end; at != end; at.increment(failed)) {
    if (at->is_regular_file(failed)) TRY(CopyFile(at->path(), to / at->path().filename()));
    if (failed) break;
  }
  if (failed) return FileError("read", from, failed.value());
  return SyncDirectory(to);
}

// Tokens are beside the store proper, and are part of what is served.
Result<void> CopyTokens(const fs::path& from, const fs::path& to) {
  std::error_code failed;
  if (!fs::exists(from / "TOKENS", failed)) return {};
  return CopyFile(from / "TOKENS", to / "TOKENS");
}

// Opens the store, which compares it with its seal, and reads all of it.
Result<CopiedStore> Checked(const fs::path& store, const CopyProgress& progress) {
  CopiedStore copied;
  const std::unique_ptr<RocksKv> kv = TRY(RocksKv::Open(store));
  TRY(kv->VerifyChecksums());
  std::int64_t findings = 0;
  Finding first;
  const CheckObserver observer = {[&](const Finding& finding) {
                                    if (++findings == 1) first = finding;
                                  },
                                  progress};
  copied.counts = TRY(CheckStore(*kv, observer));
  if (findings > 0) {
    return Error{Reason::kCorruption,
                 fmt::format("the store is not whole: {}{}", first.problem,
                             findings > 1 ? fmt::format(", and {} more", findings - 1) : ""),
                 {{"key", first.key}},
                 "`mig fsck` says what is wrong, and what to do"};
  }
  const Seal seal = TRY(Seal::Open(store / "SEAL"));
  copied.commit = seal.latest().commit;
  return copied;
}

}  // namespace

Result<CopiedStore> BackUpStore(RocksKv& kv, const fs::path& store, const fs::path& copy,
                                const CopyProgress& progress) {
  const std::unique_ptr<Partial> partial = TRY(Partial::At(copy));
  TRY(kv.CopyTo(partial->path()));
  TRY(CopyTokens(store, partial->path()));
  CopiedStore copied = TRY(Checked(partial->path(), progress));
  TRY(partial->Keep());
  return copied;
}

Result<CopiedStore> RestoreStore(const fs::path& copy, const fs::path& store,
                                 const CopyProgress& progress) {
  std::error_code failed;
  if (!fs::exists(copy / "FORMAT", failed)) {
    return Error{Reason::kInvalidArgument,
                 fmt::format("{} is no copy of a store: it has no file FORMAT", copy.string()),
                 {{"path", copy.string()}},
                 "give the folder that `mig backup` made"};
  }
  const std::unique_ptr<Partial> partial = TRY(Partial::At(store));
  TRY(CopyFolder(copy / "db", partial->path() / "db"));
  TRY(CopyFile(copy / "SEAL", partial->path() / "SEAL"));
  TRY(CopyTokens(copy, partial->path()));
  TRY(CopyFile(copy / "FORMAT", partial->path() / "FORMAT"));
  auto copied = Checked(partial->path(), progress);
  if (!copied) {
    Error error = std::move(copied).error();
    if (error.reason == Reason::kCorruption) error.hint = "this copy is damaged: take another one";
    return error;
  }
  TRY(partial->Keep());
  return copied;
}

}  // namespace mig
