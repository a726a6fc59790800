#include "store/backup.h"

#include <fmt/format.h>

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

// A folder's new content, until it gets its name. What is not kept is removed.
class Partial {
 public:
  static Result<std::unique_ptr<Partial>> At(const fs::path& path) {
    std::error_code failed;
    if (fs::exists(path, failed) && !fs::is_empty(path, failed)) return Occupied(path);
    auto partial = std::unique_ptr<Partial>(new Partial(path));
    fs::remove_all(partial->path_, failed);
    return partial;
  }
  ~Partial() {
    std::error_code ignored;
    if (!kept_) fs::remove_all(path_, ignored);
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

  const fs::path final_;
  const fs::path path_;
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
  CopiedStore copied = TRY(Checked(partial->path(), progress));
  TRY(partial->Keep());
  return copied;
}

}  // namespace mig
